"""A model in memory is read as the file that it would be saved to: layers, weights, losses, the optimizer's state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mlpdoctor.core.network import Layer, Network
from mlpdoctor.readers.models.live_keras import is_keras, read_live
from mlpdoctor.readers.models.model import read_network

L = keras.layers


def nested() -> Any:  # noqa: ANN401  Keras ships no types
    body = keras.Sequential([keras.Input((3,)), L.Dense(3, name="d"), L.BatchNormalization(name="n")], name="body")
    body.layers[0].trainable = False
    entry = keras.Input((3,))
    return keras.Model(entry, L.Dense(1)(L.Add()([body(entry), body(body(entry))])))


def of_two() -> Any:  # noqa: ANN401
    inputs = {"b": keras.Input((2,), name="b"), "a": keras.Input((1,), name="a")}
    joined = L.Concatenate()([L.Dense(2)(inputs["a"]), inputs["b"]])
    return keras.Model(inputs, {"one": L.Dense(1, name="one")(joined), "two": L.Dense(2, name="two")(joined)})


def normalised() -> Any:  # noqa: ANN401
    first = L.Normalization()
    first.adapt(np.random.default_rng(0).normal(2, 3, (20, 3)))
    return keras.Sequential([keras.Input((3,)), first, L.LayerNormalization(), L.Dense(2), L.PReLU(), L.Dense(1)])


def operations() -> Any:  # noqa: ANN401
    entry = keras.Input((3,))
    return keras.Model(entry, L.Dense(1)(keras.ops.tanh(L.Dense(4)(entry)) * 2))


MODELS: dict[str, Callable[[], Any]] = {
    "nested, shared and frozen": nested,
    "two inputs and outputs": of_two,
    "normalisation": normalised,
    "operations": operations,
    "images": lambda: keras.Sequential([keras.Input((6, 6, 1)), L.Conv2D(2, 3), L.Flatten(), L.Dense(1)]),
    "recurrent": lambda: keras.Sequential([keras.Input((5, 1)), L.Bidirectional(L.LSTM(2)), L.Dense(1)]),
    "words": lambda: keras.Sequential([keras.Input((5,)), L.Embedding(9, 2), L.Flatten(), L.Dense(1)]),
    "half precision": lambda: keras.Sequential([keras.Input((3,)), L.Dense(2, dtype="bfloat16"), L.Dense(1)]),
    "built by a call": lambda: keras.Sequential([L.Dense(2, "relu"), L.Dense(1)]),
}
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Adam": lambda: keras.optimizers.Adam(0.02, amsgrad=True),
    "SGD": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "schedule": lambda: keras.optimizers.RMSprop(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
    "loss scaling": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
}


def plain(config: Any) -> Any:  # noqa: ANN401  JSON
    """A configuration without the numbers that objects get in a file where they stand twice; nobody reads them."""
    if isinstance(config, dict):
        return {name: plain(value) for name, value in config.items() if name != "shared_object_id"}
    return [plain(value) for value in config] if isinstance(config, list) else config


def told(network: Network) -> Any:  # noqa: ANN401
    """All of a network but its file, with arrays as lists."""

    def of(layer: Layer) -> Any:  # noqa: ANN401
        weights = {name: np.asarray(values, np.float64).tolist() for name, values in layer.weights.items()}
        return layer.name, layer.kind, plain(layer.config), weights, layer.trainable, layer.registered

    optimizer = network.optimizer
    state = optimizer and (
        (optimizer.name, optimizer.options, optimizer.iterations, optimizer.learning_rate),
        {
            (layer, weight, slot): np.asarray(values).tolist()
            for layer, own in optimizer.slots.items()
            for weight, slots in own.items()
            for slot, values in slots.items()
        },
        [np.asarray(values).tolist() for _, values in optimizer.undealt],
    )
    nodes = [(of(node.layer), node.sources, node.shape) for node in network.nodes]
    names = network.name, network.inputs, network.outputs, network.output_names, network.keras_version
    return nodes, names, network.losses, network.loss_weights, network.metrics, state


def same(model: Any, folder: Path) -> None:  # noqa: ANN401
    model.save(folder / "model.keras")
    live = read_live(model)
    assert told(live) == told(read_network(str(folder / "model.keras")))
    assert (live.file, live.format) == ("model", "Keras 3 model in memory")


@pytest.mark.parametrize("name", MODELS)
def test_layers_weights_and_shapes(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    if not model.built:
        model(np.zeros((1, 3), np.float32))
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if "float" in str(variable.dtype):
            variable.assign(rng.uniform(0.5, 1, variable.shape))
    assert is_keras(model)
    same(model, tmp_path)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_the_optimizer(name: str, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, "tanh"), L.Dense(1)])
    model.compile(OPTIMIZERS[name](), "mse", metrics=["mae"], jit_compile=False)
    same(model, tmp_path)
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.iterations.assign(7)
    for variable in inner.variables:
        if len(variable.shape):
            variable.assign(rng.uniform(0.5, 1, variable.shape))
    same(model, tmp_path)


@pytest.mark.parametrize("loss", ["mae", ["mse", "mae"], {"one": "mse", "two": keras.losses.MeanAbsoluteError()}])
def test_losses_of_two_outputs(loss: Any, tmp_path: Path) -> None:  # noqa: ANN401
    model = of_two()
    model.compile("adam", loss, loss_weights={"one": 0.5, "two": 2.0} if isinstance(loss, dict) else [0.5, 2.0])
    same(model, tmp_path)


def test_the_options_of_a_loss_that_keras_does_not_save() -> None:
    model = keras.Sequential([keras.Input((3,)), L.Dense(1)])
    model.compile("adam", keras.losses.Huber(delta=2.5))
    (loss,) = read_live(model).losses
    assert loss is not None
    assert (loss.name, loss.options["delta"]) == ("Huber", 2.5)
