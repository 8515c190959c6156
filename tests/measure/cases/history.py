"""Patients of family H: real trainings with the log that they left."""

import numpy as np

from cases.kit import Case, Head, Kit, Model, Problem
from cases.logs import LoggedCase
from cases.registry import patient
from cases.training import CONSOLE, logged, network


def _ready(
    kit: Kit, problem: Problem, optimizer: Model, layers: list[Model] | None = None, head: Head | None = None
) -> tuple[Model, Head]:
    head = kit.head(problem) if head is None else head
    layers = kit.hidden(depth=kit.whole(1, 3), narrowest=16, extras=False) if layers is None else layers
    model = network(kit, problem.x.shape[1], layers, problem.width, head.activation)
    model.compile(optimizer, head.loss, metrics=list(head.metrics) or None, steps_per_execution=20)
    return model, head


def _problem(kit: Kit, *tasks: str) -> Problem:
    return kit.problem(
        *(tasks or ("regression", "binary", "classes")), rows=kit.whole(300, 900), features=kit.whole(2, 12)
    )


@patient("H801", leads=False)
def on_the_line(kit: Kit) -> Case:
    """Layers without an activation, trained until nothing moves: the plateau is the line's loss."""
    problem = kit.regression(rows=kit.whole(150, 500), features=kit.whole(1, 5))
    layers = [kit.dense(kit.whole(4, 24)) for _ in range(kit.whole(1, 3))]
    model, head = _ready(kit, problem, kit.optimizer("Adam", 0.01), layers, Head(None, "mse", problem.y))
    epochs = kit.whole(60, 120)
    log, named = logged(kit, model, problem.x, head.y, epochs)
    return LoggedCase(model, problem.x, head.y, f"{epochs} epochs", log=log, named=named)


@patient("H802", aliases={"G607": "the same, tried on these rows"})
def not_finished(kit: Kit) -> Case:
    """An ordinary training of too few epochs."""
    problem = _problem(kit)
    name = kit.pick("Adam", "Adam", "SGD", "RMSprop")
    optimizer = kit.optimizer(name, 0.02 if name == "SGD" else kit.real(3e-4, 1e-3))
    model, head = _ready(kit, problem, optimizer)
    epochs = kit.whole(8, 15)
    held_out = kit.pick(0.0, 0.0, 0.2)
    log, named = logged(kit, model, problem.x, head.y, epochs, form="csv", held_out=held_out, batch=64)
    case = LoggedCase(
        model, problem.x, head.y, f"{problem.task}, {name}, {epochs} epochs, {held_out} held out", log=log, named=named
    )
    return kit.costs(case, problem)


@patient(
    "H803",
    aliases={
        "W301": "the weights are NaN, which is what the log shows",
        "G603": "the rate is why",
        "D703": "targets on a large scale are why",
        "D702": "inputs on a large scale are why",
    },
)
def thrown_out(kit: Kit) -> Case:
    """A rate, inputs or targets with which SGD or Adam blows up within the first epochs, or after a good beginning."""
    problem = kit.regression(rows=kit.whole(300, 800), features=kit.whole(3, 12))
    how = kit.pick("rate", "rate", "targets", "inputs", "later")
    x, y = problem.x, problem.y
    optimizer = kit.optimizer("SGD", kit.real(1.5, 8), momentum=0.9)
    if how == "targets":
        y, optimizer = (300 * y + 1000).astype(np.float32), kit.optimizer("SGD", 0.05)
    if how == "inputs":
        x, optimizer = kit.raw(x).astype(np.float32), kit.optimizer("SGD", 0.01)
    layers = kit.hidden(depth=kit.whole(2, 3), narrowest=16, activation="relu", extras=False)
    model, _ = _ready(kit, problem, optimizer, layers, Head(None, "mse", y))
    epochs = kit.whole(10, 25)
    callbacks = []
    if how == "later":
        turn = epochs // 2
        callbacks.append(kit.keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch < turn else 3.0 + epoch))
    log, named = logged(kit, model, x, y, epochs, *callbacks)
    return LoggedCase(model, x, y, f"{how}, {epochs} epochs", log=log, named=named)


