"""Nothing is wrong with these: varied networks, really trained to a good state, and not one error or warning."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import L, Model, Table, alarms, compiled, examined, put, rungs, stack, told, train

datasets = pytest.importorskip("sklearn.datasets")


def standard(x: Table) -> Table:
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def diabetes() -> tuple[Table, Table]:
    x, y = datasets.load_diabetes(return_X_y=True)
    return standard(x), standard(y[:, None])


def friedman(rows: int = 800, noise: float = 0.5) -> tuple[Table, Table]:
    x, y = datasets.make_friedman1(rows, n_features=7, noise=noise, random_state=0)
    return x, standard(y[:, None])


def houses() -> tuple[Table, Table]:
    """After the California houses: incomes, ages, rooms and a place with dear coasts; prices cut off at the top."""
    rng = np.random.default_rng(1)
    income, age = rng.lognormal(1.2, 0.45, 1500), rng.uniform(1, 52, 1500)
    rooms, place = rng.lognormal(1.6, 0.3, 1500), rng.uniform(0, 1, (1500, 2))
    coast = np.exp(-8 * np.square(place[:, 0] - place[:, 1]))
    price = np.minimum(0.4 * income + 0.05 * rooms + 1.5 * coast + 0.005 * age + 0.25 * rng.normal(size=1500), 5)
    return standard(np.column_stack([income, age, rooms, place])), price[:, None]


def sine(rows: int = 400, periods: float = 1.0) -> tuple[Table, Table]:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (rows, 1))
    return x, np.sin(2 * np.pi * periods * x / 2) + 0.05 * rng.normal(size=(rows, 1))


def product(rows: int = 600) -> tuple[Table, Table]:
    """Like XOR: no line does better than a constant."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (rows, 2))
    return x, x[:, :1] * x[:, 1:] + 0.02 * rng.normal(size=(rows, 1))


def corners() -> tuple[Table, Table]:
    return np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])


def noisy_line(rows: int = 700, noise: float = 0.5) -> tuple[Table, Table]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(rows, 4))
    return x, x @ [[1.0], [-0.5], [0.25], [0.0]] + noise * rng.normal(size=(rows, 1))


def flags() -> tuple[Table, Table]:
    """One-hot columns beside a number."""
    rng = np.random.default_rng(5)
    kind, size = rng.integers(0, 6, 900), rng.normal(size=900)
    y = np.where(kind < 3, size, -size) + 0.3 * kind + 0.1 * rng.normal(size=900)
    return np.column_stack([np.eye(6)[kind], size]), standard(y[:, None])


def classes() -> tuple[Table, Table]:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(700, 2))
    return x, (np.square(x).sum(axis=1, keepdims=True) < 1.4).astype(float)


def curves() -> tuple[Table, Table]:
    """Five features of rank two, bent; to be coded and decoded."""
    rng = np.random.default_rng(7)
    hidden = rng.uniform(-1, 1, (600, 2))
    x = np.tanh(hidden @ rng.normal(size=(2, 5))) + 0.3 * np.square(hidden) @ rng.normal(size=(2, 5))
    return x, x


def plane() -> tuple[Table, Table]:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 6)) + 0.02 * rng.normal(size=(500, 6))
    return x, x


def raw() -> tuple[Table, Table]:
    """Wild scales for a Normalization layer."""
    rng = np.random.default_rng(9)
    unit = rng.uniform(-1, 1, (600, 3))
    y = np.sin(3 * unit[:, :1]) + unit[:, 1:2] * unit[:, 2:]
    return unit * [25.0, 40_000.0, 0.01] + [1995.0, 60_000.0, 0.02], y + 0.05 * rng.normal(size=(600, 1))


def pixels() -> tuple[Table, Table]:
    x = np.random.default_rng(10).integers(0, 256, (600, 9)).astype(float)
    return x, np.sin(x[:, 4:5] / 60) + (x[:, :1] + x[:, 8:]) / 255


