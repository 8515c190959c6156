"""Faults as people report them: rates, too little training, weights, losses of their own, rows learned by heart.

Not one thing put into a clean setting, but what forum posts and public files hold. Those about data and labels are in
``reports_of_data``.
"""

from dataclasses import replace

import numpy as np

from cases.kit import Case, Kit, Model, Problem, Table, standard
from cases.logs import LoggedCase
from cases.registry import report
from cases.training import logged

TOO_SHORT = {
    "G604": "so few updates at so small a rate: either of the two would do",
    "G607": "so few updates at so small a rate: either of the two would do",
    "H802": "the same, read from the log",
}
FAR_BELOW = 0.3
"""What a fault has to cost, in skill, to be one: drawn again until it does."""
DRAWS = 8
APART, SEED = 0.3, 11
"""Share of the rows that are kept aside, and the seed that chooses them."""


def _regression_of(kit: Kit, **sizes: int) -> Problem:
    """Little noise; sizes as they come."""
    return kit.regression(noise=kit.real(0.02, 0.1), **sizes)


def _body(kit: Kit, *activations: str, deepest: int = 3) -> list[Model]:
    """One to three hidden layers of 16 to 64 units, of one width or each half of the one before."""
    width, activation, tapers = kit.whole(16, 64), kit.pick(*(activations or ("relu", "tanh", "elu"))), kit.chance(0.4)
    widths = [max(12, width >> layer) if tapers else width for layer in range(kit.whole(1, deepest))]
    return [kit.dense(units, activation) for units in widths]


def _network(kit: Kit, problem: Problem, optimizer: Model, loss: Model = "mse", end: str | None = None) -> Model:
    """A body and an end, compiled."""
    return kit.compile(kit.stack(problem.x.shape[1], *_body(kit), kit.dense(problem.width, end)), loss, optimizer)


def _adaptive(kit: Kit, rate: Model) -> Model:
    """One of the optimizers that people take with Adam's rates."""
    return kit.optimizer(kit.pick("Adam", "Adam", "RMSprop", "Nadam", "AdamW"), rate)


def _in_words(problem: Problem, updates: int) -> str:
    return f"{problem.task}, {len(problem.x)} rows, {updates} updates"


