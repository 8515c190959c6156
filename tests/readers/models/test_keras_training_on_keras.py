"""Loss, optimizer, iterations, learning rate and slots, against what the live Keras objects hold."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit

from mlpdoctor.core.network import LossConfig, Network
from mlpdoctor.readers.models.model import read_network

L = keras.layers
O = keras.optimizers  # noqa: E741 - as L is layers
OPTIMIZERS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "sgd": (lambda: O.SGD(0.02), []),
    "momentum": (lambda: O.SGD(0.02, momentum=0.9), ["momentum"]),
    "rmsprop": (lambda: O.RMSprop(0.02), ["velocity"]),
    "rmsprop all": (
        lambda: O.RMSprop(0.02, momentum=0.5, centered=True),
        ["velocity", "momentum", "average_gradient"],
    ),
    "adam": (lambda: O.Adam(0.02), ["momentum", "velocity"]),
    "amsgrad": (lambda: O.Adam(0.02, amsgrad=True), ["momentum", "velocity", "velocity_hat"]),
    "adamw": (lambda: O.AdamW(0.02), ["momentum", "velocity"]),
    "nadam": (lambda: O.Nadam(0.02), ["momentum", "velocity"]),
    "adamax": (lambda: O.Adamax(0.02), ["momentum", "norm"]),
    "adagrad": (lambda: O.Adagrad(0.02), ["accumulator"]),
    "adadelta": (lambda: O.Adadelta(0.02), ["accumulated_grad", "accumulated_delta_var"]),
    "lion": (lambda: O.Lion(0.02), ["momentum"]),
    "ftrl": (lambda: O.Ftrl(0.02), ["accumulator", "linear"]),
    "lamb": (lambda: O.Lamb(0.02), ["momentum", "velocity"]),
    "averaged": (lambda: O.Adam(0.02, use_ema=True), ["average", "momentum", "velocity"]),
    "accumulated": (
        lambda: O.Adam(0.02, gradient_accumulation_steps=2),
        ["gradient_accumulator", "momentum", "velocity"],
    ),
}


def trained(optimizer: Any) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(3)
    entry = keras.Input((3,), name="entry")
    inner = keras.Sequential(
        [keras.Input((3,)), L.Dense(4, "tanh", name="a"), L.BatchNormalization(name="n")], name="inner"
    )
    frozen = L.Dense(4, name="frozen", trainable=False)
    model = keras.Model(entry, L.Dense(1, name="out")(frozen(inner(L.Dense(3, name="first")(entry)))))
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(0)
    return fit(model, rng.normal(size=(24, 3)), rng.normal(size=(24, 1)), batch=4)


@cache
def trained_by(name: str) -> Any:  # noqa: ANN401
    return trained(OPTIMIZERS[name][0]())


def slots(network: Network) -> Iterator[tuple[str, str, str, Any]]:
    assert network.optimizer is not None
    for layer, weights in network.optimizer.slots.items():
        for weight, named in weights.items():
            for slot, values in named.items():
                yield layer, weight, slot, values


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizer_state(name: str, suffix: str, tmp_path: Path) -> None:
    expected, model = OPTIMIZERS[name][1], trained_by(name)
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    network = read_network(str(path))
    found = network.optimizer
    assert found is not None
    assert found.name == type(model.optimizer).__name__
    assert found.iterations == int(model.optimizer.iterations) == (3 if name == "accumulated" else 6)
    assert found.learning_rate == pytest.approx(0.02)
    live = {variable.path.rpartition("/")[2]: np.asarray(variable) for variable in model.optimizer.variables}
    seen = list(slots(network))
    assert len(seen) == len(expected) * len(model.trainable_variables)
    for layer, weight, slot, values in seen:
        np.testing.assert_array_equal(values, live[f"{layer.replace('/', '_')}_{weight}_{slot}"])


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_changed_learning_rate_is_the_current_one(suffix: str, tmp_path: Path) -> None:
    model = trained(O.SGD(0.02))
    model.optimizer.learning_rate = 0.005
    model.save(tmp_path / f"model.{suffix}")
    optimizer = read_network(str(tmp_path / f"model.{suffix}")).optimizer
    assert optimizer is not None
    assert optimizer.learning_rate == pytest.approx(0.005)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_schedule_has_no_one_learning_rate(suffix: str, tmp_path: Path) -> None:
    model = trained(O.Adam(O.schedules.ExponentialDecay(0.01, 10, 0.5)))
    model.save(tmp_path / f"model.{suffix}")
    network = read_network(str(tmp_path / f"model.{suffix}"))
    assert network.optimizer is not None
    assert (network.optimizer.iterations, network.optimizer.learning_rate) == (6, None)
    assert len(list(slots(network))) == 2 * len(model.trainable_variables)


def test_loss_scaling_is_looked_through(tmp_path: Path) -> None:
    model = trained(O.LossScaleOptimizer(O.Adam(0.02)))
    model.save(tmp_path / "model.keras")
    optimizer = read_network(str(tmp_path / "model.keras")).optimizer
    assert optimizer is not None
    assert optimizer.name == "Adam"
    assert optimizer.learning_rate == pytest.approx(0.02)
    assert (optimizer.iterations, len(optimizer.slots)) == (6, 4)


def test_adafactor_is_left_without_slots(tmp_path: Path) -> None:
    model = trained(O.Adafactor(0.02))
    model.save(tmp_path / "model.keras")
    optimizer = read_network(str(tmp_path / "model.keras")).optimizer
    assert optimizer is not None
    assert (optimizer.iterations, dict(optimizer.slots)) == (6, {})


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_uncompiled_model(suffix: str, tmp_path: Path) -> None:
    keras.Sequential([keras.Input((2,)), L.Dense(1)]).save(tmp_path / f"model.{suffix}")
    network = read_network(str(tmp_path / f"model.{suffix}"))
    assert (network.optimizer, network.losses, network.loss_weights) == (None, (None,), (1.0,))


def my_own(y_true: Any, y_pred: Any) -> Any:  # noqa: ANN401
    return keras.ops.mean(keras.ops.abs(y_true - y_pred))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mse", ("mse",) * 2),
        (["mae", "mse"], ("mae", "mse")),
        ({"left": "mae", "right": "mse"}, ("mae", "mse")),
        (
            {"right": keras.losses.Huber(2.0), "left": keras.losses.mean_absolute_error},
            ("mean_absolute_error", "Huber"),
        ),
        ([my_own, keras.losses.BinaryCrossentropy(from_logits=True)], ("my_own", "BinaryCrossentropy")),
    ],
)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_losses_of_two_outputs(loss: Any, expected: tuple[str, ...], suffix: str, tmp_path: Path) -> None:  # noqa: ANN401
    entry = keras.Input((2,))
    model = keras.Model(entry, [L.Dense(1, name="left")(entry), L.Dense(1, name="right")(entry)])
    weights = {"right": 0.25, "left": 2.0} if isinstance(loss, dict) else [2.0, 0.25]
    model.compile("adam", loss, loss_weights=weights)
    model.save(tmp_path / f"model.{suffix}")
    network = read_network(str(tmp_path / f"model.{suffix}"))
    assert network.output_names == ("left", "right")
    assert tuple(found and found.name for found in network.losses) == expected
    assert network.loss_weights == (2.0, 0.25)
    if expected[1] == "BinaryCrossentropy":
        assert network.losses[1] is not None
        assert network.losses[1].options["from_logits"] is True


def test_losses_by_the_keys_of_a_dictionary(tmp_path: Path) -> None:
    entry = keras.Input((2,))
    model = keras.Model(entry, {"b": L.Dense(1, name="one")(entry), "a": L.Dense(2, name="two")(entry)})
    model.compile("adam", {"a": "mae", "b": "mse"}, loss_weights={"a": 3.0})
    model.save(tmp_path / "model.keras")
    network = read_network(str(tmp_path / "model.keras"))
    assert network.output_names == ("two", "one")
    assert network.output_widths == (2, 1)
    assert network.losses == (LossConfig("mae"), LossConfig("mse"))
    assert network.loss_weights == (3.0, 1.0)
