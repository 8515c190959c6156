"""Models without a fault, trained until they do well: whatever is called an error or a warning is a false alarm."""

from collections.abc import Callable

import numpy as np

from cases.kit import Case, Head, Kit, Model, Problem, Table, one_hot, standard
from cases.registry import FRESH, well


def _taught(
    kit: Kit, problem: Problem, head: Head, layers: list[Model], words: str, *, updates: int = 1200, rate: float = 0.005
) -> Case:
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("Adam", rate), head.metrics)
    kit.fit_well(model, problem.x, head.y, updates)
    return Case(model, problem.x, head.y, f"{words}, {problem.task}")


def _body(kit: Kit, activation: str | None = None) -> list[Model]:
    return kit.hidden(depth=kit.whole(1, 3), width=kit.whole(32, 96), narrowest=24, activation=activation)


def _shifted(y: Table) -> Table:
    return np.asarray(y - y.min(axis=0), dtype=np.float32)


def _loss(loss: str, end: str | None, change: Callable[[Table], Table]) -> Callable[[Kit], Case]:
    """A regression with this loss and last activation, its targets made to fit."""

    def make(kit: Kit) -> Case:
        problem = kit.regression(features=kit.whole(1, 12), rows=kit.whole(400, 3000))
        y = change(problem.y).astype(np.float32)
        return _taught(kit, problem, Head(end, loss, y), _body(kit), f"{loss} after {end}")

    return make


def _unit(y: Table) -> Table:
    return np.asarray(1 / (1 + np.exp(-y)))


@well()
def squared(kit: Kit) -> Case:
    """The plainest regression there is."""
    return _loss("mse", None, lambda y: y)(kit)


@well()
def absolute(kit: Kit) -> Case:
    """Mean absolute error."""
    return _loss("mae", None, lambda y: y)(kit)


@well(keras_2=False)
def huber(kit: Kit) -> Case:
    """Huber."""
    return _loss("huber", None, lambda y: y)(kit)


@well()
def log_cosh(kit: Kit) -> Case:
    """Log-cosh."""
    return _loss("log_cosh", None, lambda y: y)(kit)


@well()
def squared_logarithm(kit: Kit) -> Case:
    """MSLE on positive targets over a softplus."""
    return _loss("mean_squared_logarithmic_error", "softplus", lambda y: np.exp(0.5 * y))(kit)


@well()
def sigmoid_on_unit_interval(kit: Kit) -> Case:
    """Targets scaled to 0 to 1, answered by a sigmoid."""
    return _loss("mse", "sigmoid", _unit)(kit)


@well()
def crossentropy_on_shares(kit: Kit) -> Case:
    """Binary cross-entropy on shares between 0 and 1."""
    return _loss("binary_crossentropy", "sigmoid", _unit)(kit)


@well()
def tanh_on_its_range(kit: Kit) -> Case:
    """Targets between -1 and 1, answered by tanh."""
    return _loss("mse", "tanh", lambda y: np.tanh(0.7 * y))(kit)


@well()
def relu_on_positive(kit: Kit) -> Case:
    """Positive targets over a softplus."""
    return _loss("mse", "softplus", lambda y: _shifted(y) / 2 + 0.1)(kit)


@well()
def poisson_counts(kit: Kit) -> Case:
    """Counts with a Poisson loss over an exponential."""
    problem = kit.regression(features=kit.whole(1, 8), rows=kit.whole(800, 3000), noise=0.05)
    y = kit.rng.poisson(np.exp(0.6 * problem.y + 0.8)).astype(np.float32)
    return _taught(
        kit, problem, Head("exponential", "poisson", y), _body(kit, "tanh"), "poisson", rate=0.003, updates=600
    )


@well()
def counts_by_squares(kit: Kit) -> Case:
    """Ratings from 1 to 5 with a squared error: legitimate."""
    problem = kit.regression(features=kit.whole(2, 10), rows=kit.whole(500, 3000))
    y = np.clip(np.round(problem.y + 3), 1, 5).astype(np.float32)
    return _taught(kit, problem, Head(None, "mse", y), _body(kit), "ratings")


