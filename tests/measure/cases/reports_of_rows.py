"""Faults as people report them, about rows kept aside, sequences, and how little there may be to learn."""

import numpy as np

from cases.kit import Case, Kit, Table, standard
from cases.registry import report, well
from cases.reports import TOO_SHORT, _adaptive, _body, _learned_by_heart, _network

NUMBERS = ("Id", "id", "PassengerId", "Serial No.", "index", "row_id", "customer_id", "Unnamed: 0")
"""What the column that numbers the rows is called in public tables."""
GAP = 0.3
"""How far, in skill, the model must be worse on rows of another kind for that to be a fault."""


@report("L509", aliases={"D710": "too few rows for so many weights"}, never=("U401", "D703", "D715"))
def known_by_heart_validation_file(kit: Kit) -> Case:
    """Learned by heart, and the rows that were not trained on lie in a file of their own."""
    x, y, model, trained = _learned_by_heart(kit, 120)
    others = np.setdiff1d(np.arange(len(x)), trained)
    kit.fit_well(model, x[trained], y[trained], 2500)
    order = np.concatenate([trained, others])
    words = f"{len(x)} rows, {x.shape[1]} features, {model.loss}"
    return Case(model, x[order], y[order], words, apart=len(others))


@report("D715", never=("L509", "U401", "U402", "D710", "L507"))
def validation_file_of_another_kind(kit: Kit) -> Case:
    """Rows to test on that were scaled otherwise, by their own mean or not at all, or come from another place."""
    problem = kit.regression(rows=kit.whole(500, 3000), features=kit.whole(2, 10), noise=kit.real(0.05, 0.2))
    apart = int(len(problem.x) * kit.rng.uniform(0.15, 0.4))
    own = len(problem.x) - apart
    x, y = problem.x.copy(), problem.y.copy()
    model = _network(kit, problem, kit.optimizer("Adam", 0.005), kit.pick("mse", "mae"))
    kit.fit_well(model, x[:own], y[:own], 1000)
    how = kit.pick("raw", "from 0 to 1", "another place")
    if how == "raw":
        x[own:] = x[own:] * kit.real(5, 200) + kit.real(10, 300)
    elif how == "from 0 to 1":
        x[own:] = (x[own:] - x.min(axis=0)) / np.ptp(x, axis=0)
    else:
        x[own:] += kit.rng.choice([-1, 1], x.shape[1]) * kit.real(1.5, 3)
    skill = [kit.skill(model, x[part], y[part], "regression") for part in (slice(own), slice(own, None))]
    words = f"{how}, {own} and {apart} rows, skill {skill[0]:.2f} and {skill[1]:.2f}"
    return Case(model, x, y, words, apart=apart, leads=skill[0] - skill[1] > GAP)


@well(keras_2=False)
def as_good_on_a_validation_file(kit: Kit) -> Case:
    """Rows enough, little noise; a tenth to a third in a file of their own."""
    problem = kit.problem("regression", "binary", "classes", rows=kit.whole(1500, 4000), features=kit.whole(2, 8))
    apart = int(len(problem.x) * kit.rng.uniform(0.1, 0.33))
    head = kit.head(problem)
    body = kit.hidden(narrowest=24, width=kit.whole(24, 64), depth=kit.whole(1, 2))
    model = kit.stack(problem.x.shape[1], *body, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, metrics=head.metrics)
    kit.fit_well(model, problem.x[:-apart], head.y[:-apart])
    return Case(model, problem.x, head.y, f"{problem.task}, {apart} of {len(problem.x)} rows", apart=apart)


def _with_flat_targets(kit: Kit) -> tuple[Table, Table, int]:
    """Features, and 12 to 64 targets of which one or two hardly vary, or do in a few rows only."""
    width, features = kit.whole(12, 64), kit.whole(4, 16)
    x = kit.inputs(kit.whole(600, 2500), features)
    hidden = kit.teacher(x, 3, 0.2)
    y = standard(hidden @ kit.rng.normal(size=(3, width))) + 0.05 * kit.rng.normal(size=(len(x), width))
    flat = kit.whole(1, 2)
    for column in range(flat):
        few = kit.rng.uniform(size=len(x)) < kit.real(0.002, 0.02)
        y[:, column] = kit.pick(0.0, 1.0) + np.where(few, kit.rng.normal(size=len(x)), 0.0) * kit.real(0.01, 0.5)
    return x, y.astype(np.float32), flat


@well()
def flat_outputs_among_many(kit: Kit) -> Case:
    """A network that answers many numbers, one or two of which hardly vary, such as the corner pixels of images."""
    x, y, flat = _with_flat_targets(kit)
    own = kit.chance(0.5)  # an autoencoder of the many numbers, or a regression on few
    entry = y if own else x
    body = [kit.dense(kit.whole(32, 96), kit.pick("relu", "elu")), kit.dense(kit.whole(6, 16) if own else 48, "elu")]
    model = kit.stack(entry.shape[1], *body, kit.dense(y.shape[1]))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.004))
    kit.fit_well(model, entry, y, 3000)
    return Case(model, entry, y, f"{flat} of {y.shape[1]} outputs, {'of itself' if own else 'of few features'}")


@report("G607", aliases=TOO_SHORT, never=("U404", "L507", "U401", "D711"))
def flat_outputs_and_few_updates(kit: Kit) -> Case:
    """The same, stopped after a few epochs: it is not the outputs that hardly vary which keep the loss up."""
    x, y, flat = _with_flat_targets(kit)
    model = kit.stack(x.shape[1], *_body(kit, "relu", "elu"), kit.dense(y.shape[1]))
    kit.compile(model, "mse", _adaptive(kit, kit.real(2e-4, 8e-4)))
    kit.fit(model, x, y, updates := 20 * kit.whole(2, 5))
    return Case(model, x, y, f"{flat} of {y.shape[1]} outputs, {updates} updates")


