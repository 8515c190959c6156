"""Healthy models of the sorts that people publish: real tables, callbacks, class weights, quantiles, schedules."""

import math

import numpy as np

from cases.healthy import _body, _taught
from cases.kit import Case, Head, Kit, Model, Problem, one_hot, standard
from cases.registry import well


def _table(kit: Kit, *names: str) -> Problem:
    """One of scikit-learn's own tables, standardised."""
    from sklearn import datasets

    name = kit.pick(*names)
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    x = standard(np.asarray(x, dtype=np.float64)).astype(np.float32)
    if name in {"diabetes", "linnerud"}:
        y = standard(np.reshape(y, (len(x), -1))).astype(np.float32)
        return Problem(x, y, "regression", y.shape[1])
    if name == "breast_cancer":
        return Problem(x, y.astype(np.float32)[:, None], "binary", 1)
    return Problem(x, y.astype(int), "classes", int(y.max()) + 1)


@well(keras_2=False)
def iris_wine_digits(kit: Kit) -> Case:
    """The tables of every first tutorial, with a small network and Adam."""
    problem = _table(kit, "iris", "wine", "digits", "breast_cancer")
    layers = [kit.dense(kit.whole(16, 64), kit.pick("relu", "tanh")) for _ in range(kit.whole(1, 2))]
    return _taught(kit, problem, kit.head(problem), layers, "scikit-learn's own", updates=900)


@well(keras_2=False)
def held_back_by_early_stopping(kit: Kit) -> Case:
    """Stopped by the loss of rows held back, with the best weights put back."""
    problem = kit.regression(rows=kit.whole(800, 3000), features=kit.whole(2, 12), noise=kit.real(0.05, 0.3))
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(1))
    kit.compile(model, "mse", kit.optimizer("Adam", 0.003))
    stop = kit.keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)
    model.fit(problem.x, problem.y, batch_size=32, epochs=60, validation_split=0.2, callbacks=[stop], verbose=0)
    return Case(model, problem.x, problem.y, "early stopping")


@well()
def cosine_to_zero(kit: Kit) -> Case:
    """A rate that follows half a cosine down to nothing: spent on purpose, at the end."""
    problem = kit.problem("regression", "binary", "classes")
    head, updates = kit.head(problem), 20 * kit.whole(50, 90)
    schedule = kit.keras.optimizers.schedules.CosineDecay(0.008, updates)
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.keras.optimizers.Adam(schedule), head.metrics)
    kit.fit(model, problem.x, head.y, updates, 64)
    return Case(model, problem.x, head.y, f"cosine over {updates} updates, {problem.task}")


@well()
def weighted_classes(kit: Kit) -> Case:
    """A rare class made as heavy as the other: probabilities are shifted on purpose, the ranking is good."""
    problem = kit.regression(rows=kit.whole(1000, 3000), features=kit.whole(2, 10), bend=0.4, noise=0.05)
    y = (problem.y > np.quantile(problem.y, kit.real(0.85, 0.93))).astype(np.float32)
    model = kit.stack(problem.x.shape[1], *_body(kit), kit.dense(1, "sigmoid"))
    kit.compile(model, "binary_crossentropy", kit.optimizer("Adam", 0.003))
    share = float(y.mean())
    weights = {0: 0.5 / (1 - share), 1: 0.5 / share}
    model.fit(problem.x, y, batch_size=32, epochs=25, class_weight=weights, verbose=0)
    return Case(model, problem.x, y, f"{share:.0%} of one class, weighted")


@well(keras_2=False)
def one_quantile(kit: Kit) -> Case:
    """A quantile by a pinball loss of one's own."""
    problem = kit.regression(features=kit.whole(2, 10), noise=kit.real(0.1, 0.3))
    quantile = kit.rng.uniform(0.1, 0.9)
    ops = kit.keras.ops

    def pinball(true: Model, answered: Model) -> Model:
        return ops.mean(ops.maximum(quantile * (true - answered), (quantile - 1) * (true - answered)), -1)

    return _taught(kit, problem, Head(None, pinball, problem.y), _body(kit), f"quantile {quantile:.2f}")


@well()
def denoising_autoencoder(kit: Kit) -> Case:
    """Noise on the way in, dropped when the network answers; a wide code."""
    latent = kit.rng.normal(size=(kit.whole(600, 2000), 3))
    columns = kit.whole(8, 16)
    x = standard(np.tanh(latent @ kit.rng.normal(size=(3, columns)))).astype(np.float32)
    layers = [kit.layers.GaussianNoise(0.1), kit.dense(48, "relu"), kit.dense(4), kit.dense(48, "relu")]
    return _taught(kit, Problem(x, x, "regression", columns), Head(None, "mse", x), layers, "denoising", updates=2000)