@patient("H804", aliases={"G603": "the rate is why", "U401": "units that such steps have killed"})
def swinging(kit: Kit) -> Case:
    """A rate at which the loss neither blows up nor settles."""
    problem = kit.regression(rows=kit.whole(200, 600), features=kit.whole(2, 8))
    worst: tuple[float, Case | None] = (-1.0, None)
    for rate in (0.05, 0.1, 0.2, 0.4):
        layers = kit.hidden(depth=2, width=48, activation="relu", extras=False)
        model, head = _ready(kit, problem, kit.optimizer("Adam", rate), layers, Head(None, "mse", problem.y))
        log, named = logged(kit, model, problem.x, head.y, 40, batch=16, form="csv")
        losses = np.array([float(line.split(",")[1]) for line in log.splitlines()[1:]])
        if not np.isfinite(losses).all():
            continue
        swing = float(np.std(np.diff(np.log(losses[20:]))))
        high = np.median(losses[20:]) > 0.1  # near zero nobody minds
        swing = swing if high else 0.0
        if swing > worst[0]:
            words = f"Adam({rate}), swings of {swing:.2f}"
            worst = swing, LoggedCase(model, problem.x, head.y, words, log=log, named=named, leads=swing > 0.35)
    if worst[1] is None:
        raise ValueError("at every rate the loss became NaN")
    return worst[1]


@patient("H805")
def by_heart(kit: Kit) -> Case:
    """A wide network on few rows with much noise, trained far beyond its best epoch."""
    features, rows = kit.whole(5, 20), kit.whole(80, 250)
    if kit.chance(0.6):
        problem = kit.regression(rows=rows, features=features, noise=kit.real(0.4, 1.0))
    else:
        problem = kit.binary(rows=rows, features=features, flips=0.2)
    head = kit.head(problem)
    model, head = _ready(kit, problem, kit.optimizer("Adam", 0.003), kit.hidden(depth=2, width=96, extras=False), head)
    epochs = kit.pick(60, 100, 150)
    log, named = logged(kit, model, problem.x, head.y, epochs, held_out=kit.pick(0.2, 0.3))
    return LoggedCase(model, problem.x, head.y, f"{problem.task}, {rows} rows, {epochs} epochs", log=log, named=named)


@patient(
    "H806",
    aliases={
        "G604": "the rate is why",
        "W306": "the rate is why",
        "G605": "the conditioning is why",
        "G607": "the loss still falls, tried on these rows",
    },
)
def creeping(kit: Kit) -> Case:
    """A rate with a zero or two too many."""
    problem = _problem(kit)
    name = kit.pick("Adam", "Adam", "SGD", "RMSprop")
    rate = kit.real(1e-4, 1e-3) if name == "SGD" else kit.real(3e-6, 2e-5)
    model, head = _ready(kit, problem, kit.optimizer(name, rate))
    epochs = kit.whole(25, 60)
    log, named = logged(kit, model, problem.x, head.y, epochs)
    case = LoggedCase(
        model, problem.x, head.y, f"{problem.task}, {name}({rate:.1g}), {epochs} epochs", log=log, named=named
    )
    return kit.costs(case, problem)


@patient("H807", aliases={"G607": "the same, tried on these rows", "G604": "the rate is why it was too slow for it"})
def cut_off(kit: Kit) -> Case:
    """EarlyStopping with a min_delta that no epoch reaches, while the loss falls."""
    problem = _problem(kit)
    model, head = _ready(kit, problem, kit.optimizer("Adam", kit.real(2e-4, 8e-4)))
    delta, patience = kit.real(0.05, 0.3), kit.whole(3, 8)
    stop = kit.keras.callbacks.EarlyStopping(
        kit.pick("loss", "loss", "val_loss"), min_delta=delta, patience=patience, verbose=kit.pick(0, 1)
    )
    held_out = 0.2 if stop.monitor == "val_loss" else 0.0
    log, named = logged(kit, model, problem.x, head.y, 200, stop, form=CONSOLE, held_out=held_out, batch=64)
    words = f"{problem.task}, {stop.monitor}, min_delta {delta:.2g}, patience {patience}, {log.count('Epoch ')} lines"
    return kit.costs(LoggedCase(model, problem.x, head.y, words, log=log, named=named), problem)


@patient("H808", aliases={"W306": "the rate that is left"})
def out_of_breath(kit: Kit) -> Case:
    """ReduceLROnPlateau without patience, or a schedule that is over before the training is."""
    problem = _problem(kit)
    how = kit.pick("plateau", "schedule")
    model, head = _ready(kit, problem, kit.optimizer("Adam", kit.real(3e-4, 1e-3)))
    epochs = kit.whole(25, 50)
    if how == "plateau":
        callback = kit.keras.callbacks.ReduceLROnPlateau(
            "loss", factor=kit.pick(0.1, 0.2, 0.3), patience=kit.whole(1, 2), min_delta=kit.real(0.1, 0.5), min_lr=0
        )
    else:
        start, factor = kit.real(3e-4, 1e-3), kit.real(0.2, 0.6)
        callback = kit.keras.callbacks.LearningRateScheduler(lambda epoch: start * factor**epoch)
    log, named = logged(kit, model, problem.x, head.y, epochs, callback)
    case = LoggedCase(model, problem.x, head.y, f"{problem.task}, {how}, {epochs} epochs", log=log, named=named)
    return kit.costs(case, problem)