@well()
def two_classes(kit: Kit) -> Case:
    """Sigmoid and binary cross-entropy."""
    problem = kit.binary(features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    head = Head("sigmoid", "binary_crossentropy", problem.y, ("accuracy",))
    return _taught(kit, problem, head, _body(kit), "sigmoid", updates=800)


@well()
def two_classes_of_logits(kit: Kit) -> Case:
    """A bare last layer and from_logits=True."""
    problem = kit.binary(features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    loss = kit.keras.losses.BinaryCrossentropy(from_logits=True)
    return _taught(kit, problem, Head(None, loss, problem.y), _body(kit), "logits", updates=800)


@well()
def two_classes_by_softmax(kit: Kit) -> Case:
    """Two softmax units for a yes or no."""
    problem = kit.binary(features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    y = problem.y[:, 0].astype(np.int64)
    head = Head("softmax", "sparse_categorical_crossentropy", y, ("accuracy",))
    return _taught(kit, Problem(problem.x, y, "binary", 2), head, _body(kit), "softmax of two", updates=800)


@well()
def many_classes(kit: Kit) -> Case:
    """Softmax and class numbers."""
    problem = kit.classes(features=kit.whole(3, 12), rows=kit.whole(800, 3000))
    head = Head("softmax", "sparse_categorical_crossentropy", problem.y, ("accuracy",))
    return _taught(kit, problem, head, _body(kit), "sparse", updates=800)


@well()
def many_classes_one_hot(kit: Kit) -> Case:
    """Softmax and one-hot rows."""
    problem = kit.classes(features=kit.whole(3, 12), rows=kit.whole(800, 3000))
    head = Head("softmax", "categorical_crossentropy", one_hot(problem.y, problem.width), ("accuracy",))
    return _taught(kit, problem, head, _body(kit), "one-hot", updates=800)


@well()
def many_classes_of_logits(kit: Kit) -> Case:
    """Raw scores and from_logits=True."""
    problem = kit.classes(features=kit.whole(3, 12), rows=kit.whole(800, 3000))
    loss = kit.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return _taught(kit, problem, Head(None, loss, problem.y), _body(kit), "logits", updates=800)


@well()
def smoothed_labels(kit: Kit) -> Case:
    """Label smoothing."""
    problem = kit.classes(features=kit.whole(3, 12), rows=kit.whole(800, 3000))
    loss = kit.keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    return _taught(
        kit, problem, Head("softmax", loss, one_hot(problem.y, problem.width)), _body(kit), "smoothed", updates=800
    )


@well()
def divergence_of_shares(kit: Kit) -> Case:
    """KL divergence between shares that sum to 1, over a softmax."""
    problem = kit.classes(features=kit.whole(3, 12), rows=kit.whole(800, 3000), count=kit.whole(3, 5))
    scores = np.exp(1.5 * kit.teacher(problem.x, problem.width, 0.3))
    y = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    return _taught(kit, problem, Head("softmax", "kl_divergence", y), _body(kit), "KL")


@well()
def several_labels(kit: Kit) -> Case:
    """Sigmoids for labels of which several may hold."""
    problem = kit.multilabel(features=kit.whole(3, 12), rows=kit.whole(600, 3000))
    return _taught(kit, problem, Head("sigmoid", "binary_crossentropy", problem.y), _body(kit), "labels")


@well()
def focal(kit: Kit) -> Case:
    """Focal cross-entropy on a rarer class."""
    problem = kit.binary(features=kit.whole(3, 12), rows=kit.whole(800, 3000))
    return _taught(kit, problem, Head("sigmoid", "binary_focal_crossentropy", problem.y), _body(kit), "focal")


@well()
def hinge(kit: Kit) -> Case:
    """Hinge over tanh with labels -1 and 1."""
    problem = kit.binary(features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    name = kit.pick("hinge", "squared_hinge")
    return _taught(kit, problem, Head("tanh", name, 2 * problem.y - 1), _body(kit), name)


@well()
def directions(kit: Kit) -> Case:
    """Cosine similarity to directions."""
    problem = kit.regression(features=kit.whole(3, 10), rows=kit.whole(500, 2000), outputs=3)
    y = problem.y / np.linalg.norm(problem.y, axis=1, keepdims=True)
    loss = kit.keras.losses.CosineSimilarity()
    return _taught(kit, problem, Head(None, loss, y.astype(np.float32)), _body(kit), "cosine")


@well()
def several_targets(kit: Kit) -> Case:
    """Three to five numbers at once."""
    problem = kit.regression(features=kit.whole(3, 12), rows=kit.whole(500, 3000), outputs=kit.whole(3, 5))
    return _taught(kit, problem, Head(None, "mse", problem.y), _body(kit), "several targets")


@well()
def batch_norm(kit: Kit) -> Case:
    """BatchNorm in every layer, before its activation."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(800, 3000))
    layers: list[Model] = []
    for _ in range(kit.whole(1, 3)):
        layers += [kit.dense(48, use_bias=False), kit.layers.BatchNormalization(momentum=0.95), kit.layers.ReLU()]
    return _taught(kit, problem, kit.head(problem), layers, "batch norm")


@well()
def layer_norm(kit: Kit) -> Case:
    """LayerNorm after every layer."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(600, 3000))
    layers: list[Model] = []
    for _ in range(kit.whole(1, 3)):
        layers += [kit.dense(48, "gelu" if kit.is_3 else "tanh"), kit.layers.LayerNormalization()]
    return _taught(kit, problem, kit.head(problem), layers, "layer norm")


@well()
def light_dropout(kit: Kit) -> Case:
    """Dropout of a fifth in wide layers."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 12), rows=kit.whole(800, 3000))
    layers: list[Model] = []
    for _ in range(kit.whole(1, 2)):
        layers += [kit.dense(128, "relu"), kit.layers.Dropout(kit.rng.uniform(0.1, 0.25))]
    return _taught(kit, problem, kit.head(problem), layers, "dropout")


@well()
def normalised_inside(kit: Kit) -> Case:
    """Raw columns that a Normalization inside the model takes care of."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    raw = kit.raw(problem.x).astype(np.float32)
    first = kit.layers.Normalization()
    first.adapt(raw)
    head = kit.head(problem)
    return _taught(kit, Problem(raw, problem.y, problem.task, problem.width), head, [first, *_body(kit)], "normalised")


@well()
def rescaled_inside(kit: Kit) -> Case:
    """Grey values from 0 to 255 behind a Rescaling."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    grey = np.clip(np.round(127.5 + 60 * problem.x), 0, 255).astype(np.float32)
    first = kit.layers.Rescaling(1 / 127.5, offset=-1)
    head = kit.head(problem)
    return _taught(kit, Problem(grey, problem.y, problem.task, problem.width), head, [first, *_body(kit)], "rescaled")


@well()
def skip(kit: Kit) -> Case:
    """Two residual blocks."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    head = kit.head(problem)
    entry = kit.keras.Input((problem.x.shape[1],))
    here = kit.dense(48, "relu")(entry)
    for _ in range(2):
        here = kit.layers.Add()([here, kit.dense(48)(kit.dense(48, "relu")(here))])
    model = kit.keras.Model(entry, kit.dense(problem.width, head.activation)(here))
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.003))
    kit.fit_well(model, problem.x, head.y, 800)
    return Case(model, problem.x, head.y, f"residual, {problem.task}")


@well()
def wide_and_deep(kit: Kit) -> Case:
    """The inputs beside what the layers made of them."""
    problem = kit.problem("regression", "binary", features=kit.whole(3, 12), rows=kit.whole(500, 3000))
    head = kit.head(problem)
    entry = kit.keras.Input((problem.x.shape[1],))
    deep = kit.dense(32, "relu")(kit.dense(48, "relu")(entry))
    both = kit.layers.Concatenate()([entry, deep])
    model = kit.keras.Model(entry, kit.dense(problem.width, head.activation)(both))
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.003))
    kit.fit_well(model, problem.x, head.y, 800)
    return Case(model, problem.x, head.y, f"wide and deep, {problem.task}")


