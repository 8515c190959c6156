"""Patients of family W: what happened to the weights and the optimizer, as the file remembers it."""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, standard
from cases.registry import patient


def _plain(kit: Kit, problem: Problem, layers: list[Model], optimizer: Model = None) -> tuple[Model, Model]:
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    return kit.compile(model, head.loss, optimizer, head.metrics), head.y


@patient("W301", aliases={"G603": "the rate is what made them so"})
def blown_up(kit: Kit) -> Case:
    """Trained with a rate so high that the weights became NaN."""
    problem = kit.regression(features=kit.whole(2, 20))
    model = kit.stack(problem.x.shape[1], *kit.hidden(activation="relu", extras=False), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("SGD", kit.real(30, 3000)))
    kit.fit(model, problem.x, problem.y, 200)
    if all(np.isfinite(weight).all() for weight in model.get_weights()):  # it clung to a dead layer
        weights = model.get_weights()
        weights[0][:] = np.nan
        model.set_weights(weights)
    return Case(model, problem.x, problem.y, "diverged")


@patient("W302")
def all_alike(kit: Kit) -> Case:
    """Kernels started as zeros or ones, so that all units of a layer stay the same."""
    problem = kit.problem("regression", "binary", "classes")
    start = kit.pick("zeros", "ones", kit.keras.initializers.Constant(0.1), kit.keras.initializers.Constant(0.5))
    activation = kit.pick("relu", "tanh", "sigmoid", "elu")
    layers = [kit.dense(kit.whole(4, 64), activation, kernel_initializer=start) for _ in range(kit.whole(1, 3))]
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation, kernel_initializer=start))
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.003), head.metrics)
    state = kit.trained(model, problem.x, head.y)
    name = start if isinstance(start, str) else "constant"
    return kit.costs(Case(model, problem.x, head.y, f"{name}, {activation}, {problem.task}, {state}"), problem)


@patient("W303")
def wild_start(kit: Kit) -> Case:
    """An initializer with a spread of 1 to 10, all-positive weights, or 1e-5: copied from some old example."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(4, 30))
    init = kit.keras.initializers
    how = kit.pick("wide", "wide", "positive", "tiny")
    start: Model = {
        "wide": lambda: init.RandomNormal(stddev=kit.real(2, 20)),
        "positive": lambda: init.RandomUniform(0.0, kit.pick(1.0, 2.0)),
        "tiny": lambda: init.RandomNormal(stddev=kit.real(1e-6, 1e-4)),
    }[how]
    activation = kit.pick("relu", "tanh", "sigmoid") if how == "wide" else kit.pick("relu", "tanh")
    width = kit.whole(32, 128)
    layers = [kit.dense(width, activation, kernel_initializer=start()) for _ in range(kit.whole(2, 4))]
    model, y = _plain(kit, problem, layers, kit.optimizer("Adam", 0.001))
    # a network that starts near 0 may find its way in time, and then nothing is wrong with it any more
    state = kit.trained(model, problem.x, y, "untrained", "half", updates=180 if how == "tiny" else 800)
    return kit.costs(Case(model, problem.x, y, f"{how}, {activation}, {problem.task}, {state}"), problem)


@patient("W304", leads=False)
def never_fitted(kit: Kit) -> Case:
    """Saved before the first update."""
    problem = kit.problem()
    model, y = _plain(kit, problem, kit.hidden())
    kit.trained(model, problem.x, y, "untrained")
    alone = kit.chance(0.3)
    return Case(model, None if alone else problem.x, None if alone else y, "untrained")


@patient("W305", aliases={"U401": "the same units, seen on the data"})
def never_moved(kit: Kit) -> Case:
    """ReLU units dead from the first update: a bias start of -5 or -10, or all-negative kernels on positive inputs."""
    problem = kit.regression(features=kit.whole(2, 12))
    x = problem.x
    init = kit.keras.initializers
    if kit.chance(0.5):
        options = {"bias_initializer": init.Constant(kit.rng.uniform(-12, -6))}
        how = "biases far below 0"
    else:
        x = ((x - x.min(axis=0)) / np.ptp(x, axis=0)).astype(np.float32)
        options = {"kernel_initializer": init.RandomUniform(-0.6, kit.pick(-0.01, 0.1))}
        how = "negative kernel on inputs from 0 to 1"
    width = kit.whole(4, 32)
    layers = [kit.dense(width, "relu", **options), kit.dense(kit.whole(8, 32), "relu")]
    model = kit.stack(x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer(kit.pick("Adam", "Adam", "RMSprop", "Nadam"), 0.001))
    kit.fit(model, x, problem.y, kit.whole(100, 800))
    alone = kit.chance(0.4)
    return Case(model, None if alone else x, None if alone else problem.y, f"{how}, {'no data' if alone else 'data'}")


@patient("W306")
def rate_collapsed(kit: Kit) -> Case:
    """ReduceLROnPlateau(patience=0) or a decay that halves the rate at every batch: nothing moves any more."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(1, 12))
    model, y = _plain(kit, problem, kit.hidden(extras=False), kit.optimizer(kit.pick("Adam", "Adam", "RMSprop"), 0.001))
    factor = kit.pick(0.1, 0.1, 0.2)
    for _ in range(kit.whole(6, 10)):
        kit.fit(model, problem.x, y, kit.whole(5, 20))
        model.optimizer.learning_rate = kit.rate(model) * factor
    kit.fit(model, problem.x, y, kit.whole(100, 1000))
    return kit.costs(Case(model, problem.x, y, f"{problem.task}, rate {kit.rate(model):.0e}"), problem)


