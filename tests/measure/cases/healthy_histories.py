"""Trainings without a fault, with the log that they left: whatever is called an error or a warning is a false alarm."""

import math

from cases.kit import Case, Kit, Model, Problem
from cases.logs import LoggedCase
from cases.registry import well
from cases.training import CONSOLE, logged, network


def _well(
    kit: Kit, problem: Problem, epochs: int, *callbacks: Model, rate: float = 0.005, held_out: float = 0.0
) -> Case:
    head = kit.head(problem)
    layers = kit.hidden(depth=kit.whole(1, 2), width=kit.whole(32, 64), narrowest=24, activation="relu", extras=False)
    model = network(kit, problem.x.shape[1], layers, problem.width, head.activation)
    model.compile(kit.optimizer("Adam", rate), head.loss, metrics=list(head.metrics) or None, steps_per_execution=20)
    log, named = logged(kit, model, problem.x, head.y, epochs, *callbacks, held_out=held_out)
    return LoggedCase(model, problem.x, head.y, f"{problem.task}, {epochs} epochs", log=log, named=named)


def _easy(kit: Kit, rows: int = 1500) -> Problem:
    features = kit.whole(2, 6)
    if kit.chance(0.5):
        return kit.regression(rows=rows, features=features, noise=kit.real(0.2, 0.4))
    return kit.binary(rows=rows, features=features, flips=0.05)


def _cosine(start: float, epochs: int) -> Model:
    return lambda epoch: start * (0.001 + 0.999 * 0.5 * (1 + math.cos(math.pi * epoch / epochs)))


@well(keras_2=False)
def log_of_cosine(kit: Kit) -> Case:
    """A cosine schedule that ended well."""
    epochs = kit.whole(25, 50)
    return _well(kit, _easy(kit), epochs, kit.keras.callbacks.LearningRateScheduler(_cosine(0.005, epochs)))


@well(keras_2=False)
def log_of_plateaus(kit: Kit) -> Case:
    """ReduceLROnPlateau with patience."""
    callback = kit.keras.callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=5, min_lr=1e-5)
    return _well(kit, _easy(kit), 60, callback)


@well()
def log_of_early_stop(kit: Kit) -> Case:
    """EarlyStopping with patience, and the best weights put back."""
    stop = kit.keras.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True, verbose=kit.pick(0, 1))
    return _well(kit, _easy(kit), 100, stop, rate=0.002, held_out=0.2)


@well()
def log_of_fixed_rate(kit: Kit) -> Case:
    """A fixed rate, until nothing more comes of it."""
    return _well(kit, _easy(kit), kit.whole(40, 70), rate=0.001, held_out=kit.pick(0.0, 0.2))


@well()
def log_of_few_epochs(kit: Kit) -> Case:
    """Many rows, and five epochs are enough."""
    return _well(kit, _easy(kit, 12000), kit.whole(3, 6), rate=0.003, held_out=kit.pick(0.0, 0.1))


@well(keras_2=False)
def log_of_two_runs(kit: Kit) -> Case:
    """Trained twice, the second time from where the first ended, at a lower rate; both runs in one log."""
    problem = _easy(kit)
    head = kit.head(problem)
    layers = kit.hidden(depth=2, width=48, narrowest=24, activation="relu", extras=False)
    model = network(kit, problem.x.shape[1], layers, problem.width, head.activation)
    model.compile(kit.optimizer("Adam", 0.005), head.loss, steps_per_execution=20)
    first, named = logged(kit, model, problem.x, head.y, 25, form=CONSOLE)
    model.optimizer.learning_rate = 0.0005
    second, _ = logged(kit, model, problem.x, head.y, 20, form=CONSOLE)
    return LoggedCase(model, problem.x, head.y, f"{problem.task}, 25 and 20 epochs", log=first + second, named=named)