@well()
def two_inputs(kit: Kit) -> Case:
    """Two inputs with a branch each."""
    problem = kit.problem("regression", "binary", features=kit.whole(4, 12), rows=kit.whole(500, 3000))
    head = kit.head(problem)
    left = problem.x.shape[1] // 2
    one, two = kit.keras.Input((left,), name="one"), kit.keras.Input((problem.x.shape[1] - left,), name="two")
    both = kit.layers.Concatenate()([kit.dense(32, "relu")(one), kit.dense(32, "relu")(two)])
    answer = kit.dense(problem.width, head.activation)(kit.dense(32, "relu")(both))
    model = kit.keras.Model([one, two], answer)
    kit.compile(model, head.loss, kit.optimizer("Adam", 0.005))
    kit.fit_well(model, [problem.x[:, :left], problem.x[:, left:]], head.y, 1000)
    return Case(model, problem.x, head.y, f"two inputs, {problem.task}")


@well()
def two_outputs(kit: Kit) -> Case:
    """A number and a yes or no from one body."""
    problem = kit.regression(features=kit.whole(3, 10), rows=kit.whole(600, 2500))
    label = (kit.teacher(problem.x, 1, 0.3) > 0).astype(np.float32)
    entry = kit.keras.Input((problem.x.shape[1],))
    body = kit.dense(48, "relu")(kit.dense(64, "relu")(entry))
    outputs = [kit.dense(1, name="amount")(body), kit.dense(1, "sigmoid", name="flag")(body)]
    model = kit.keras.Model(entry, outputs)
    model.compile(kit.optimizer("Adam", 0.005), loss=["mse", "binary_crossentropy"], steps_per_execution=20)
    kit.fit_well(model, problem.x, [problem.y, label], 1200)
    return Case(model, problem.x, np.column_stack([problem.y, label]), "two outputs")


