"""Faults as people report them: not one thing put into a clean setting, but what forum posts and public files hold."""

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table, one_hot, standard
from cases.registry import report

TOO_SHORT = {
    "G604": "so few updates at so small a rate: either of the two would do",
    "G607": "so few updates at so small a rate: either of the two would do",
}
FAR_BELOW = 0.3
"""What a fault has to cost, in skill, to be one: drawn again until it does."""
DRAWS = 8


def _regression(kit: Kit, **sizes: int) -> Problem:
    return kit.regression(noise=kit.real(0.02, 0.1), **sizes)


def _network(kit: Kit, problem: Problem, optimizer: Model, loss: Model = "mse", end: str | None = None) -> Model:
    layers = [kit.dense(kit.whole(16, 64), kit.pick("relu", "tanh")) for _ in range(kit.whole(1, 2))]
    return kit.compile(kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, end)), loss, optimizer)


@report(
    "W306",
    aliases={"G604": "the rate in force is too low, however it came to be"},
    never=("L507", "G607"),
)
def schedule_that_fell_too_fast(kit: Kit) -> Case:
    """A schedule that has taken the rate to next to nothing long before the loss was down."""
    problem = _regression(kit, features=kit.whole(2, 12))
    rates = kit.keras.optimizers.schedules
    start, made = kit.real(5e-4, 3e-3), 20 * kit.whole(15, 40)
    how = kit.pick("inverse", "exponential", "pieces", "polynomial", "cosine")
    schedule = {
        "inverse": lambda: rates.InverseTimeDecay(start, 1, kit.real(1, 5)),
        "exponential": lambda: rates.ExponentialDecay(start, kit.whole(3, 8), 0.5),
        "pieces": lambda: rates.PiecewiseConstantDecay([10, 20], [start, start / 30, start / 1000]),
        "polynomial": lambda: rates.PolynomialDecay(start, made // 15, start / 1000),
        "cosine": lambda: rates.CosineDecay(start, made // 15, alpha=1e-3),
    }[how]()
    model = _network(kit, problem, kit.keras.optimizers.Adam(schedule))
    kit.fit(model, problem.x, problem.y, made)
    return Case(model, problem.x, problem.y, f"{how} from {start:.1g}, {made} updates")


@report(
    "G603",
    aliases={
        "U401": "the units that the steps have killed",
        "U402": "the units that the steps have saturated",
    },
    never=("W303",),
)
def weights_that_a_rate_has_grown(kit: Kit) -> Case:
    """Adam at 0.3 to 1: kernels many times larger than drawn, and nothing learned."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12))
    head = kit.head(problem)
    for _ in range(DRAWS):
        layers = [kit.dense(kit.whole(16, 64), kit.pick("tanh", "relu", "elu")) for _ in range(kit.whole(2, 3))]
        rate = kit.real(0.3, 1.5)
        model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
        kit.compile(model, head.loss, kit.optimizer("Adam", rate), head.metrics)
        kit.fit(model, problem.x, head.y, 400)
        skill = kit.skill(model, problem.x, problem.y, problem.task)
        if skill < 1 - 2 * FAR_BELOW:
            break
    return Case(model, problem.x, head.y, f"Adam at {rate:.2g}, {problem.task}, skill {skill:.2f}")


@report("G607", aliases=TOO_SHORT | {"H802": "the same"}, never=("U403", "U404", "L507"))
def sigmoids_that_have_hardly_begun(kit: Kit) -> Case:
    """One or two layers of sigmoids and plain descent, stopped while the loss is still near the constant's."""
    problem = _regression(kit, features=kit.whole(2, 8))
    layers = [kit.dense(kit.whole(16, 48), "sigmoid") for _ in range(kit.whole(1, 2))]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("SGD", kit.real(0.003, 0.03), momentum=0.0))
    kit.fit(model, problem.x, problem.y, updates := 20 * kit.whole(2, 6))
    return Case(model, problem.x, problem.y, f"{len(layers)} of sigmoids, {updates} updates")


@report("G607", aliases=TOO_SHORT | {"D703": "the targets are far larger than what it starts from"}, never=("U401",))
def logarithms_broken_off(kit: Kit) -> Case:
    """MSLE, stopped after a few epochs of a loss that fell at each of them."""
    problem = _regression(kit, features=kit.whole(3, 30))
    y = np.asarray(np.exp(kit.real(0.5, 1.5) * problem.y + kit.real(1, 3)), dtype=np.float32)
    model = _network(kit, problem, kit.optimizer("Adam", 0.001), "mean_squared_logarithmic_error")
    kit.fit(model, problem.x, y, updates := 20 * kit.whole(1, 4))
    return Case(model, problem.x, y, f"{updates} updates")


@report(
    "L508",
    aliases={
        "O207": "a loss for labels, and targets that are none",
        "G607": "the little that is left may be learned by more updates",
        "L504": "the little that is left is beside the best affine fit",
    },
    never=("U401", "U402", "U404"),
    leads=False,
)
def labels_that_are_shares(kit: Kit) -> Case:
    """Uniform numbers as targets of a binary cross-entropy: most of the loss is their own entropy."""
    rows, width = kit.whole(300, 2000), kit.whole(4, 20)
    x = kit.rng.uniform(size=(rows, width)).astype(np.float32)
    model = kit.stack(width, kit.dense(2 * width, "relu"), kit.dense(width, "sigmoid"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.005))
    kit.fit(model, x, x, 20 * kit.whole(10, 40))
    return Case(model, x, x, f"{width} columns")


@report("D703", aliases={"A101": "no layer bends"}, never=("U401", "L507"))
def targets_of_far_sizes(kit: Kit) -> Case:
    """Two targets in one Dense(2), one of them tens of thousands of times larger."""
    problem = kit.regression(outputs=2, features=kit.whole(2, 12), noise=0.05)
    large = kit.real(5000, 50000)
    y = problem.y * [kit.real(0.1, 1), large] + [0.5, 3 * large]
    model = _network(kit, problem, kit.optimizer("Adam", 0.001), kit.pick("mae", "mse"))
    kit.fit(model, problem.x, y.astype(np.float32), 600)
    return Case(model, problem.x, y, f"1 to {large:.0f}")


@report("D703", aliases=TOO_SHORT, never=("L507", "U401", "U403"))
def dollars_after_five_epochs(kit: Kit) -> Case:
    """Prices in the hundreds of thousands, Adam at 0.001, five epochs."""
    problem = _regression(kit, rows=kit.whole(400, 2000), features=kit.whole(3, 12))
    y = np.asarray(problem.y * kit.real(5e4, 2e5) + kit.real(3e5, 6e5), dtype=np.float32)
    model = _network(kit, problem, kit.optimizer("Adam", 0.001))
    kit.fit(model, problem.x, y, 5 * len(y) // 32)
    return Case(model, problem.x, y, "dollars")


@report("D714", aliases={"L505": "too few units for so many bends"}, never=("L507",))
def waves_on_a_grid(kit: Kit) -> Case:
    """A sine of whole numbers or of an even grid, many waves of it, and a small network."""
    rows, waves = kit.whole(60, 300), kit.whole(8, 16)
    x = np.arange(rows, dtype=np.float32)
    if kit.chance(0.5):
        x = standard(x[:, None])[:, 0].astype(np.float32)
    y = np.sin(2 * np.pi * waves * np.arange(rows) / rows).astype(np.float32)[:, None]
    layers = [kit.dense(kit.whole(16, 48), kit.pick("tanh", "relu"))]
    model = kit.stack(1, *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.01))
    kit.fit(model, x[:, None], y, 1000)
    return Case(model, x[:, None], y, f"{waves} waves on {rows} rows", aliases=_raw(x))


def _raw(x: Table) -> dict[str, str]:
    return {"D702": "whole numbers up to hundreds, as they are"} if np.abs(x).max() > 5 else {}


@report("U404", aliases={"L502": "no better than a constant"}, never=("L507",), keras_2=False)
def broadcast_by_a_custom_loss(kit: Kit) -> Case:
    """A loss of one's own in which (n,) minus (n, 1) makes (n, n): the mean is all that such a loss asks for."""
    problem = _regression(kit, features=kit.whole(2, 12))
    ops = kit.keras.ops

    def squared_error(true: Model, answered: Model) -> Model:
        return ops.mean(ops.square(ops.reshape(true, (-1,)) - answered))

    model = _network(kit, problem, kit.optimizer("Adam", 0.003), squared_error)
    kit.fit(model, problem.x, problem.y, 600)
    return Case(model, problem.x, problem.y, "(n,) against (n, 1)")


@report("O207", aliases={"O202": "the same cell, seen from the output"}, keras_2=False)
def squares_on_class_numbers(kit: Kit) -> Case:
    """One number answered for one of several classes, with accuracy as the metric."""
    problem = kit.classes(count=kit.whole(3, 8), features=kit.whole(2, 12))
    layers = [kit.dense(kit.whole(16, 64), "relu") for _ in range(2)]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.003), ["accuracy"])
    kit.fit(model, problem.x, problem.y, 1000)
    return Case(model, problem.x, problem.y, f"{problem.width} classes")


