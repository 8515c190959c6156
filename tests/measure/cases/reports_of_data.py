"""Faults as people report them, about data, targets and labels."""

import numpy as np

from cases.kit import Case, Kit, Table, one_hot, standard
from cases.registry import report
from cases.reports import TOO_SHORT, _adaptive, _body, _network, _regression_of

FEW = 0.1
"""Share of wrong answers at which a fault has cost something: where one number for all classes does, it is a note."""


@report(
    "L508",
    aliases={
        "O207": "a loss for labels, and targets that are none",
        "G607": "the little that is left may be learned by more updates",
        "L504": "the little that is left is beside the best affine fit",
    },
    never=("U401", "U402", "U404"),
    leads=False,
    says="cannot be removed",
)
def labels_that_are_shares(kit: Kit) -> Case:
    """Shares as targets of a binary cross-entropy: most of the loss is their own entropy."""
    rows, width = kit.whole(300, 2000), kit.whole(4, 20)
    x = kit.rng.uniform(size=(rows, width)).astype(np.float32)
    columns = width if kit.chance(0.5) else kit.whole(1, 4)
    y = x if columns == width else (1 / (1 + np.exp(-kit.teacher(standard(x), columns, 0.3)))).astype(np.float32)
    model = kit.stack(
        width, *[kit.dense(2 * width, "relu") for _ in range(kit.whole(1, 2))], kit.dense(columns, "sigmoid")
    )
    kit.compile(model, "binary_crossentropy", _adaptive(kit, kit.real(0.002, 0.008)))
    kit.fit(model, x, y, updates := 20 * kit.whole(10, 40))
    return Case(model, x, y, f"{width} columns, {columns} targets, {updates} updates")


@report("D703", aliases={"A101": "no layer bends"}, never=("U401", "L507", "W303"))
def targets_of_far_sizes(kit: Kit) -> Case:
    """Two to four targets in one Dense, one of them tens of thousands of times larger."""
    outputs = kit.whole(2, 4)
    problem = kit.regression(outputs=outputs, features=kit.whole(2, 12), noise=0.05)
    large = kit.real(5000, 50000)
    scales, at = np.array([kit.real(0.1, 1) for _ in range(outputs)]), kit.rng.integers(outputs)
    centres = np.full(outputs, 0.5)
    scales[at], centres[at] = large, 3 * large
    model = _network(kit, problem, _adaptive(kit, 0.001), kit.pick("mae", "mse"))
    kit.fit(model, problem.x, y := (problem.y * scales + centres).astype(np.float32), 600)
    return Case(model, problem.x, y, f"1 to {large:.0f}, {outputs} targets")