@report(
    "W306",
    aliases={"G604": "the rate in force is too low, however it came to be"},
    never=("L507", "G607"),
)
def schedule_that_fell_too_fast(kit: Kit) -> Case:
    """A schedule that has taken the rate to next to nothing long before the loss was down."""
    problem = kit.problem("regression", "regression", "binary", features=kit.whole(2, 12))
    rates, head = kit.keras.optimizers.schedules, kit.head(problem)
    start, made = kit.real(5e-4, 3e-3), 20 * kit.whole(15, 40)
    how = kit.pick("inverse", "exponential", "pieces", "polynomial", "cosine")
    schedule = {
        "inverse": lambda: rates.InverseTimeDecay(start, 1, kit.real(1, 5)),
        "exponential": lambda: rates.ExponentialDecay(start, kit.whole(3, 8), 0.5),
        "pieces": lambda: rates.PiecewiseConstantDecay([10, 20], [start, start / 30, start / 1000]),
        "polynomial": lambda: rates.PolynomialDecay(start, made // 15, start / 1000),
        "cosine": lambda: rates.CosineDecay(start, made // 15, alpha=1e-3),
    }[how]()
    end = kit.dense(problem.width, head.activation)
    model = kit.compile(kit.stack(problem.x.shape[1], *_body(kit), end), head.loss, _adaptive(kit, schedule))
    kit.fit(model, problem.x, head.y, made)
    return Case(model, problem.x, head.y, f"{how} from {start:.1g}, {_in_words(problem, made)}")


@report("G604", aliases={"G607": "so few updates at so small a rate"}, never=("W306", "L507", "U401", "L504"))
def rate_that_was_always_tiny(kit: Kit) -> Case:
    """A rate a thousandth of a usual one from the first update on, as from a search that ended at its edge."""
    problem = kit.problem("regression", "regression", "binary", "classes", features=kit.whole(2, 12))
    head, updates = kit.head(problem), 20 * kit.whole(15, 60)
    plain = kit.chance(0.3)
    rate = kit.real(3e-6, 3e-5) if plain else kit.real(3e-7, 3e-6)
    optimizer = kit.optimizer("SGD", rate, momentum=0.0) if plain else _adaptive(kit, rate)
    end = kit.dense(problem.width, head.activation)
    model = kit.compile(kit.stack(problem.x.shape[1], *_body(kit), end), head.loss, optimizer)
    kit.fit(model, problem.x, head.y, updates)
    return Case(
        model, problem.x, head.y, f"{'SGD' if plain else 'adaptive'} at {rate:.1g}, {_in_words(problem, updates)}"
    )


@report(
    "G603",
    aliases={
        "U401": "the units that the steps have killed",
        "U402": "the units that the steps have saturated",
    },
    never=("W303",),
)
def weights_that_a_rate_has_grown(kit: Kit) -> Case:
    """Adam and its kin at 0.3 to 1.5: kernels many times larger than drawn, and nothing learned."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 12))
    head, name, updates = kit.head(problem), kit.pick("Adam", "Adam", "Nadam", "RMSprop"), 20 * kit.whole(10, 40)
    for _ in range(DRAWS):
        layers = [kit.dense(kit.whole(16, 64), kit.pick("tanh", "relu", "elu")) for _ in range(kit.whole(2, 3))]
        rate = kit.real(0.3, 1.5)
        model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
        kit.compile(model, head.loss, kit.optimizer(name, rate), head.metrics)
        kit.fit(model, problem.x, head.y, updates)
        skill = kit.skill(model, problem.x, problem.y, problem.task)
        if skill < 1 - 2 * FAR_BELOW:
            break
    words = f"{name} at {rate:.2g}, {_in_words(problem, updates)}, skill {skill:.2f}"
    return Case(model, problem.x, head.y, words)


@report("W303", aliases={"U402": "the units that such weights saturate"}, never=("G603", "L507", "G604"))
def weights_drawn_far_too_large(kit: Kit) -> Case:
    """A spread of 2 to 10 in every kernel, hardly trained at an ordinary rate: drawn so, and not grown."""
    problem = kit.problem("regression", "binary", features=kit.whole(4, 20))
    head, activation, width = kit.head(problem), kit.pick("tanh", "sigmoid", "relu"), kit.whole(32, 96)
    start = kit.keras.initializers.RandomNormal(stddev=kit.real(2, 10))
    layers = [kit.dense(width, activation, kernel_initializer=start) for _ in range(kit.whole(2, 3))]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("Adam", kit.real(3e-4, 2e-3)), head.metrics)
    kit.fit(model, problem.x, head.y, updates := 20 * kit.whole(2, 10))
    return kit.costs(Case(model, problem.x, head.y, f"{activation}, {_in_words(problem, updates)}"), problem)


@report("G607", aliases=TOO_SHORT, never=("U403", "U404", "L507"))
def sigmoids_that_have_hardly_begun(kit: Kit) -> Case:
    """One or two layers of sigmoids and plain descent, stopped while the loss is still near the constant's."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 8))
    layers = [kit.dense(kit.whole(16, 48), "sigmoid") for _ in range(kit.whole(1, 2))]
    end, loss = (
        ("sigmoid", "binary_crossentropy") if problem.task == "binary" else (None, kit.pick("mse", "mse", "mae"))
    )
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(1, end))
    kit.compile(model, loss, kit.optimizer("SGD", kit.real(0.003, 0.03), momentum=kit.pick(0.0, 0.0, 0.5)))
    kit.fit(model, problem.x, problem.y, updates := 20 * kit.whole(2, 6), batch=kit.pick(16, 32, 64))
    return Case(model, problem.x, problem.y, f"{len(layers)} of sigmoids, {_in_words(problem, updates)}")


@report("G607", aliases=TOO_SHORT, never=("U403", "U404", "L507", "L502"))
def rare_class_that_starts_slowly(kit: Kit) -> Case:
    """Three to twelve per cent of ones, and a training that stopped where all are still taken for zeros."""
    x = kit.inputs(kit.whole(1000, 4000), kit.whole(2, 10))
    score = kit.teacher(x, 1, 0.4)
    y = (score > np.quantile(score, 1 - kit.real(0.03, 0.12))).astype(np.float32)
    plain = kit.chance(0.5)
    rate = kit.real(0.01, 0.05) if plain else kit.real(1e-4, 4e-4)
    optimizer = kit.optimizer("SGD", rate, momentum=0.0) if plain else _adaptive(kit, rate)
    model = kit.stack(x.shape[1], *_body(kit, "relu", "tanh", "sigmoid", deepest=2), kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", optimizer, ["accuracy"])
    kit.fit(model, x, y, updates := 20 * kit.whole(3, 12))
    return Case(model, x, y, f"{y.mean():.0%} of {len(x)} rows, {'SGD' if plain else 'adaptive'}, {updates} updates")


@report(
    "G607",
    aliases=TOO_SHORT
    | {"D703": "the targets are far larger than what it starts from", "O209": "the same, of its bias"},
    never=("U401",),
)
def logarithms_broken_off(kit: Kit) -> Case:
    """MSLE, stopped after a few epochs of a loss that fell at each of them."""
    problem = _regression_of(kit, features=kit.whole(3, 30))
    y = np.asarray(np.exp(kit.real(0.5, 1.5) * problem.y + kit.real(1, 3)), dtype=np.float32)
    model = _network(kit, problem, _adaptive(kit, kit.real(5e-4, 2e-3)), "mean_squared_logarithmic_error")
    kit.fit(model, problem.x, y, updates := 20 * kit.whole(1, 4), batch=kit.pick(16, 32, 64))
    return Case(model, problem.x, y, _in_words(problem, updates))


@report(
    "G607",
    aliases=TOO_SHORT
    | {"D703": "the targets are far larger than what it starts from", "O209": "the same, of its bias"},
    never=("U401", "U403", "L507"),
)
def other_losses_broken_off(kit: Kit) -> Case:
    """Counts, relative errors, log-cosh, a quantity above zero: stopped after a few epochs."""
    problem = _regression_of(kit, features=kit.whole(2, 15))
    loss = kit.pick("poisson", "mean_absolute_percentage_error", "log_cosh", "huber")
    y = problem.y
    if loss == "poisson":
        y = kit.rng.poisson(np.exp(0.7 * problem.y + kit.real(0.5, 1.5))).astype(np.float32)
    elif loss == "mean_absolute_percentage_error":
        y = np.exp(0.5 * problem.y + kit.real(0.3, 1.5)).astype(np.float32)
    end = kit.pick("exponential", "softplus") if loss == "poisson" else None
    model = _network(kit, problem, _adaptive(kit, kit.real(2e-4, 1e-3)), loss, end)
    kit.fit(model, problem.x, y, updates := 20 * kit.whole(1, 4))
    return Case(model, problem.x, y, f"{loss}, {_in_words(problem, updates)}")


@report("G607", aliases=TOO_SHORT, never=("L507", "U401", "U403"))
def large_batches_few_updates(kit: Kit) -> Case:
    """Forty epochs that sound like many, in batches of 256 to 1024: too few updates by far."""
    problem = kit.regression(rows=kit.whole(1500, 4000), features=kit.whole(4, 12), bend=0.8, noise=kit.real(0.05, 0.2))
    model = _network(kit, problem, _adaptive(kit, kit.pick(3e-4, 1e-3)), kit.pick("mse", "mse", "mae"))
    epochs, batch = kit.whole(5, 20), kit.pick(256, 512, 512, 1024)
    updates = max(20, epochs * len(problem.x) // batch // 20 * 20)
    kit.fit(model, problem.x, problem.y, updates, batch=batch)
    return Case(model, problem.x, problem.y, f"{epochs} epochs of batches of {batch}, {_in_words(problem, updates)}")


@report("G607", aliases=TOO_SHORT, never=("L507", "U401", "U403", "L506", "D715"))
def table_mostly_unseen(kit: Kit) -> Case:
    """A large table of which training stopped before it had come to the end."""
    problem = kit.problem("regression", "binary", "classes", rows=kit.whole(8000, 16000), features=kit.whole(4, 20))
    head = kit.head(problem)
    end = kit.dense(problem.width, head.activation)
    model = kit.stack(problem.x.shape[1], *_body(kit), end)
    kit.compile(model, head.loss, _adaptive(kit, kit.real(2e-4, 1e-3)), head.metrics)
    kit.fit(model, problem.x, head.y, updates := 20 * kit.whole(2, 5))
    return Case(model, problem.x, head.y, _in_words(problem, updates))


@report("G607", aliases=TOO_SHORT, never=("L507", "U401", "W305", "U403"))
def dead_units_that_cost_little(kit: Kit) -> Case:
    """A tenth to four tenths of the ReLUs dead, the others quite enough: it is more training that helps."""
    problem = _regression_of(kit, features=kit.whole(2, 12))
    units = kit.whole(40, 96)
    first = kit.dense(units, "relu")
    layers = [first, *([kit.dense(kit.whole(24, 64), "relu")] if kit.chance(0.5) else [])]
    model = kit.compile(
        kit.stack(problem.x.shape[1], *layers, kit.dense(1)), "mse", _adaptive(kit, kit.real(3e-4, 1e-3))
    )
    kernel, bias = first.get_weights()
    dead = kit.whole(units // 10, units * 4 // 10)
    bias[:dead] = -kit.real(10, 40)
    first.set_weights([kernel, bias])
    kit.fit(model, problem.x, problem.y, updates := 20 * kit.whole(1, 3))
    return Case(model, problem.x, problem.y, f"{dead} of {units} dead, {_in_words(problem, updates)}")


def _mixed_up(kit: Kit, name: str) -> Model:
    """A loss that means a difference of rows to be one of (n,) and (n, 1): it is of (n, n)."""
    ops = kit.keras.ops
    size = {"squares": ops.square, "amounts": ops.abs}[name]

    def own_loss(true: Model, answered: Model) -> Model:
        return ops.mean(size(ops.reshape(true, (-1,)) - answered))

    return own_loss


def _broadcast(kit: Kit) -> tuple[Model, Problem, str]:
    problem = _regression_of(kit, features=kit.whole(2, 12))
    name = kit.pick("squares", "squares", "amounts")
    model = _network(kit, problem, _adaptive(kit, kit.real(1e-3, 5e-3)), _mixed_up(kit, name))
    return model, replace(problem, y=(problem.y * kit.real(0.3, 30)).astype(np.float32)), name


@report("U404", aliases={"L502": "no better than a constant"}, never=("L507", "U401", "W305"), keras_2=False)
def broadcast_by_a_custom_loss(kit: Kit) -> Case:
    """A loss of one's own in which (n,) minus (n, 1) makes (n, n): the mean is all that such a loss asks for."""
    model, problem, name = _broadcast(kit)
    kit.fit(model, problem.x, problem.y, updates := 20 * kit.whole(30, 60))
    return Case(model, problem.x, problem.y, f"(n,) against (n, 1), {name}, {_in_words(problem, updates)}")


@report(
    "U404",
    aliases={"L502": "no better than a constant"},
    never=("L507", "U401", "W305"),
    keras_2=False,
    says="(n, 1)",
)
def broadcast_with_its_log(kit: Kit) -> Case:
    """The same with the log of its training: its loss is far from any that the answers have."""
    model, problem, name = _broadcast(kit)
    epochs = kit.whole(15, 40)
    log, named = logged(kit, model, problem.x, problem.y, epochs)
    return LoggedCase(model, problem.x, problem.y, f"{name}, {_in_words(problem, epochs)} epochs", log=log, named=named)


@report(
    "W301",
    aliases={
        "G603": "the rate is what made them so",
        "D702": "the raw columns are what made them so",
        "D701": "the gap in the table is what made them so",
        "D703": "the large targets are what made them so",
    },
)
def not_a_number_among_other_faults(kit: Kit) -> Case:
    """Weights that are NaN, by raw columns, large targets or a gap, in a network that may lack activations too."""
    problem = kit.regression(features=kit.whole(2, 12))
    how = kit.pick("raw", "raw", "large targets", "a gap")
    x, y = problem.x.copy(), problem.y
    if how == "raw":
        x = kit.raw(problem.x).astype(np.float32)
    elif how == "large targets":
        y = (y * kit.real(1e5, 1e7) + 1e6).astype(np.float32)
    else:
        x[kit.rng.integers(len(x)), kit.rng.integers(x.shape[1])] = np.nan
    activation = kit.pick(None, "relu")
    layers = [kit.dense(kit.whole(8, 64), activation) for _ in range(kit.whole(1, 3))]
    for _ in range(DRAWS):
        model = kit.stack(x.shape[1], *layers, kit.dense(1))
        rate = kit.real(0.005, 0.05)
        kit.compile(model, "mse", kit.optimizer("SGD", rate, momentum=kit.pick(0.0, 0.9)))
        kit.fit(model, x, y, 200)
        if any(np.isnan(part).any() for part in model.get_weights()):
            break
        layers = [kit.dense(kit.whole(8, 64)) for _ in range(2)]
    return Case(model, x, y, f"{how}, {len(layers)} layers of {layers[0].activation.__name__}, rate {rate:.2g}")


def _learned_by_heart(kit: Kit, fewest: int = 60) -> tuple[Table, Table, Model, Table]:
    """A wide network trained to next to nothing on few rows of noise and little signal; and the rows trained on."""
    from sklearn.model_selection import train_test_split

    rows, features = kit.whole(fewest, 300), kit.whole(8, 30)
    x = kit.inputs(rows, features)
    score = 0.5 * x[:, :1] + kit.rng.normal(size=(rows, 1))
    yes = kit.chance(0.4)
    y = ((score > 0) if yes else standard(score)).astype(np.float32)
    layers = [kit.dense(kit.whole(64, 192), kit.pick("relu", "relu", "tanh")) for _ in range(kit.whole(1, 3))]
    model = kit.stack(features, *layers, kit.dense(1, "sigmoid" if yes else None))
    kit.compile(model, "binary_crossentropy" if yes else "mse", kit.optimizer("Adam", kit.real(0.002, 0.005)))
    return x, y, model, train_test_split(np.arange(rows), test_size=APART, random_state=SEED)[0]


@report("D710", leads=False, never=("U401", "L507", "G607"))
def known_by_heart(kit: Kit) -> Case:
    """Learned by heart; the file holds the rows trained on."""
    x, y, model, _ = _learned_by_heart(kit)
    kit.fit_well(model, x, y, 2500)
    return Case(model, x, y, f"{len(x)} rows, {x.shape[1]} features, {model.loss}")


@report("L509", aliases={"D710": "too few rows for so many weights"}, never=("U401", "D703"), split=f"{APART}:{SEED}")
def known_by_heart_rows_kept_aside(kit: Kit) -> Case:
    """The same with scikit-learn's split told: the other rows show it."""
    x, y, model, trained = _learned_by_heart(kit, 120)  # fewer rows kept aside tell nothing
    kit.fit_well(model, x[trained], y[trained], 2500)
    return Case(model, x, y, f"{len(x)} rows, {x.shape[1]} features, {model.loss}")


@report("L509", aliases={"D710": "too few rows for so many weights"}, never=("U401", "D703"), split=str(APART))
def known_by_heart_last_rows_aside(kit: Kit) -> Case:
    """The same with Keras's ``validation_split``."""
    x, y, model, _ = _learned_by_heart(kit, 120)
    first = int(np.floor(len(x) * (1 - APART)))
    kit.fit_well(model, x[:first], y[:first], 2500)
    return Case(model, x, y, f"{len(x)} rows, {x.shape[1]} features, {model.loss}")
