"""Patients of the rules on floors and units that the others lead to."""

import numpy as np

from cases.kit import Case, Kit, standard
from cases.registry import patient


@patient(
    "L501",
    aliases={
        "U403": "the units are all in one linear piece: that is why it is a line",
        "G607": "it was stopped early: that is why it is still a line",
        "G604": "at such a rate it would take long to leave the line",
    },
)
def still_a_line(kit: Kit) -> Case:
    """A nonlinear network that has learned the line in the data and nothing else so far: SGD, stopped early."""
    problem = kit.regression(features=kit.whole(2, 10), bend=kit.rng.uniform(0.2, 0.5), noise=0.05)
    activation = kit.pick("tanh", "elu", "relu", "gelu")
    model = kit.stack(
        problem.x.shape[1], *kit.hidden(depth=kit.whole(1, 2), activation=activation, extras=False), kit.dense(1)
    )
    kit.compile(model, "mse", kit.optimizer("SGD", kit.real(0.001, 0.004), momentum=0.0))
    design = np.column_stack([np.ones(len(problem.x)), problem.x])
    line = float(np.square(problem.y - design @ np.linalg.lstsq(design, problem.y, rcond=None)[0]).mean())
    updates = 0
    while updates < 4000:
        kit.fit(model, problem.x, problem.y, 20)
        updates += 20
        if np.square(model.predict(problem.x, batch_size=4096, verbose=0) - problem.y).mean() < 1.02 * line:
            break
    return Case(model, problem.x, problem.y, f"{activation}, SGD, {updates} updates")


@patient("L502")
def shuffled_labels(kit: Kit) -> Case:
    """Trained on targets that a generator had shuffled apart from their rows: it answers the mean."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 12))
    head = kit.head(problem)
    model = kit.stack(
        problem.x.shape[1], *kit.hidden(extras=False, width=16), kit.dense(problem.width, head.activation)
    )
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.001), head.metrics)
    rows = len(problem.x)
    order = [np.concatenate([kit.rng.permutation(rows) for _ in range(64_000 // rows + 1)]) for _ in "xy"]
    kit.fit(model, problem.x[order[0]], head.y[order[1]], 1000, 64)
    return Case(model, problem.x, head.y, f"{problem.task}, labels shuffled in training")


@patient("L503")
def same_rows_other_answers(kit: Kit) -> Case:
    """Few categories or ratings as features: rows alike with different targets, and a model that has done its best."""
    rows, features = kit.whole(400, 3000), kit.whole(1, 3)
    x = standard(kit.rng.integers(0, kit.whole(3, 6), (rows, features)).astype(float)).astype(np.float32)
    y = standard(kit.teacher(x, 1, 0.5) + kit.rng.uniform(0.5, 1.2) * kit.rng.normal(size=(rows, 1)))
    binary = kit.chance(0.4)
    y = (y > 0).astype(np.float32) if binary else y.astype(np.float32)
    model = kit.stack(
        features, *kit.hidden(extras=False, depth=2, width=32), kit.dense(1, "sigmoid" if binary else None)
    )
    kit.compile(model, "binary_crossentropy" if binary else "mse")
    kit.fit_well(model, x, y, 800)
    return Case(model, x, y, "binary" if binary else "regression", leads=False)


@patient("L505")
def few_kinks(kit: Kit) -> Case:
    """A sine of one to three periods for two or three ReLU units."""
    x = kit.rng.uniform(-1, 1, (kit.whole(100, 1500), 1)).astype(np.float32)
    periods = kit.rng.uniform(1.2, 2.5)
    y = (np.sin(2 * np.pi * periods * x) + 0.03 * kit.rng.normal(size=x.shape)).astype(np.float32)
    units = kit.whole(2, 3)
    model = kit.stack(1, kit.dense(units, "relu"), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.01))
    state = kit.trained(model, x, y, updates=1000)
    return Case(model, x, y, f"{units} units, {periods:.1f} periods, {state}")


@patient("U401", aliases={"W305": "the same units, seen in the optimizer's memory"})
def killed(kit: Kit) -> Case:
    """ReLU units that a few steps at a huge rate threw below zero for good."""
    problem = kit.regression(features=kit.whole(1, 10))
    x = problem.x
    layers = [kit.dense(kit.whole(4, 32), "relu") for _ in range(kit.whole(1, 3))]
    model = kit.stack(x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.005))
    kit.fit(model, x, problem.y, 20)
    for layer in layers[: kit.whole(1, len(layers))]:
        kernel, bias = layer.get_weights()
        gone = kit.rng.uniform(size=len(bias)) < kit.rng.uniform(0.5, 1.0)
        gone[0] = True
        bias[gone] = -kit.real(10, 60)
        layer.set_weights([kernel, bias])
    kit.fit(model, x, problem.y, 1200)  # what is left of the network has learned what it can
    return Case(model, x, problem.y, "dead")


@patient("U402", aliases={"W303": "it is the size of the weights that saturates them"})
def stuck_flat(kit: Kit) -> Case:
    """tanh and sigmoid units driven onto their flat parts by a rate that was far too high."""
    problem = kit.regression(features=kit.whole(2, 12))
    activation = kit.pick("tanh", "sigmoid")
    layers = [kit.dense(kit.whole(8, 64), activation) for _ in range(kit.whole(1, 3))]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", kit.real(2, 10)))
    kit.fit(model, problem.x, problem.y, 100)
    model.optimizer.learning_rate = 0.001
    kit.fit(model, problem.x, problem.y, 200)
    return Case(model, problem.x, problem.y, activation)


@patient(
    "U403",
    aliases={
        "U401": "half of the units are off on all rows, the other half on: the same fact",
        "D702": "columns that lie far from 0 for their spread are why no unit bends",
    },
)
def one_piece(kit: Kit) -> Case:
    """Years and pressures divided by their largest value: all rows lie close together, and no ReLU bends among them."""
    features = kit.whole(1, 4)
    x = kit.inputs(kit.whole(100, 1500), features)
    y = (kit.teacher(x, 1, 0.6) + 0.05 * kit.rng.normal(size=(len(x), 1))).astype(np.float32)
    raw = x + kit.rng.uniform(15, 60, features)
    x = (raw / raw.max(axis=0)).astype(np.float32)
    layers = kit.hidden(activation="relu", extras=False, depth=kit.whole(1, 2))
    model = kit.stack(features, *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.001))
    if kit.chance(0.2):
        return Case(model, x, y, "untrained", leads=False)
    design = np.column_stack([np.ones(len(x)), x])
    updates, most = 0, kit.whole(300, 1000)
    while updates < most:
        kept = model.get_weights()
        kit.fit(model, x, y, 100)
        said = model.predict(x, batch_size=4096, verbose=0)
        beside = said - design @ np.linalg.lstsq(design, said, rcond=None)[0]
        if beside.var() > 1e-4 * said.var():  # the first kink has come in: one step back
            model.set_weights(kept)
            break
        updates += 100
    return Case(model, x, y, f"{features} features, {updates} updates")
