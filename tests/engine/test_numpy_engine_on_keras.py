"""The forward pass on whole models of random make, against Keras, layer by layer; and what Keras saves beyond it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from effort import examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mlpdoctor.core.network import Array
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.readers.models.model import read_network

L = keras.layers
ACTIVATIONS = ["relu", "tanh", "sigmoid", "linear", "elu", "selu", "gelu", "softmax", "leaky_relu", "hard_sigmoid"]
NORMS = [L.BatchNormalization, L.LayerNormalization, L.UnitNormalization]
SUFFIXES = st.sampled_from(["keras", "h5"])


def body(draw: Callable[..., Any], width: int, tensor: Any) -> Any:  # noqa: ANN401
    """A random stretch of layers that keeps rank 2."""
    for _ in range(draw(st.integers(1, 4))):
        choice = draw(st.integers(0, 7))
        if choice <= 2:
            width = draw(st.integers(1, 6))
            tensor = L.Dense(width, draw(st.sampled_from(ACTIVATIONS)), use_bias=draw(st.booleans()))(tensor)
        elif choice == 3:
            tensor = draw(st.sampled_from(NORMS))(trainable=draw(st.booleans()))(tensor)
        elif choice == 4:
            tensor = draw(st.sampled_from([L.PReLU, L.LeakyReLU, L.ReLU, L.Softmax]))()(tensor)
        elif choice == 5:
            tensor = L.Dropout(0.3)(L.Activation(draw(st.sampled_from(ACTIVATIONS)))(tensor))
        elif choice == 6:  # a skip connection
            tensor = L.Add()([tensor, L.Dense(tensor.shape[-1])(tensor)])
        else:
            tensor = L.Concatenate()([tensor, L.Dense(2, name=f"my.own-{draw(st.integers(0, 10**9))}")(tensor)])
    return tensor


def sequential(draw: Callable[..., Any]) -> Any:  # noqa: ANN401
    model = keras.Sequential([keras.Input((draw(st.integers(1, 5)),))])
    for _ in range(draw(st.integers(1, 5))):
        model.add(L.Dense(draw(st.integers(1, 6)), draw(st.sampled_from(ACTIVATIONS))))
        if draw(st.booleans()):
            model.add(draw(st.sampled_from(NORMS))())
        model.layers[-1].trainable = draw(st.booleans())
    return model


def functional(draw: Callable[..., Any]) -> Any:  # noqa: ANN401
    inputs = [keras.Input((draw(st.integers(1, 4)),), name=f"in_{n}") for n in range(draw(st.integers(1, 3)))]
    parts = [body(draw, part.shape[-1], part) for part in inputs]
    joined = parts[0] if len(parts) == 1 else L.Concatenate()(parts)
    shared = L.Dense(3, "tanh")
    joined = L.Average()([shared(L.Dense(2)(joined)), shared(L.Dense(2)(joined))])
    outputs = [L.Dense(1, name=f"out_{n}")(joined) for n in range(draw(st.integers(1, 2)))]
    return keras.Model(inputs, outputs)


def nested(draw: Callable[..., Any]) -> Any:  # noqa: ANN401
    entry = keras.Input((3,))
    one = body(draw, 3, entry)
    inner = keras.Model(entry, [L.Dense(3)(one), L.Dense(2, "relu")(one)])
    tail = keras.Sequential([keras.Input((2,)), L.Dense(4, "tanh"), L.BatchNormalization(), L.Dense(2)])
    middle_entry = keras.Input((3,))
    wide, narrow = inner(middle_entry)
    middle = keras.Model(middle_entry, [wide, tail(tail(narrow))])
    outer = keras.Input((3,))
    wide, narrow = middle(outer)
    if draw(st.booleans()):
        wide, narrow = middle(wide)
    model = keras.Model(outer, L.Dense(2)(L.Concatenate()([wide, narrow, outer])))
    draw(st.sampled_from([inner, tail, middle, inner.layers[1], tail.layers[1], L.Identity()])).trainable = False
    return model


def randomized(model: Any, seed: int) -> Any:  # noqa: ANN401
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" not in variable.path:
            variable.assign(rng.uniform(0.1, 0.9, variable.shape) * rng.choice([1, -1] if variable.trainable else [1]))
    return model


def layers_agree(model: Any, path: Path, seed: int) -> None:  # noqa: ANN401
    randomized(model, seed).save(path)
    network = read_network(str(path))
    rng = np.random.default_rng(seed)
    features = [rng.normal(size=(7, *entry.shape[1:])).astype(np.float32) for entry in model.inputs]
    shown: dict[str, list[Array]] = {}

    def see(place: int, _: Array, output: Array) -> None:
        shown.setdefault(network.nodes[place].layer.name, []).append(output)

    rows = np.concatenate(features, axis=1).astype(np.float64)
    found = NumpyEngine(network).forward(rows, see)
    expected = model.predict(features if len(features) > 1 else features[0], verbose=0)
    for ours, theirs in zip(found, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    plain = [layer for layer in model.layers if hasattr(layer, "output") and layer.name in shown]
    probe = keras.Model(model.inputs, [layer._inbound_nodes[0].output_tensors[0] for layer in plain])  # noqa: SLF001
    inside = probe.predict(features if len(features) > 1 else features[0], verbose=0)
    for layer, theirs in zip(plain, inside if isinstance(inside, list) else [inside], strict=True):
        np.testing.assert_allclose(shown[layer.name][0], theirs, rtol=1e-3, atol=1e-4)


random_models = settings(
    max_examples=examples(6),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking a Keras model takes minutes
    suppress_health_check=list(HealthCheck),
)


# Keras advises against softmax over one unit; our readers must cope with what it advises against.
@pytest.mark.filterwarnings("ignore:(?s).*You are using a softmax over axis:UserWarning")
@random_models
@given(data=st.data(), suffix=SUFFIXES, seed=st.integers(0, 99))
@pytest.mark.parametrize("make", [sequential, functional, nested])
def test_random_models(
    make: Callable[[Callable[..., Any]], Any],
    data: st.DataObject,
    suffix: str,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    layers_agree(make(data.draw), tmp_path_factory.mktemp("m") / f"m.{suffix}", seed)


def saved(model: Any, tmp_path: Path, suffix: str = "keras") -> Any:  # noqa: ANN401
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    return read_network(str(path))


@keras.saving.register_keras_serializable("mine")  # type: ignore[untyped-decorator]
def bend(z: Any) -> Any:  # noqa: ANN401
    return z


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (lambda: L.Dense(2, activation=bend, name="odd"), "layer 'odd' has the custom activation .*bend"),
        (lambda: L.Activation(bend, name="odd"), "layer 'odd' has the custom activation .*bend"),
        (lambda: L.EinsumDense("ab,bc->ac", 2, name="odd"), "layer 'odd' is of the kind EinsumDense"),
        (lambda: L.Lambda(lambda z: z, name="odd"), "layer 'odd' is of the kind Lambda"),
    ],
)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_unknown_layers_are_named(layer: Callable[[], Any], reason: str, suffix: str, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), layer(), L.Dense(1, name="end")])
    network = saved(model, tmp_path, suffix)
    with pytest.raises(UnsupportedLayer, match=reason):
        NumpyEngine(network)
    assert network.layers[-1].weights["kernel"].shape == (2, 1)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_an_operation_is_no_layer(suffix: str, tmp_path: Path) -> None:
    entry = keras.Input((3,))
    model = keras.Model(entry, L.Dense(1)(keras.ops.multiply(L.Dense(3)(entry) + entry, 2.0)))
    with pytest.raises(UnsupportedLayer, match=r"ops\.Add.*ops\.Multiply"):
        NumpyEngine(saved(model, tmp_path, suffix))


def test_quantized_and_lora_layers_are_unknown(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8,)), L.Dense(4, name="small"), L.Dense(4, name="low")])
    model.layers[1].enable_lora(2)
    model.layers[0].quantize("int8")
    with pytest.raises(UnsupportedLayer, match="'small' is quantized; layer 'low' holds LoRA weights"):
        NumpyEngine(saved(model, tmp_path))