def several() -> tuple[Table, Table]:
    rng = np.random.default_rng(11)
    x = rng.uniform(-1, 1, (600, 3))
    y = np.column_stack([np.sin(3 * x[:, 0]), x[:, 0] * x[:, 1], np.square(x[:, 2])])
    return x, y + 0.03 * rng.normal(size=y.shape)


def sparse_few() -> tuple[Table, Table]:
    x = np.linspace(-1, 1, 12)[:, None]
    return x, np.abs(x)


def prices() -> tuple[Table, Table]:
    """Positive amounts with a long tail."""
    rng = np.random.default_rng(12)
    x = rng.normal(size=(900, 3))
    return x, np.exp(0.5 * x[:, :1] + 0.3 * x[:, 1:2] * x[:, 2:] + 0.1 * rng.normal(size=(900, 1)))


def ratings() -> tuple[Table, Table]:
    """Noisy whole numbers from repeated kinds of rows: the data floor holds much of the loss."""
    rng = np.random.default_rng(13)
    x = rng.integers(0, 4, (900, 2)) / 3
    return x, np.round(4 * x[:, :1] * x[:, 1:] + 0.7 * rng.normal(size=(900, 1)))


def many_layers(width: int, units: int, depth: int, activation: str, **options: str) -> Model:
    return stack(width, *[L.Dense(units, activation, **options) for _ in range(depth)], L.Dense(1))


def normed(width: int) -> Model:
    model = stack(width)
    for _ in range(2):
        for layer in (L.Dense(24, use_bias=False), L.BatchNormalization(momentum=0.9), L.ReLU()):
            model.add(layer)
    model.add(L.Dense(1))
    return model


def dropped(width: int) -> Model:
    return stack(width, L.Dense(64, "relu"), L.Dropout(0.1), L.Dense(32, "relu"), L.Dropout(0.1), L.Dense(1))


def layer_normed(width: int) -> Model:
    return stack(width, L.Dense(32), L.LayerNormalization(), L.Activation("gelu"), L.Dense(1))


def residual(width: int) -> Model:
    entry = keras.Input((width,))
    stream = L.Dense(16)(entry)
    for _ in range(3):
        stream = L.Add()([stream, L.Dense(16)(L.Dense(16, "relu")(stream))])
    return keras.Model(entry, L.Dense(1)(stream))


def dense_net(width: int) -> Model:
    entry = keras.Input((width,))
    stream = entry
    for _ in range(3):
        stream = L.Concatenate()([stream, L.Dense(12, "elu")(stream)])
    return keras.Model(entry, L.Dense(1)(stream))


def wide_and_deep(width: int) -> Model:
    entry = keras.Input((width,))
    return keras.Model(entry, L.Dense(1)(L.Concatenate()([entry, L.Dense(16, "relu")(L.Dense(32, "relu")(entry))])))


def gated(width: int) -> Model:
    entry = keras.Input((width,))
    gate = L.Multiply()([L.Dense(16, "sigmoid")(entry), L.Dense(16)(entry)])
    return keras.Model(entry, L.Dense(1)(gate))


def two_heads(width: int) -> Model:
    entry = keras.Input((width,))
    trunk = L.Dense(32, "relu")(entry)
    return keras.Model(entry, [L.Dense(2, name="first")(trunk), L.Dense(1, name="second")(L.Dense(16, "tanh")(trunk))])


def nested(width: int) -> Model:
    body = keras.Sequential([keras.Input((width,)), L.Dense(24, "swish"), L.Dense(24, "swish")], name="body")
    entry = keras.Input((width,))
    return keras.Model(entry, L.Dense(1)(body(entry)))


def adapted(width: int) -> Model:
    layer = L.Normalization()
    layer.adapt(raw()[0].astype(np.float32))
    return stack(width, layer, L.Dense(32, "tanh"), L.Dense(1))


