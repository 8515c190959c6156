"""Patients of family G whose steps are too short, too few, cut short, or lead nowhere."""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, standard
from cases.registry import patient


def _stacked(kit: Kit, problem: Problem, layers: list[Model], optimizer: Model) -> tuple[Model, Model]:
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    return kit.compile(model, head.loss, optimizer, head.metrics), head.y


@patient(
    "G601",
    aliases={
        "A107": "it is these layers in which the gradient vanishes",
        "W303": "it is the size of the weights that makes it vanish",
    },
)
def faded(kit: Kit) -> Case:
    """A dozen layers or more whose weights or slopes take a piece off the gradient, one after the other."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 20))
    how = kit.pick("sigmoid", "relu", "tanh", "softsign")
    init = kit.keras.initializers
    depth = {"sigmoid": kit.whole(6, 12), "relu": kit.whole(24, 40), "tanh": kit.whole(12, 20)}.get(
        how, kit.whole(8, 14)
    )
    width = kit.whole(12, 48)
    start: Model = {
        "sigmoid": "glorot_uniform",
        "relu": "glorot_uniform",
        "tanh": init.RandomNormal(stddev=0.35 / np.sqrt(width)),
        "softsign": init.RandomNormal(stddev=0.3 / np.sqrt(width)),
    }[how]
    layers = [kit.dense(width, how, kernel_initializer=start) for _ in range(depth)]
    optimizer = kit.optimizer("SGD", 0.01) if kit.chance(0.6) else kit.optimizer("Adam", 1e-3)
    model, y = _stacked(kit, problem, layers, optimizer)
    # Adam finds its way out of some of these in time, and then nothing is wrong any more
    state = kit.trained(model, problem.x, y, "untrained", "half", "half", updates=120 if how != "sigmoid" else 600)
    words = f"{depth} {how} layers, {optimizer.__class__.__name__}, {problem.task}, {state}"
    return kit.costs(Case(model, problem.x, y, words), problem)


@patient("G602", aliases={"W303": "it is the size of the weights that makes it explode"})
def swollen(kit: Kit) -> Case:
    """Ten layers or more without normalisation whose weights are two or three times the usual size."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(4, 20))
    init = kit.keras.initializers
    activation = kit.pick("relu", "elu", "relu", "swish")
    depth, width = kit.whole(10, 16), kit.whole(24, 64)
    start = init.RandomNormal(stddev=kit.real(2.2, 4) * np.sqrt(2 / width))
    layers = [kit.dense(width, activation, kernel_initializer=start) for _ in range(depth)]
    model, y = _stacked(kit, problem, layers, kit.optimizer("Adam", 1e-4))
    state = kit.trained(model, problem.x, y, "untrained", "half", updates=300)
    return kit.costs(Case(model, problem.x, y, f"{depth} {activation} layers, {problem.task}, {state}"), problem)


@patient("G604", aliases={"W306": "the same, where the rate moves nothing at all"})
def tiptoe(kit: Kit) -> Case:
    """A rate with a zero or three too many: Adam(1e-5), SGD(1e-4)."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(1, 20))
    name = kit.pick("Adam", "Adam", "SGD", "SGD", "RMSprop", "AdamW", "Nadam")
    rate = kit.real(1e-5, 3e-4) if name == "SGD" else kit.real(1e-6, 2e-5)
    model, y = _stacked(kit, problem, kit.hidden(extras=False), kit.optimizer(name, rate))
    updates = kit.whole(200, 2000)
    kit.fit(model, problem.x, y, updates)
    return kit.costs(Case(model, problem.x, y, f"{problem.task}, {name}({rate:.1g}), {updates} updates"), problem)


@patient(
    "G606",
    aliases={
        "U402": "units stuck on their flat part are why it is a minimum",
        "U401": "dead units are why it is a minimum",
        "L505": "more units are the other way out of it",
        "W303": "weights that have grown so far that units are flat are why it is a minimum",
        "U403": "units that bend outside of the data are why it is a minimum",
    },
)
def trapped(kit: Kit) -> Case:
    """A small network in a local minimum from which the same network, started again, stays clear."""
    x = kit.rng.uniform(-1, 1, (kit.whole(150, 400), 2)).astype(np.float32)
    ring = np.cos(kit.rng.uniform(4.0, 5.5) * np.hypot(x[:, :1], x[:, 1:]))
    y = kit.pick(np.sign(x[:, :1] * x[:, 1:]), ring) + 0.02 * kit.rng.normal(size=(len(x), 1))
    y = standard(y).astype(np.float32)
    units, activation = kit.whole(3, 4), kit.pick("tanh", "sigmoid", "tanh")
    losses: list[float] = []
    worst = None
    for _ in range(8):
        model = kit.stack(2, kit.dense(units, activation), kit.dense(1))
        kit.compile(model, "mse", kit.optimizer("Adam", 0.05))
        kit.fit_well(model, x, y, 1600, len(x))
        model.optimizer.learning_rate = 0.001
        kit.fit(model, x, y, 400, len(x))
        losses.append(float(np.square(model.predict(x, batch_size=4096, verbose=0) - y).mean()))
        worst = model if losses[-1] == max(losses) else worst
        if max(losses) > 1.5 * min(losses) and max(losses) - min(losses) > 0.2:
            break
    leads = max(losses) > 1.5 * min(losses) and max(losses) - min(losses) > 0.2
    words = f"{units} {activation}, loss {max(losses):.3f}, another start {min(losses):.3f}"
    return Case(worst, x, y, words, leads=leads)


@patient("G607")
def broken_off(kit: Kit) -> Case:
    """An ordinary network at an ordinary rate after a tenth of the updates that it takes."""
    problem = kit.problem(features=kit.whole(2, 20))
    name = kit.pick("Adam", "Adam", "Adam", "SGD", "RMSprop", "AdamW")
    optimizer = kit.optimizer(name, 0.05) if name == "SGD" else kit.optimizer(name, kit.pick(0.001, 0.001, 0.002))
    model, y = _stacked(kit, problem, kit.hidden(), optimizer)
    updates = kit.whole(10, 60)
    kit.fit(model, problem.x, y, updates)
    return kit.costs(Case(model, problem.x, y, f"{problem.task}, {name}, {updates} updates"), problem)


@patient("G608")
def on_a_short_leash(kit: Kit) -> Case:
    """Clipping at a thousandth of the gradient that is there: clipnorm=0.001, clipvalue=1e-4, with SGD."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 20))
    how = kit.pick("clipnorm", "clipvalue", "global_clipnorm")
    limit = kit.real(1e-5, 2e-4) if how == "clipvalue" else kit.real(3e-4, 5e-3)
    options = {how: limit, "momentum": kit.pick(0.0, 0.9)}
    model, y = _stacked(kit, problem, kit.hidden(extras=False), kit.optimizer("SGD", kit.pick(0.01, 0.05), **options))
    updates = kit.whole(100, 600)
    kit.fit(model, problem.x, y, updates)
    return kit.costs(Case(model, problem.x, y, f"{problem.task}, {how}={limit:.0e}, {updates} updates"), problem)