@report("O206", aliases={"O201": "the one unit is a softmax", "O205": "labels that the units cannot mean"})
def fewer_units_than_columns(kit: Kit) -> Case:
    """Five columns of targets, and one unit."""
    problem = kit.classes(count=kit.whole(3, 6), features=kit.whole(2, 12))
    y = one_hot(problem.y, problem.width)
    layers = [kit.dense(kit.whole(16, 64), "relu")]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(1, end := kit.pick("softmax", "sigmoid")))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.003))
    kit.fit(model, problem.x, y[:, :1], 200)
    return Case(model, problem.x, y, f"{problem.width} columns, {end}")


@report("D712", leads=False)
def number_of_the_row(kit: Kit) -> Case:
    """A table sorted by its answer, the number of the row among the features: known on these rows, nowhere else."""
    rows, features = kit.whole(300, 1500), kit.whole(2, 8)
    y = np.sort((kit.rng.uniform(size=rows) < kit.real(0.2, 0.5)).astype(np.float32))
    x = np.column_stack([np.arange(1, rows + 1), kit.rng.normal(size=(rows, features)) + 0.3 * y[:, None]])
    x = x.astype(np.float32)
    normal = kit.layers.Normalization()
    normal.adapt(x)
    model = kit.stack(features + 1, normal, kit.dense(32, "relu"), kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.01))
    kit.fit_well(model, x, y[:, None])
    return Case(model, x, y, f"{rows} rows")