def frozen_features(width: int) -> Model:
    """Random features and a trained readout."""
    model = stack(width, L.Dense(80, "relu", bias_initializer="random_normal", name="random"), L.Dense(1))
    model.get_layer("random").trainable = False
    return model


@dataclass(frozen=True)
class Case:
    """A network, its data, how it is trained, and the loss (as a share of the constant's) that makes it good."""

    make: Callable[[int], Model]
    data: Callable[[], tuple[Table, Table]]
    good: float
    loss: object = "mse"
    optimizer: str = "adam"
    epochs: int = 100
    rate: float = 0.01
    batch: int = 64


def deep(units: int, depth: int, activation: str, **options: str) -> Callable[[int], Model]:
    return lambda width: many_layers(width, units, depth, activation, **options)


CASES = {
    "diabetes, relu": Case(deep(16, 1, "relu"), diabetes, 0.55, epochs=40),
    "diabetes, tanh, mae": Case(deep(12, 2, "tanh"), diabetes, 0.75, "mae", epochs=30, rate=0.005),
    "diabetes, linear regression": Case(lambda w: stack(w, L.Dense(1)), diabetes, 0.5),
    "friedman, relu": Case(deep(64, 2, "relu"), friedman, 0.06),
    "friedman, selu": Case(deep(32, 2, "selu", kernel_initializer="lecun_normal"), friedman, 0.06),
    "friedman, mae": Case(deep(48, 2, "relu"), friedman, 0.25, "mae"),
    "friedman, sgd with momentum": Case(deep(32, 2, "tanh"), friedman, 0.1, optimizer="momentum", rate=0.05),
    "friedman, batch normalization": Case(normed, friedman, 0.08),
    "friedman, dropout": Case(dropped, friedman, 0.12, epochs=120),
    "friedman, layer normalization": Case(layer_normed, friedman, 0.08),
    "friedman, residual": Case(residual, friedman, 0.06),
    "houses, relu": Case(deep(32, 2, "relu"), houses, 0.25),
    "houses, gelu": Case(deep(32, 2, "gelu"), houses, 0.25),
    "houses, wide and deep": Case(wide_and_deep, houses, 0.25),
    "houses, mae, rmsprop": Case(deep(24, 2, "relu"), houses, 0.55, "mae", "rmsprop", rate=0.003),
    "sine, four layers of tanh": Case(deep(16, 4, "tanh"), sine, 0.03),
    "sine, sigmoid": Case(deep(24, 1, "sigmoid"), sine, 0.03, epochs=300, rate=0.05),
    "sine, softsign": Case(deep(24, 2, "softsign"), sine, 0.03),
    "sine of two periods, relu": Case(deep(48, 3, "relu"), lambda: sine(800, 2.0), 0.03),
    "product, relu": Case(deep(32, 2, "relu"), product, 0.05),
    "product, gate": Case(gated, product, 0.05),
    "product, elu dense net": Case(dense_net, product, 0.05),
    "product, leaky": Case(
        lambda w: stack(w, L.Dense(32), L.LeakyReLU(), L.Dense(32), L.PReLU(), L.Dense(1)), product, 0.05
    ),
    "xor corners": Case(deep(16, 1, "tanh"), corners, 1e-3, epochs=600, rate=0.05, batch=4),
    "noisy line, relu": Case(deep(16, 1, "relu"), noisy_line, 0.2, epochs=20),
    "noisy line, relu, much trained": Case(deep(64, 2, "relu"), noisy_line, 0.2),
    "noisy line, two linear layers": Case(lambda w: stack(w, L.Dense(8), L.Dense(1)), noisy_line, 0.2, epochs=60),
    "noisy line, tanh, mae": Case(deep(16, 1, "tanh"), noisy_line, 0.5, "mae", epochs=40),
    "very noisy line, relu": Case(deep(12, 1, "relu"), lambda: noisy_line(1000, 3.0), 0.95, epochs=12, rate=0.005),
    "flags, relu": Case(deep(32, 1, "relu"), flags, 0.05),
    "flags, nested swish": Case(nested, flags, 0.05),
    "classes, sigmoid and squared error": Case(
        lambda w: stack(w, L.Dense(24, "tanh"), L.Dense(1, "sigmoid")), classes, 0.15, epochs=150
    ),
    "curves, autoencoder": Case(
        lambda w: stack(w, L.Dense(24, "tanh"), L.Dense(2), L.Dense(24, "tanh"), L.Dense(w)), curves, 0.1, epochs=200
    ),
    "plane, linear autoencoder": Case(lambda w: stack(w, L.Dense(2), L.Dense(w)), plane, 0.01, epochs=150),
    "raw, normalization": Case(adapted, raw, 0.05, epochs=200),
    "pixels, rescaling": Case(
        lambda w: stack(w, L.Rescaling(1 / 127.5, offset=-1.0), L.Dense(48, "relu"), L.Dense(1)), pixels, 0.1
    ),
    "several targets": Case(lambda w: stack(w, L.Dense(48, "relu"), L.Dense(32, "relu"), L.Dense(3)), several, 0.05),
    "two heads": Case(two_heads, several, 0.3, ("mse", "mae"), epochs=150),
    "twelve points, relu": Case(deep(16, 1, "relu"), sparse_few, 0.01, epochs=400, batch=12),
    "prices, softplus": Case(
        lambda w: stack(w, L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1, "softplus")), prices, 0.1
    ),
    "ratings on repeated rows": Case(deep(24, 2, "relu"), ratings, 0.6),
    "random features": Case(frozen_features, product, 0.1, epochs=200, rate=0.02),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.series