@well()
def embedded(kit: Kit) -> Case:
    """A category of eight to thirty kinds through an Embedding, beside two numbers."""
    rows, kinds = kit.whole(800, 3000), kit.whole(8, 30)
    kind, x = kit.rng.integers(0, kinds, rows), kit.inputs(rows, 2)
    effect = kit.rng.normal(size=kinds)
    y = standard((effect[kind] + np.sin(1.5 * x[:, 0]) * x[:, 1])[:, None]) + 0.1 * kit.rng.normal(size=(rows, 1))
    one, two = kit.keras.Input((1,)), kit.keras.Input((2,))
    code = kit.layers.Flatten()(kit.layers.Embedding(kinds, 4)(one))
    body = kit.dense(32, "relu")(kit.dense(48, "relu")(kit.layers.Concatenate()([code, two])))
    model = kit.compile(kit.keras.Model([one, two], kit.dense(1)(body)), "mse", kit.optimizer("Adam", 0.005))
    kit.fit_well(model, [kind[:, None].astype(np.float32), x], y.astype(np.float32), 1200)
    return Case(model, np.column_stack([kind, x]), y, f"{kinds} kinds")


@well()
def parametric_relu(kit: Kit) -> Case:
    """PReLU and LeakyReLU layers of their own."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 12), rows=kit.whole(500, 3000))
    layers: list[Model] = []
    for _ in range(2):
        layers += [kit.dense(48), kit.pick(kit.layers.PReLU, kit.layers.LeakyReLU)()]
    return _taught(kit, problem, kit.head(problem), layers, "PReLU")


@well()
def autoencoder(kit: Kit) -> Case:
    """Six columns of rank two, bent, coded in three and decoded."""
    hidden = kit.rng.uniform(-1, 1, (kit.whole(600, 2000), 2))
    bent = np.tanh(hidden @ kit.rng.normal(size=(2, 6)) * 1.2)
    x = standard(bent + 0.02 * kit.rng.normal(size=bent.shape)).astype(np.float32)
    layers = [kit.dense(32, "relu"), kit.dense(3, kit.pick("tanh", None)), kit.dense(32, "relu")]
    return _taught(kit, Problem(x, x, "regression", 6), Head(None, "mse", x), layers, "autoencoder")


@well()
def straight_line(kit: Kit) -> Case:
    """An honest linear regression."""
    problem = kit.regression(bend=0.0, noise=kit.real(0.1, 0.8), features=kit.whole(1, 20))
    model = kit.stack(problem.x.shape[1], kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.02))
    kit.fit_well(model, problem.x, problem.y, 1200)
    return Case(model, problem.x, problem.y, "linear regression")


@well()
def logistic(kit: Kit) -> Case:
    """An honest logistic regression on classes that overlap."""
    problem = kit.binary(bend=0.0, flips=kit.rng.uniform(0.05, 0.2), features=kit.whole(2, 12))
    model = kit.stack(problem.x.shape[1], kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.02), ("accuracy",))
    kit.fit_well(model, problem.x, problem.y, 1200)
    return Case(model, problem.x, problem.y, "logistic regression")


@well()
def flags(kit: Kit) -> Case:
    """One-hot columns beside numbers."""
    rows, kinds = kit.whole(800, 3000), kit.whole(4, 8)
    kind, x = kit.rng.integers(0, kinds, rows), kit.inputs(rows, 2)
    y = standard(np.where(kind < kinds // 2, x[:, 0], np.square(x[:, 1]))[:, None] + 0.3 * kind[:, None])
    y += 0.1 * kit.rng.normal(size=y.shape)
    features = np.column_stack([one_hot(kind, kinds), x]).astype(np.float32)
    problem = Problem(features, y.astype(np.float32), "regression", 1)
    return _taught(kit, problem, Head(None, "mse", problem.y), _body(kit), "flags")


@well()
def weak_signal(kit: Kit) -> Case:
    """Much noise, a small network, and as much learned as there is."""
    problem = kit.regression(features=kit.whole(2, 6), rows=kit.whole(1500, 3000), noise=kit.rng.uniform(0.7, 1.2))
    layers = kit.hidden(depth=1, width=16, extras=False)
    return _taught(kit, problem, Head(None, "mse", problem.y), layers, "noisy", updates=1000)


@well()
def mild_imbalance(kit: Kit) -> Case:
    """One positive in eight, found well."""
    problem = kit.regression(features=kit.whole(2, 8), rows=kit.whole(1200, 3000), noise=0.05)
    y = (problem.y > np.quantile(problem.y, 0.88)).astype(np.float32)
    return _taught(
        kit, Problem(problem.x, y, "binary", 1), Head("sigmoid", "binary_crossentropy", y), _body(kit), "1 in 8"
    )


@well()
def light_penalty(kit: Kit) -> Case:
    """A gentle weight penalty."""
    problem = kit.problem("regression", "binary", features=kit.whole(2, 10), rows=kit.whole(600, 3000))
    penalty = kit.keras.regularizers.L2(1e-5)
    layers = [kit.dense(48, "relu", kernel_regularizer=penalty) for _ in range(2)]
    return _taught(kit, problem, kit.head(problem), layers, "l2 of 1e-5")


@well()
def other_optimizer(kit: Kit) -> Case:
    """SGD with momentum, RMSprop, Nadam, AdamW."""
    problem = kit.problem("regression", "binary", "classes", features=kit.whole(2, 10), rows=kit.whole(600, 3000))
    head = kit.head(problem)
    name = kit.pick("SGD", "RMSprop", "Nadam", "AdamW")
    model = kit.stack(problem.x.shape[1], *_body(kit, "relu"), kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer(name, None if name == "SGD" else 0.003), head.metrics)
    kit.fit_well(model, problem.x, head.y, 1500)
    return Case(model, problem.x, head.y, f"{name}, {problem.task}")


@well()
def one_input(kit: Kit) -> Case:
    """A sine of one or two periods drawn well."""
    x = kit.rng.uniform(-1, 1, (kit.whole(300, 2000), 1)).astype(np.float32)
    y = (np.sin(np.pi * kit.rng.uniform(1, 2.5) * x) + 0.05 * kit.rng.normal(size=x.shape)).astype(np.float32)
    layers = kit.hidden(depth=2, width=48, narrowest=24, activation=kit.pick("tanh", "relu", "swish"), extras=False)
    return _taught(kit, Problem(x, y, "regression", 1), Head(None, "mse", y), layers, "sine", updates=1600)


@well()
def exclusive_or(kit: Kit) -> Case:
    """The four corners, learned."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([[0], [1], [1], [0]], np.float32)
    model = kit.stack(2, kit.dense(kit.whole(8, 32), "tanh"), kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.05))
    kit.fit_well(model, x, y, 800, 4)
    return Case(model, x, y, "XOR")