@report("O205", never=("G603", "U401"))
def classes_counted_from_three(kit: Kit) -> Case:
    """Ratings from 3 to 8 into six softmax units."""
    problem = kit.classes(count=kit.whole(4, 8), features=kit.whole(2, 12))
    first = kit.whole(2, 5)
    model = kit.stack(problem.x.shape[1], kit.dense(32, "relu"), kit.dense(problem.width, "softmax"))
    kit.compile(model, "sparse_categorical_crossentropy", kit.optimizer("Adam", 0.003))
    kit.fit(model, problem.x, problem.y, 20)
    return Case(model, problem.x, problem.y + first, f"{problem.width} classes from {first}")


@report("W301", aliases={"G603": "the rate is what made them so", "D702": "the raw columns are what made them so"})
def not_a_number_among_other_faults(kit: Kit) -> Case:
    """Weights that are NaN in a network that has no activation either, on raw columns."""
    problem = kit.regression(features=kit.whole(2, 12))
    x = kit.raw(problem.x).astype(np.float32)
    layers = [kit.dense(kit.whole(8, 64)) for _ in range(kit.whole(1, 3))]
    model = kit.stack(x.shape[1], *layers, kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("SGD", 0.01, momentum=0.0))
    kit.fit(model, x, problem.y, 200)
    return Case(model, x, problem.y, f"{len(layers)} linear layers, raw")


@report("D710", leads=False, never=("U401", "L507", "G607"))
def known_by_heart(kit: Kit) -> Case:
    """A wide network on few rows of noise and little signal, trained to next to nothing."""
    rows, features = kit.whole(60, 200), kit.whole(8, 30)
    x = kit.inputs(rows, features)
    y = standard(0.5 * x[:, :1] + kit.rng.normal(size=(rows, 1))).astype(np.float32)
    model = kit.stack(features, kit.dense(128, "relu"), kit.dense(128, "relu"), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.003))
    kit.fit_well(model, x, y, 2500)
    return Case(model, x, y, f"{rows} rows, {features} features")


@report("G607", aliases=TOO_SHORT, never=("L507", "U401", "U403"))
def large_batches_few_updates(kit: Kit) -> Case:
    """Forty epochs that sound like many, in batches of 512: too few updates by far."""
    problem = kit.regression(rows=kit.whole(1500, 4000), features=kit.whole(4, 12), bend=0.8, noise=0.1)
    model = _network(kit, problem, kit.optimizer("Adam", kit.pick(3e-4, 1e-3)))
    epochs = kit.whole(5, 20)
    kit.fit(model, problem.x, problem.y, max(20, epochs * len(problem.x) // 512 // 20 * 20), batch=512)
    return Case(model, problem.x, problem.y, f"{epochs} epochs of batches of 512")