@report("D704", aliases=TOO_SHORT, leads=False, never=("U401", "D702", "W303"), keras_2=False)
def padding_in_sequences(kit: Kit) -> Case:
    """Words as numbers, filled up with zeros to a length that no row reaches, and no mask: the memory fades."""
    rows, length, words = kit.whole(500, 1500), kit.whole(20, 40), kit.whole(40, 200)
    x = np.zeros((rows, length), dtype=np.float32)
    y = np.zeros(rows, dtype=np.float32)
    for row in range(rows):
        said = kit.rng.integers(1, words, kit.whole(3, length // 2))
        x[row, : len(said)] = said
        y[row] = (said < words / 3).sum() > (said > 2 * words / 3).sum()
    layer = kit.pick(kit.layers.SimpleRNN, kit.layers.GRU, kit.layers.LSTM)
    model = kit.keras.Sequential(
        [kit.keras.Input((length,)), kit.layers.Embedding(words, 8), layer(kit.whole(8, 16)), kit.dense(1, "sigmoid")]
    )
    kit.compile(model, "binary_crossentropy", _adaptive(kit, 0.002))
    kit.fit(model, x, y, updates := 20 * kit.whole(3, 8))
    return Case(model, x, y, f"{rows} rows of {length}, {layer.__name__}, {updates} updates")


@report(
    "L507",
    aliases={"G607": "the little that is left may be learned by more updates", "L504": "beside the best affine fit"},
    leads=False,
    never=("U401", "W303", "U403", "U402", "G606"),
    says="to learn",
)
def little_to_learn(kit: Kit) -> Case:
    """Features that tell two to eight per cent of the target's variance, and a network that stands at the constant."""
    rows, features = kit.whole(1500, 5000), kit.whole(2, 10)
    x = kit.inputs(rows, features)
    share = kit.real(0.02, 0.08)
    y = np.sqrt(share) * kit.teacher(x, 1, kit.pick(0.0, 0.3)) + np.sqrt(1 - share) * kit.rng.normal(size=(rows, 1))
    y = (y * kit.real(0.3, 10)).astype(np.float32)
    model = kit.stack(features, *_body(kit, deepest=2), kit.dense(1, kernel_initializer="zeros"))
    kit.compile(model, kit.pick("mse", "mse", "mae"), _adaptive(kit, kit.real(2e-4, 1e-3)))
    kit.fit(model, x, y, updates := 20 * kit.whole(10, 60))
    return Case(model, x, y, f"{share:.1%} of the variance, {rows} rows, {updates} updates")


@report("G607", aliases=TOO_SHORT, never=("L507", "U401", "U403", "L506", "U404"))
def trees_halve_the_loss(kit: Kit) -> Case:
    """Steps and products that trees find at once, and forty epochs of batches of 512 that do not."""
    rows, features = kit.whole(2000, 6000), kit.whole(4, 12)
    x = kit.inputs(rows, features)
    sides = np.where(x > kit.rng.uniform(-0.5, 0.5, features), 1.0, -1.0)
    y = sides[:, 0] * sides[:, 1] + 0.7 * sides[:, 2] * x[:, 3] + 0.5 * np.sin(2 * x[:, 0])
    y = (standard(y[:, None]) + kit.real(0.05, 0.2) * kit.rng.normal(size=(rows, 1))).astype(np.float32)
    model = kit.stack(features, *_body(kit, "relu", "relu", "tanh", deepest=2), kit.dense(1))
    kit.compile(model, kit.pick("mse", "mse", "mae"), _adaptive(kit, 0.001))
    updates = max(40, 40 * rows // 512 // 20 * 20)
    kit.fit(model, x, y, updates, batch=512)
    return Case(model, x, y, f"{rows} rows, {features} features, {updates} updates")


@report("D712", leads=False, never=("U401", "L507"))
def number_of_the_row_by_name(kit: Kit) -> Case:
    """Tables in the order of their answer, the number of the row left among the features under one of its names."""
    rows, features = kit.whole(300, 1500), kit.whole(2, 8)
    x = kit.inputs(rows, features)
    how = kit.pick("classes", "two classes", "numbers")
    score = standard(0.3 * x[:, :1] + kit.rng.normal(size=(rows, 1)))[:, 0]
    x, score = x[(order := np.argsort(score))], score[order]
    count = kit.whole(3, 5) if how == "classes" else 1
    y, end, loss = score[:, None], None, "mse"
    if how == "classes":
        y, end, loss = np.arange(rows) * count // rows, "softmax", "sparse_categorical_crossentropy"
    elif how == "two classes":
        y, end, loss = (score > kit.rng.uniform(-0.5, 0.5)).astype(np.float32), "sigmoid", "binary_crossentropy"
    x = np.column_stack([np.arange(rows) + kit.pick(0, 1, 1), x]).astype(np.float32)
    normal = kit.layers.Normalization()
    normal.adapt(x)
    model = kit.stack(features + 1, normal, *_body(kit, deepest=2), kit.dense(count, end))
    kit.compile(model, loss, _adaptive(kit, 0.01))
    kit.fit_well(model, x, y)
    names = (kit.pick(*NUMBERS), *(f"x{place}" for place in range(1, features + 1)))
    return Case(model, x, y, f"{how}, {rows} rows, {names[0]}", names=names)