@report("D703", aliases=TOO_SHORT | {"O209": "the same, of its bias"}, never=("L507", "U401", "U403", "W303"))
def dollars_after_five_epochs(kit: Kit) -> Case:
    """Prices in the hundreds of thousands, Adam at 0.001, three to ten epochs."""
    problem = _regression_of(kit, rows=kit.whole(400, 2000), features=kit.whole(3, 12))
    y = np.asarray(problem.y * kit.real(5e4, 2e5) + kit.real(3e5, 6e5), dtype=np.float32)
    model = _network(kit, problem, _adaptive(kit, 0.001), kit.pick("mse", "mse", "mae"))
    kit.fit(model, problem.x, y, max(20, kit.whole(3, 10) * len(y) // 32 // 20 * 20))
    return Case(model, problem.x, y, f"dollars, {len(y)} rows")


def _raw(x: Table) -> dict[str, str]:
    if np.abs(x).max() <= 5:
        return {}
    return {"D702": "whole numbers up to hundreds, as they are", "U401": "the units that such numbers have killed"}


@report("D714", aliases={"L505": "too few units for so many bends"}, never=("L507",))
def waves_on_a_grid(kit: Kit) -> Case:
    """A sine of whole numbers or of an even grid, many waves of it, and a small network."""
    rows, waves = kit.whole(60, 300), kit.whole(8, 16)
    x = np.arange(rows, dtype=np.float32)
    how = kit.pick("whole numbers", "standard", "from 0 to 1")
    if how == "standard":
        x = standard(x[:, None])[:, 0].astype(np.float32)
    elif how == "from 0 to 1":
        x = (x / rows).astype(np.float32)
    phase, second = kit.rng.uniform(0, 6), kit.pick(0.0, 0.0, 0.3)
    turn = 2 * np.pi * waves * np.arange(rows) / rows + phase
    y = (np.sin(turn) + second * np.cos(turn / 2)).astype(np.float32)[:, None]
    model = kit.stack(1, *_body(kit, "tanh", "relu", "elu", deepest=2), kit.dense(1))
    kit.compile(model, "mse", _adaptive(kit, kit.real(0.003, 0.01)))
    kit.fit(model, x[:, None], y, 1000)
    return Case(model, x[:, None], y, f"{waves} waves on {rows} rows, {how}", aliases=_raw(x))


@report("O207", aliases={"O202": "the same cell, seen from the output"}, keras_2=False)
def squares_on_class_numbers(kit: Kit) -> Case:
    """One number answered for one of several classes, with accuracy as the metric."""
    problem = kit.classes(count=kit.whole(3, 8), features=kit.whole(2, 12))
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mse", "mae", "huber"), _adaptive(kit, 0.003), ["accuracy"])
    kit.fit(model, problem.x, problem.y, 20 * kit.whole(20, 50))
    wrong = float((np.round(model.predict(problem.x, verbose=0)[:, 0]) != problem.y).mean())
    words = f"{problem.width} classes, {model.loss}, {wrong:.0%} wrong"
    return Case(model, problem.x, problem.y, words, leads=wrong > FEW)


@report("O206", aliases={"O201": "the one unit is a softmax", "O205": "labels that the units cannot mean"})
def fewer_units_than_columns(kit: Kit) -> Case:
    """Several columns of targets, and one or two units."""
    problem = kit.classes(count=kit.whole(4, 7), features=kit.whole(2, 12))
    y = one_hot(problem.y, problem.width)
    units, end = kit.pick(1, 1, 2), kit.pick("softmax", "sigmoid")
    model = kit.stack(problem.x.shape[1], *_body(kit, deepest=2), kit.dense(units, end))
    kit.compile(model, "binary_crossentropy", _adaptive(kit, 0.003))
    kit.fit(model, problem.x, y[:, :units], 200)
    return Case(model, problem.x, y, f"{problem.width} columns, {units} of {end}")


@report("D712", leads=False)
def number_of_the_row(kit: Kit) -> Case:
    """A table sorted by its answer, the number of the row among the features: known on these rows, nowhere else."""
    rows, features = kit.whole(300, 1500), kit.whole(2, 8)
    y = np.sort((kit.rng.uniform(size=rows) < kit.real(0.2, 0.5)).astype(np.float32))
    x = np.column_stack(
        [
            np.arange(rows) + kit.pick(0, 1, 1, 1000),
            kit.rng.normal(size=(rows, features)) + kit.real(0.1, 0.5) * y[:, None],
        ]
    )
    x = x.astype(np.float32)
    normal = kit.layers.Normalization()
    normal.adapt(x)
    model = kit.stack(features + 1, normal, *_body(kit, deepest=2), kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", _adaptive(kit, 0.01))
    kit.fit_well(model, x, y[:, None])
    return Case(model, x, y, f"{rows} rows")


@report("O205", never=("G603", "U401", "O206"))
def classes_counted_from_three(kit: Kit) -> Case:
    """Ratings from 3 to 8 into six softmax units."""
    problem = kit.classes(count=kit.whole(4, 8), features=kit.whole(2, 12))
    first = kit.whole(1, 5)
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(problem.width, "softmax"))
    kit.compile(model, "sparse_categorical_crossentropy", _adaptive(kit, 0.003), ["accuracy"])
    kit.fit(model, problem.x, problem.y, 20 * kit.whole(1, 20))
    return Case(model, problem.x, problem.y + first, f"{problem.width} classes from {first}")


@report("L507", aliases={"D703": "the targets are large, too"}, never=("W303", "U401", "U404", "L503"))
def nothing_in_the_columns(kit: Kit) -> Case:
    """Targets that the features do not tell, of any size: tomorrow's returns, a column joined wrongly."""
    rows, features = kit.whole(600, 3000), kit.whole(2, 12)
    x, y = kit.inputs(rows, features), kit.rng.normal(size=(rows, 1))
    size = kit.real(0.3, 30)  # far smaller ones are thrown about by any usual rate: two faults
    model = kit.stack(features, *_body(kit, deepest=2), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mse", "mae"), _adaptive(kit, kit.real(5e-4, 2e-3)))
    y = (y * size + size * kit.real(0.1, 2)).astype(np.float32)
    kit.fit(model, x, y, updates := 20 * kit.whole(20, 40))
    return Case(model, x, y, f"spread {size:.2g}, {rows} rows, {updates} updates")


@report("G607", aliases=TOO_SHORT, never=("L503", "L507", "U401"))
def conflicts_that_cost_little(kit: Kit) -> Case:
    """A few rows twice with other answers, and a training that stopped early: the rows are not why."""
    problem = kit.regression(rows=kit.whole(400, 2000), features=kit.whole(2, 10), noise=0.03)
    x, y = problem.x.copy(), problem.y.copy()
    few = kit.whole(5, len(x) // 50)
    x[:few], y[:few] = x[few : 2 * few], y[few : 2 * few] + kit.real(0.3, 1)
    model = _network(kit, problem, _adaptive(kit, kit.real(2e-4, 1e-3)))
    kit.fit(model, x, y, updates := 20 * kit.whole(2, 6))
    return Case(model, x, y, f"{few} of {len(x)} rows, {updates} updates")


@report(
    "L501",
    aliases={
        "L504": "beside the best affine fit",
        "G607": "more updates would bring it nearer",
        "G604": "a higher rate would bring it nearer",
        "D703": "the targets are far larger than what it starts from",
        "D702": "the columns are raw",
        "G605": "the columns are raw",
    },
    leads=False,
    never=("U401", "L507", "L505"),
    says="exactly linear",
)
def line_without_noise(kit: Kit) -> Case:
    """y = a x + b without noise, and a network of ReLUs that is not there yet."""
    rows, features = kit.whole(50, 1500), kit.whole(1, 6)
    x = kit.inputs(rows, features).astype(np.float64) * kit.pick(1.0, 1.0, 10.0)
    y = np.round(x @ kit.rng.normal(size=(features, 1)) * kit.real(1, 5) + kit.rng.normal(), 9)
    model = kit.stack(features, *_body(kit, "relu", "tanh", "sigmoid"), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mse", "mae"), _adaptive(kit, kit.real(3e-4, 2e-3)))
    kit.fit(model, x.astype(np.float32), y.astype(np.float32), updates := 20 * kit.whole(2, 20))
    return Case(model, x, y, f"{rows} rows, {features} features, {updates} updates")


@report("D704", leads=False, never=("U401", "L507"))
def columns_clipped_to_a_constant(kit: Kit) -> Case:
    """Columns in their own units, clipped to 0 and 1: most are 1 in every row, and what they told is lost."""
    problem = kit.problem("regression", "binary", features=kit.whole(4, 14), rows=kit.whole(300, 2000))
    head, features = kit.head(problem), problem.x.shape[1]
    inside = kit.rng.permutation(features)[: max(2, features // 3)]
    x = 6 + problem.x * kit.real(0.5, 1.0)
    x[:, inside] = 0.5 + problem.x[:, inside] * kit.real(0.3, 0.6)
    x = np.clip(x, 0, 1).astype(np.float32)
    model = kit.stack(features, *_body(kit, "relu", "tanh"), kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, _adaptive(kit, 0.003), head.metrics)
    kit.fit(model, x, head.y, 600)
    return Case(model, x, head.y, f"{problem.task}, {features - len(inside)} of {features} columns")