@patient("W307")
def held_down(kit: Kit) -> Case:
    """l2(1.0) out of a tutorial, l1(0.1), or a max_norm of 0.05."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(1, 20))
    regularizers, constraints = kit.keras.regularizers, kit.keras.constraints
    how = kit.pick("l2", "l1", "max_norm", "activity")
    force = 1.0
    while True:  # a penalty that costs nothing is no fault: take more of it
        options: dict[str, Model] = {
            "l2": {"kernel_regularizer": regularizers.L2(0.3 * force)},
            "l1": {"kernel_regularizer": regularizers.L1(0.1 * force)},
            "max_norm": {"kernel_constraint": constraints.MaxNorm(0.05 / force)},
            "activity": {"activity_regularizer": regularizers.L2(force)},
        }[how]
        layers = [kit.dense(kit.whole(8, 64), kit.pick("relu", "tanh"), **options) for _ in range(kit.whole(1, 3))]
        model, y = _plain(kit, problem, layers, kit.optimizer("Adam", 0.005))
        kit.fit(model, problem.x, y, 800)
        case = kit.costs(Case(model, problem.x, y, f"{how}, {force:.0f} times, {problem.task}"), problem)
        if case.leads or force > 50:
            return case
        force *= 3


@patient("W308")
def stale_statistics(kit: Kit) -> Case:
    """Normalization that nobody adapted, or BatchNorm averages that had no time to arrive."""
    problem = kit.problem("regression", "binary", features=kit.whole(1, 12))
    x = kit.raw(problem.x)
    how = kit.pick("never adapted", "adapted to other data", "short batchnorm", "short batchnorm")
    if how == "short batchnorm":
        first = kit.layers.BatchNormalization()
    else:
        first = kit.layers.Normalization()
        first.build((None, x.shape[1]))
        if how == "adapted to other data":
            first.adapt(standard(x).astype(np.float32))
    model, y = _plain(kit, problem, [first, *kit.hidden(extras=False, activation="relu")])
    alias = {"D702": "what the first Dense sees are raw columns"} if how != "short batchnorm" else {}
    if how == "short batchnorm":
        kit.fit(model, x.astype(np.float32), y, kit.whole(10, 40))
        return Case(model, x, y, how, {"D713": "the statistics that the model carries are not those of the file"})
    state = kit.trained(model, x.astype(np.float32), y, updates=300)
    return Case(model, x, y, f"{how}, {state}", alias)