def _real(kit: Kit, name: str, updates: int, *, width: int = 32, spread: bool = False) -> Case:
    """One of scikit-learn's real data sets, standardised, as its tutorials do."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = kit.rng.permutation(len(x))
    x, y = x[order], y[order]
    if name == "digits":
        x = x / 16
    elif not spread:
        x = standard(x)
    x = x.astype(np.float32)
    regression = name in {"diabetes", "linnerud"}
    if regression:
        y = standard(y.reshape(len(y), -1)).astype(np.float32)
        problem = Problem(x, y, "regression", y.shape[1])
    elif len(set(y)) == 2:
        problem = Problem(x, y.astype(np.float32)[:, None], "binary", 1)
    else:
        problem = Problem(x, y, "classes", len(set(y)))
    layers: list[Model] = kit.hidden(depth=kit.whole(1, 2), width=width, narrowest=12, extras=False)
    if spread:
        first = kit.layers.Normalization()
        first.adapt(x)
        layers = [first, *layers]
    return _taught(kit, problem, kit.head(problem), layers, name, updates=updates)


@well(keras_2=False)
def iris(kit: Kit) -> Case:
    """Three flowers."""
    return _real(kit, "iris", 500)


@well(keras_2=False)
def wine(kit: Kit) -> Case:
    """Three wines, a Normalization inside."""
    return _real(kit, "wine", 400, spread=True)


@well(keras_2=False)
def breast_cancer(kit: Kit) -> Case:
    """Thirty collinear columns."""
    return _real(kit, "breast_cancer", 500, spread=kit.chance(0.5))


@well(keras_2=False)
def diabetes(kit: Kit) -> Case:
    """A regression where little can be known."""
    return _real(kit, "diabetes", 250, width=16)


@well(keras_2=False)
def digits(kit: Kit) -> Case:
    """8 x 8 pixels from 0 to 1, some of them always black."""
    return _real(kit, "digits", 800, width=64)


@well(keras_2=False)
def linnerud(kit: Kit) -> Case:
    """Twenty rows and three targets; a line, for no more can be had."""
    from sklearn import datasets

    x, y = datasets.load_linnerud(return_X_y=True)
    x, y = standard(x).astype(np.float32), standard(y).astype(np.float32)
    model = kit.stack(3, kit.dense(3))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.02))
    kit.fit_well(model, x, y, 800, 20)
    return Case(model, x, y, "linnerud")


@well(FRESH)
def fresh(kit: Kit) -> Case:
    """Sensible and not yet trained."""
    problem = kit.problem(features=kit.whole(1, 12), rows=kit.whole(300, 2000))
    head = kit.head(problem)
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, metrics=head.metrics)
    if kit.chance(0.5):
        model.optimizer.build(model.trainable_variables)
    alone = kit.chance(0.3)
    return Case(model, None if alone else problem.x, None if alone else head.y, f"fresh, {problem.task}")
