"""Networks drawn without Keras are those that Keras saves and the reader reads: the graph, configurations, state."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drawn_cases
import keras
import model_cases
import numpy as np
import pytest

from mlpdoctor.core.network import KERAS_3, Array, Layer, LossConfig, Network
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.nn.losses.registry import build
from mlpdoctor.readers.models.model import read_network

Draw = Callable[[Any, Any], Any]
COUNTED = re.compile(r"\binput_layer(_\d+)?$")
"""The name of an input that was given none: it counts all that this process has made."""


@dataclass(frozen=True)
class Toolkit:
    """One vocabulary, in two hands."""

    L: Any
    Input: Any
    Model: Any
    Sequential: Any
    optimizers: Any
    schedules: Any
    losses: Any
    initializers: Any
    regularizers: Any
    constraints: Any
    stack: Any
    compiled: Any


WITHOUT = Toolkit(
    drawn_cases.L,
    drawn_cases.Input,
    drawn_cases.Functional,
    drawn_cases.Sequential,
    drawn_cases.optimizers,
    drawn_cases.schedules,
    drawn_cases.losses,
    drawn_cases.initializers,
    drawn_cases.regularizers,
    drawn_cases.constraints,
    drawn_cases.stack,
    drawn_cases.compiled,
)
WITH = Toolkit(
    keras.layers, keras.Input, keras.Model, keras.Sequential, keras.optimizers, keras.optimizers.schedules,
    keras.losses, keras.initializers, keras.regularizers, keras.constraints, model_cases.stack, model_cases.compiled,
)  # fmt: skip


def plain(k: Toolkit) -> Any:  # noqa: ANN401
    return k.compiled(k.stack(3, k.L.Dense(4, "relu", name="one"), k.L.Dense(2, name="two")))


def fresh(k: Toolkit) -> Any:  # noqa: ANN401
    model = k.stack(3, k.L.Dense(4, "tanh", name="one", kernel_initializer="he_normal"), k.L.Dense(1, name="two"))
    model.compile("sgd", "mae", metrics=["mse", "mae"])
    return model


def bare(k: Toolkit) -> Any:  # noqa: ANN401
    return k.stack(2, k.L.Dense(3, k.L.LeakyReLU(name="leak"), name="one"), k.L.Dense(1, use_bias=False, name="two"))


def normalised(k: Toolkit) -> Any:  # noqa: ANN401
    norm = k.L.Normalization(name="scale")
    norm.adapt(np.random.default_rng(0).normal(3, 2, (50, 5)))
    layers = [
        norm,
        k.L.Dense(6, name="one"),
        k.L.BatchNormalization(name="batch"),
        k.L.Activation("gelu", name="bend"),
        k.L.LayerNormalization(name="rows"),
        k.L.UnitNormalization(name="unit"),
        k.L.Rescaling(0.5, 1.0, name="rescaled"),
        k.L.Dense(2, name="two"),
    ]
    return k.compiled(k.stack(5, *layers), optimizer=k.optimizers.AdamW(0.002))


def noisy(k: Toolkit) -> Any:  # noqa: ANN401
    layers = [
        k.L.GaussianNoise(0.1, name="noise"),
        k.L.Dense(8, "selu", name="one", kernel_initializer="lecun_normal"),
        k.L.AlphaDropout(0.1, name="alpha"),
        k.L.GaussianDropout(0.2, name="gauss"),
        k.L.Dropout(0.3, name="drop"),
        k.L.Dense(1, "sigmoid", name="two"),
    ]
    loss = k.losses.BinaryCrossentropy(label_smoothing=0.1)
    return k.compiled(k.stack(3, *layers), loss, optimizer=k.optimizers.SGD(0.1, momentum=0.9, clipnorm=1.0))


def activations(k: Toolkit) -> Any:  # noqa: ANN401
    layers = [
        k.L.PReLU(name="prelu"),
        k.L.ReLU(6.0, name="relu"),
        k.L.LeakyReLU(0.1, name="leaky"),
        k.L.ELU(0.5, name="elu"),
        k.L.ActivityRegularization(0.1, name="active"),
        k.L.Identity(name="same"),
        k.L.Softmax(name="soft"),
    ]
    loss = k.losses.CategoricalCrossentropy()
    return k.compiled(k.stack(3, *layers), loss, optimizer=k.optimizers.RMSprop(0.003, momentum=0.5, centered=True))


def penalised(k: Toolkit) -> Any:  # noqa: ANN401
    hidden = k.L.Dense(
        4,
        "relu",
        name="one",
        kernel_regularizer=k.regularizers.L2(0.1),
        bias_regularizer=k.regularizers.L1L2(0.2, 0.3),
        kernel_constraint=k.constraints.MaxNorm(3.0),
        bias_constraint=k.constraints.NonNeg(),
        kernel_initializer=k.initializers.RandomNormal(stddev=0.2),
        bias_initializer=k.initializers.Constant(0.5),
        activity_regularizer=k.regularizers.L2(0.01),
    )
    last = k.L.Dense(2, name="two", kernel_initializer=k.initializers.RandomUniform(-0.1, 0.3), kernel_regularizer="l2")
    schedule = k.schedules.ExponentialDecay(0.1, 100, 0.5)
    return k.compiled(k.stack(3, hidden, last), optimizer=k.optimizers.Adam(schedule, amsgrad=True))


def joined(k: Toolkit) -> Any:  # noqa: ANN401
    left, right = k.Input((3,), name="left"), k.Input((2,), name="right")
    up, down = k.L.Dense(4, "relu", name="up")(left), k.L.Dense(4, name="down")(right)
    parts = [
        k.L.Add(name="add")([up, down]),
        k.L.Subtract(name="less")([up, down]),
        k.L.Multiply(name="times")([up, down]),
        k.L.Average(name="mean")([up, down, up]),
        k.L.Maximum(name="most")([up, down]),
        k.L.Minimum(name="least")([down, up]),
        k.L.Dot(1, name="dot")([up, down]),
    ]
    whole = k.L.Concatenate(name="whole")([right, *parts])
    return k.compiled(k.Model([left, right], k.L.Dense(1, name="out")(whole)), optimizer=k.optimizers.Nadam())


def skipped(k: Toolkit) -> Any:  # noqa: ANN401
    entry = k.Input((3,), name="entry")
    deep = k.L.Dense(3, "relu", name="b")(k.L.Dense(3, "relu", name="a")(entry))
    outputs = [k.L.Dense(1, name="z")(k.L.Add(name="sum")([entry, deep])), k.L.Dense(2, name="y")(entry)]
    return k.compiled(k.Model(entry, outputs), ["mse", "mae"], loss_weights=[1.0, 0.5], optimizer=k.optimizers.Lion())


def shared(k: Toolkit) -> Any:  # noqa: ANN401
    one, two = k.Input((3,), name="one"), k.Input((3,), name="two")
    twice = k.L.Dense(4, "tanh", name="twice")
    ahead = k.L.Dense(3, name="ahead")(two)
    outputs = k.L.Dense(1, name="out")(k.L.Concatenate(name="beside")([twice(one), twice(ahead)]))
    return k.compiled(k.Model([one, two], outputs), optimizer=k.optimizers.Adagrad(0.1))


def nested(k: Toolkit) -> Any:  # noqa: ANN401
    layers = [k.L.Dense(4, "relu", name="in"), k.L.BatchNormalization(name="norm"), k.L.Dense(2, name="end")]
    body = k.Sequential([k.Input((3,), name="door"), *layers], name="body")
    way = k.Input((2,), name="way")
    tail = k.Model(way, [k.L.Dense(2, name="l")(way), k.L.Dense(2, "tanh", name="r")(way)], name="tail")
    entry = k.Input((3,), name="entry")
    left, right = tail(body(entry))
    body.trainable = False
    outputs = k.L.Dense(1, name="out")(k.L.Add(name="sum")([left, right]))
    return k.compiled(k.Model(entry, outputs), optimizer=k.optimizers.Adamax())


def frozen(k: Toolkit) -> Any:  # noqa: ANN401
    model = k.stack(
        3, k.L.Dense(4, "relu", name="one"), k.L.Dense(4, name="two", trainable=False), k.L.Dense(1, name="o")
    )
    model.get_layer("one").trainable = False
    return k.compiled(model, k.losses.Huber(), optimizer=k.optimizers.Adadelta(1.0))


def shaped(k: Toolkit) -> Any:  # noqa: ANN401
    entry = k.Input((2, 3), name="entry")
    seen = k.L.SpatialDropout1D(0.1, name="spatial")(k.L.Permute((2, 1), name="turned")(entry))
    flat = k.L.Reshape((6,), name="shaped")(k.L.Flatten(name="flat")(seen))
    again = k.L.Flatten(name="again")(k.L.RepeatVector(2, name="repeated")(flat))
    outputs = k.L.Dense(3, "softmax", name="out")(again)
    return k.compiled(
        k.Model(entry, outputs), k.losses.SparseCategoricalCrossentropy(), optimizer=k.optimizers.Ftrl(0.1)
    )


def words(k: Toolkit) -> Any:  # noqa: ANN401
    entry = k.Input((2,), name="entry")
    flat = k.L.Flatten(name="flat")(k.L.Embedding(5, 3, name="looked")(entry))
    return k.compiled(k.Model(entry, k.L.Dense(1, name="out")(flat)), optimizer=k.optimizers.Lamb())


def unused(k: Toolkit) -> Any:  # noqa: ANN401
    one, two = k.Input((3,), name="one"), k.Input((2,), name="two")
    return k.compiled(k.Model([one, two], k.L.Dense(1, name="out")(one)), optimizer=k.optimizers.SGD(0.1))


CASES = (
    plain, fresh, bare, normalised, noisy, activations, penalised, joined, skipped, shared, nested, frozen, shaped,
    words, unused,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_network_is_the_one_that_keras_saves(case: Callable[[Toolkit], Any], tmp_path: Path) -> None:
    drawn, made = case(WITHOUT), case(WITH)
    weights = {path: layer for path, layer in drawn.owners if layer.weights}
    theirs = owned(made)
    assert weights.keys() == theirs.keys()
    rng = np.random.default_rng(0)
    for path, layer in theirs.items():
        assert [v.name for v in layer.weights] == [v.name for v in weights[path].weights]
        values = [np.abs(rng.normal(size=v.shape)) * (v.name != "count") for v in layer.weights]
        weights[path].set_weights(values)
        layer.set_weights(values)
    made.save(tmp_path / "model.keras")
    same(drawn.network(), read_network(str(tmp_path / "model.keras")))


def owned(model: Any, above: str = "") -> dict[str, Any]:  # noqa: ANN401
    found: dict[str, Any] = {}
    for layer in model.layers:
        inner = owned(layer, f"{above}{layer.name}/") if hasattr(layer, "layers") else {above + layer.name: layer}
        found |= {path: one for path, one in inner.items() if one.weights}
    return found


def same(ours: Network, theirs: Network) -> None:
    assert [node.sources for node in ours.nodes] == [node.sources for node in theirs.nodes]
    assert [node.shape for node in ours.nodes] == [node.shape for node in theirs.nodes]
    assert (ours.inputs, ours.outputs, ours.output_names) == (theirs.inputs, theirs.outputs, theirs.output_names)
    assert (ours.loss_weights, ours.metrics) == (theirs.loss_weights, theirs.metrics)
    assert (ours.format, ours.nodes[0].layer.keras) == (theirs.format, KERAS_3)
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert described(mine) == described(other)
        assert list(mine.weights) == list(other.weights)
        for name, values in other.weights.items():
            np.testing.assert_array_equal(mine.weights[name], values)
            assert mine.weights[name].dtype == values.dtype or name == "count"
    assert list(map(meaning, ours.losses)) == list(map(meaning, theirs.losses))
    optimizers_agree(ours, theirs)
    rng = np.random.default_rng(1)
    x = rng.integers(0, 5, (7, ours.input_width or 0)).astype(float)
    for one, two in zip(answers(ours, x), answers(theirs, x), strict=True):
        np.testing.assert_array_equal(one, two)


def described(layer: Layer) -> tuple[Any, ...]:
    return plainly(layer.name), layer.kind, plainly(layer.config), layer.trainable, layer.keras, layer.registered


def plainly(value: Any) -> Any:  # noqa: ANN401  JSON
    """A configuration without what is a mere spelling: names of the session's counting, marks of shared objects."""
    if isinstance(value, dict):
        return {key: plainly(part) for key, part in value.items() if key != "shared_object_id" and part is not None}
    if isinstance(value, str):
        return COUNTED.sub("input_layer", value)
    return [plainly(part) for part in value] if isinstance(value, list | tuple) else value


def meaning(loss: LossConfig | None) -> object:
    return None if loss is None else build(loss)


def optimizers_agree(ours: Network, theirs: Network) -> None:
    mine, other = ours.optimizer, theirs.optimizer
    if mine is None or other is None:
        assert mine is other
        return
    assert (mine.name, mine.iterations, mine.learning_rate) == (other.name, other.iterations, other.learning_rate)
    assert {**plainly(mine.options), "name": ""} == {**plainly(other.options), "name": ""}
    assert mine.slots.keys() == other.slots.keys()
    for layer, weights in other.slots.items():
        for name, held in weights.items():
            assert mine.slots[layer][name].keys() == held.keys()
            for slot, values in held.items():
                np.testing.assert_array_equal(mine.slots[layer][name][slot], values)


def answers(network: Network, x: Array) -> list[Array]:
    return NumpyEngine(network).forward(x)