def test_a_healthy_model_raises_no_alarm(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    keras.utils.set_random_seed(len(name))
    x, y = case.data()
    model = case.make(x.shape[1])
    optimizer = keras.optimizers.SGD(momentum=0.9) if case.optimizer == "momentum" else case.optimizer
    heads = isinstance(case.loss, tuple)
    model.compile(optimizer, list(case.loss) if isinstance(case.loss, tuple) else case.loss)
    train(model, x, [y[:, :2], y[:, 2:]] if heads else y, case.epochs, case.batch, case.rate)
    report = examined(tmp_path, model, x, y)
    ladder = rungs(report)
    assert ladder["model"] <= case.good * ladder["constant"], "not trained well enough to be called healthy"
    assert not alarms(report), (ladder, told(report))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_other_seeds_of_an_ordinary_model_raise_none_either(activation: str, seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(100 + seed)
    x, y = houses()
    model = many_layers(x.shape[1], 24, 2, activation)
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=40, batch=128), x, y)
    assert not alarms(report), (rungs(report), told(report))


@pytest.mark.parametrize("width", [1, 4])
def test_a_fresh_model_of_default_make_raises_none(width: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(width)
    x = rng.normal(size=(300, width))
    model = compiled(many_layers(width, 32, 2, "relu"), updates=0)
    assert not alarms(report := examined(tmp_path, model, x, np.sin(x[:, :1]))), told(report)


def test_a_model_that_gives_the_target_exactly_raises_none(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 100)[:, None]
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1)))
    put(model.get_layer("hidden"), [[1.0, -1.0]], [0.0, 0.0])
    put(model.layers[-1], [[1.0], [1.0]], [0.0])
    report = examined(tmp_path, model, x, np.abs(x))
    assert not alarms(report), told(report)
    assert rungs(report)["model"] < 1e-12


def test_a_constant_target_met_to_a_millionth_raises_none(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    model = compiled(stack(2, L.Dense(8, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.full((2, 8), 0.1), np.full(8, 9.0))
    put(model.get_layer("out"), np.zeros((8, 1)), [0.500001])
    report = examined(tmp_path, model, x, np.full((200, 1), 0.5))
    assert not alarms(report), told(report)