@well()
def two_categories(kit: Kit) -> Case:
    """Users and items by number through Embeddings, multiplied and added: a recommender."""
    rows, users, items, size = kit.whole(2000, 5000), kit.whole(10, 40), kit.whole(10, 40), 6
    u, i = kit.rng.integers(users, size=rows), kit.rng.integers(items, size=rows)
    tastes, kinds = kit.rng.normal(size=(users, 2)), kit.rng.normal(size=(items, 2))
    y = standard((tastes[u] * kinds[i]).sum(1, keepdims=True) + 0.1 * kit.rng.normal(size=(rows, 1)))
    entry = kit.keras.Input((2,))
    one = kit.layers.Flatten()(kit.layers.Embedding(users, size)(entry[:, :1]))
    two = kit.layers.Flatten()(kit.layers.Embedding(items, size)(entry[:, 1:]))
    here = kit.dense(32, "relu")(kit.layers.Concatenate()([one, two, kit.layers.Multiply()([one, two])]))
    model = kit.compile(kit.keras.Model(entry, kit.dense(1)(here)), "mse", kit.optimizer("Adam", 0.005))
    x = np.column_stack([u, i]).astype(np.float32)
    kit.fit_well(model, x, y.astype(np.float32), 2500)
    return Case(model, x, y, f"{users} users, {items} items")


@well(keras_2=False)
def images_of_digits(kit: Kit) -> Case:
    """Eight by eight grey values in 0 to 1 into 128-64-10, with dropout: the tutorial of every framework."""
    problem = _table(kit, "digits")
    from sklearn.datasets import load_digits

    x = (load_digits().data / 16).astype(np.float32)
    layers = [kit.dense(128, "relu"), kit.layers.Dropout(0.2), kit.dense(64, "relu")]
    head = Head("softmax", "sparse_categorical_crossentropy", problem.y, ("accuracy",))
    return _taught(kit, Problem(x, problem.y, "classes", 10), head, layers, "digits", rate=0.002, updates=1500)


@well()
def hours_of_the_day(kit: Kit) -> Case:
    """A load by hour and temperature, the hour as sine and cosine."""
    rows = kit.whole(1000, 3000)
    hour, warm = kit.rng.uniform(0, 24, rows), kit.rng.normal(size=rows)
    y = np.cos((hour - 18) / 24 * 2 * math.pi) + 0.5 * np.square(warm) + 0.1 * kit.rng.normal(size=rows)
    x = np.column_stack([np.sin(hour / 12 * math.pi), np.cos(hour / 12 * math.pi), warm]).astype(np.float32)
    problem = Problem(x, standard(y[:, None]).astype(np.float32), "regression", 1)
    return _taught(kit, problem, Head(None, kit.pick("mse", "mae"), problem.y), _body(kit), "hours")


@well()
def noisy_but_learned(kit: Kit) -> Case:
    """Half of the variance is noise, many rows: what can be learned has been."""
    problem = kit.regression(rows=kit.whole(3000, 6000), features=kit.whole(2, 8), noise=kit.real(0.7, 1.0))
    layers = [kit.dense(32, "relu"), kit.dense(16, "relu")]
    return _taught(kit, problem, Head(None, "mse", problem.y), layers, "half noise", updates=1200, rate=0.003)


@well()
def decayed_weights(kit: Kit) -> Case:
    """AdamW, L2 and a light dropout, as recipes have them."""
    problem = kit.problem("regression", "classes", rows=kit.whole(1000, 3000))
    head = kit.head(problem)
    ridge = kit.keras.regularizers.l2(kit.real(1e-6, 3e-5))
    layers = [kit.dense(64, "relu", kernel_regularizer=ridge), kit.layers.Dropout(0.1), kit.dense(64, "relu")]
    model = kit.stack(problem.x.shape[1], *layers, kit.dense(problem.width, head.activation))
    kit.compile(model, head.loss, kit.optimizer("AdamW", 0.003), head.metrics)
    kit.fit_well(model, problem.x, head.y, 1500)
    return Case(model, problem.x, head.y, f"decay, {problem.task}")


@well()
def one_hot_of_a_table(kit: Kit) -> Case:
    """Numbers beside one-hot columns of two categories, a yes or no."""
    rows = kit.whole(1500, 4000)
    kinds = [kit.rng.integers(count, size=rows) for count in (kit.whole(3, 6), kit.whole(4, 9))]
    numbers = kit.rng.normal(size=(rows, 3))
    score = numbers @ kit.rng.normal(size=3) + sum(kit.rng.normal(size=10)[kind] for kind in kinds)
    y = (score + 0.3 * kit.rng.normal(size=rows) > np.median(score)).astype(np.float32)[:, None]
    x = np.column_stack([numbers, *(one_hot(kind, int(kind.max()) + 1) for kind in kinds)]).astype(np.float32)
    return _taught(kit, Problem(x, y, "binary", 1), Head("sigmoid", "binary_crossentropy", y), _body(kit), "one-hot")
