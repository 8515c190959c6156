"""Arrays as a model: however they are named and laid out, the network is the same; what does not fit is told."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import FIXTURES
from shell import run

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import ArrayOptions, Network
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.readers.models.weight_arrays import read_arrays

RNG = np.random.default_rng(0)
KERNELS = [RNG.normal(size=shape) for shape in ((3, 5), (5, 4), (4, 2))]
BIASES = [RNG.normal(size=size) for size in (5, 4, 2)]
LAYERS = "tanh,relu,linear"
X = RNG.normal(size=(6, 3))


def expected(x: Any) -> Any:  # noqa: ANN401  arrays
    hidden = np.maximum(np.tanh(x @ KERNELS[0] + BIASES[0]) @ KERNELS[1] + BIASES[1], 0)
    return hidden @ KERNELS[2] + BIASES[2]


def interleaved() -> list[Any]:
    return [array for pair in zip(KERNELS, BIASES, strict=True) for array in pair]


def named(kernel: str, bias: str, start: int = 1) -> dict[str, Any]:
    found = {kernel.format(place): values for place, values in enumerate(KERNELS, start)}
    return found | {bias.format(place): values for place, values in enumerate(BIASES, start)}


def shaped(*shape: int) -> dict[str, Any]:
    found = named("W{}", "b{}")
    return {name: values.reshape(*shape) if name[0] == "b" else values for name, values in found.items()}


LAYOUTS: dict[str, dict[str, Any]] = {
    "W1, b1": named("W{}", "b{}"),
    "w0, b0": named("w{}", "b{}", 0),
    "weights_0, biases_0": named("weights_{}", "biases_{}", 0),
    "coefs_0, intercepts_0": named("coefs_{}", "intercepts_{}", 0),
    "theta1, bias1": named("theta1{}", "bias1{}"),
    "rows of biases": shaped(1, -1),
    "columns of biases": shaped(-1, 1),
    "in order": {f"arr_{place}": values for place, values in enumerate(interleaved())},
    "one kind after the other": {f"arr_{place}": values for place, values in enumerate(KERNELS + BIASES)},
    "torch": {name: values.T for name, values in named("layer{}.weight", "layer{}.bias").items()},
    "torch, Sequential": {name: values.T for name, values in named("net.{}.weight", "net.{}.bias", 7).items()},
    "columns": {name: values.T for name, values in named("W{}", "b{}").items()},
}  # fmt: skip
TURNED = {"torch", "torch, Sequential", "columns"}


def written(folder: Path, arrays: dict[str, Any]) -> str:
    np.savez(folder / "weights.npz", **arrays)
    return str(folder / "weights.npz")


def outputs(network: Network, x: Any = X) -> Any:  # noqa: ANN401
    return NumpyEngine(network).forward(x)[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_network_is_the_same(tmp_path: Path, layout: str) -> None:
    network = read_arrays(written(tmp_path, LAYOUTS[layout]), ArrayOptions(LAYERS))
    np.testing.assert_allclose(outputs(network), expected(X), rtol=1e-12)
    assert ("transposed" in network.format) is (layout in TURNED)


def test_square_kernels_are_taken_as_they_are_and_those_of_torch_turned(tmp_path: Path) -> None:
    square = RNG.normal(size=(3, 3))
    plain = read_arrays(written(tmp_path, {"W1": square}), ArrayOptions("linear"))
    np.testing.assert_allclose(outputs(plain), X @ square)
    turned = read_arrays(written(tmp_path, {"fc1.weight": square}), ArrayOptions("linear"))
    np.testing.assert_allclose(outputs(turned), X @ square.T)
    assert turned.format == ("arrays: fc1.weight without a bias; kernels are transposed, stored as (outputs, inputs)")


def test_twelve_layers_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    sizes = [3, *range(4, 15), 2]
    arrays = {f"W{place}": RNG.normal(size=pair) for place, pair in enumerate(pairwise(sizes), 1)}
    network = read_arrays(written(tmp_path, arrays), ArrayOptions(",".join(["linear"] * 12)))
    assert [node.layer.name for node in network.nodes[1:]] == [f"W{place}" for place in range(1, 13)]


@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=5),
    st.sampled_from(["W{}", "weights_{}", "coefs_{}"]),
    st.booleans(),
    st.integers(0, 3),
)
def test_any_widths_and_names(tmp_path_factory: Any, sizes: list[int], name: str, turned: bool, start: int) -> None:  # noqa: ANN401, FBT001
    rng = np.random.default_rng(1)
    kernels = [rng.normal(size=pair) for pair in pairwise(sizes)]
    biases = {f"b{place}": rng.normal(size=size) for place, size in enumerate(sizes[1:], start)}
    stored = {name.format(place): values.T if turned else values for place, values in enumerate(kernels, start)}
    path = written(tmp_path_factory.mktemp("any"), stored | biases)
    network = read_arrays(path, ArrayOptions(",".join(["tanh"] * len(kernels))))
    if turned and "transposed" not in network.format:  # they fit either way
        assert network.input_width == kernels[0].T.shape[0]
        return
    a = x = rng.normal(size=(4, sizes[0]))
    for kernel, bias in zip(kernels, biases.values(), strict=True):
        a = np.tanh(a @ kernel + bias)
    np.testing.assert_allclose(outputs(network, x), a, rtol=1e-9, atol=1e-12)


SPECS = {
    "layers.toml": 'layers = [{activation = "tanh", kernel = "a", bias = "c"}, {activation = "linear", kernel = "b"}]\n'
    'loss = "mse"\noptimizer = "adam"\nlearning_rate = 0.003\n',
    "layers.json": json.dumps(
        {
            "layers": [{"activation": "tanh", "kernel": "a", "bias": "c"}, {"activation": "linear", "kernel": "b"}],
            "loss": "mse",
            "optimizer": "adam",
            "learning_rate": 0.003,
        }
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_file_says_more(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SPECS[name], encoding="utf-8")
    path = written(tmp_path, {"b": KERNELS[1], "c": BIASES[0], "a": KERNELS[0]})
    network = read_arrays(path, ArrayOptions(str(tmp_path / name)))
    np.testing.assert_allclose(outputs(network), np.tanh(X @ KERNELS[0] + BIASES[0]) @ KERNELS[1])
    assert network.optimizer is not None
    assert (network.optimizer.name, network.optimizer.learning_rate) == ("Adam", 0.003)
    assert network.losses[0] is not None
    assert network.losses[0].name == "mse"
    other = read_arrays(path, ArrayOptions(str(tmp_path / name), "sgd", 0.1))
    assert other.optimizer is not None
    assert (other.optimizer.name, other.optimizer.learning_rate) == ("SGD", 0.1)


GOOD = named("W{}", "b{}")
SHAPES = r"do not follow each other: W1 \(3, 5\), b1 \(5,\), W2 \(7, 4\)"
NAMES = r"names 2 activations, and there are 3 kernels \(W1 \(3, 5\), W2"
UNNAMED = {"p": KERNELS[0], "q": KERNELS[0], "r": BIASES[0]}
BAD: dict[str, tuple[dict[str, Any], ArrayOptions, str]] = {
    "too few names": (GOOD, ArrayOptions("tanh,linear"), NAMES),
    "no such activation": (GOOD, ArrayOptions("tanh,rleu,linear"), "no activation 'rleu'; did you mean relu"),
    "no such optimizer": (GOOD, ArrayOptions(LAYERS, "sdg"), "no optimizer 'sdg'; did you mean SGD"),
    "a rate of nobody": (GOOD, ArrayOptions(LAYERS, None, 0.1), "--learning-rate needs --optimizer"),
    "a rate below zero": (GOOD, ArrayOptions(LAYERS, "sgd", -0.1), "-0.1 is no learning rate; expected a number above"),
    "shapes": (GOOD | {"W2": np.ones((7, 4))}, ArrayOptions(LAYERS), SHAPES),
    "a bias too short": (GOOD | {"b2": np.ones(3)}, ArrayOptions(LAYERS), "do not follow each other"),
    "a bias of nobody": (GOOD | {"b9": np.ones(3)}, ArrayOptions(LAYERS), "cannot tell which bias belongs to which"),
    "no order": (UNNAMED, ArrayOptions("tanh"), "cannot tell kernels from biases"),
    "texts": (GOOD | {"W1": np.array(["a"])}, ArrayOptions(LAYERS), "the array W1 holds <U1; expected numbers"),
    "objects": (GOOD | {"W1": np.array([None])}, ArrayOptions(LAYERS), "cannot be read as arrays of numbers"),
    "nothing": ({}, ArrayOptions(LAYERS), "holds no arrays"),
    "no file": (GOOD, ArrayOptions("nowhere.toml"), "nowhere.toml: cannot be read: No such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_says_what_was_found_and_what_is_expected(tmp_path: Path, name: str) -> None:
    arrays, options, message = BAD[name]
    with pytest.raises(InputError, match=message):
        read_arrays(written(tmp_path, arrays), options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers = 3\n", 'expected layers = \\["tanh", "linear"\\]'),
        ("layer = []\n", "layer is not known; did you mean layers"),
        ('layers = ["tanh", 3, "linear"]\n', "layer 2 is 3; expected an activation, or a table"),
        ('layers = [{kernle = "a"}]\n', "layer 1: kernle is not known; did you mean kernel"),
        ('layers = ["tanh", "relu", "linear"]\ntransposed = 1\n', "transposed is 1; expected true or false"),
        ("layers = [\n", "cannot be read"),
    ],
)
def test_a_bad_file_of_layers_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "layers.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_arrays(written(tmp_path, GOOD), ArrayOptions(str(tmp_path / "layers.toml")))


def test_no_file_and_no_archive_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_arrays(str(tmp_path / "none.npz"), ArrayOptions(LAYERS))
    (tmp_path / "text.npz").write_text("W1", encoding="utf-8")
    with pytest.raises(InputError, match=r"is no \.npz file of arrays"):
        read_arrays(str(tmp_path / "text.npz"), ArrayOptions(LAYERS))
    with pytest.raises(InputError, match="--max-bytes allows 100"):
        read_arrays(written(tmp_path, GOOD), ArrayOptions(LAYERS), max_bytes=100)


@pytest.mark.slow
def test_check_finds_in_the_arrays_what_it_finds_in_the_model(tmp_path: Path) -> None:
    """The weights that the seed post's network was left with, saved as its author would."""
    model, data = FIXTURES / "numpy-cosine" / "model.keras", FIXTURES / "numpy-cosine" / "data.npz"
    dense = [layer.weights for layer in read_network(str(model)).layers if layer.weights]
    arrays = {f"W{place}": weights["kernel"] for place, weights in enumerate(dense, 1)}
    arrays |= {f"b{place}": weights["bias"].reshape(1, -1) for place, weights in enumerate(dense, 1)}
    words = ("--layers", "tanh,tanh,tanh,tanh", "--loss", "mse", "--optimizer", "sgd", "--learning-rate", 0.01)
    done = run(tmp_path, "check", written(tmp_path, arrays), data, *words, "--format", "json")
    whole = run(tmp_path, "check", model, data, "--format", "json")
    assert done.status == whole.status == 1
    assert (
        done.err == f"mlpdoctor: {tmp_path / 'weights.npz'}: arrays: W1 with b1, W2 with b2, W3 with b3, W4 with b4\n"
    )
    mine, theirs = (json.loads(one.out) for one in (done, whole))
    assert [one["code"] for one in mine["findings"]] == [one["code"] for one in theirs["findings"]]
    assert mine["ladder"]["rungs"] == theirs["ladder"]["rungs"]
    assert (mine["model"]["optimizer"], mine["model"]["learning_rate"]) == ("SGD", 0.01)


def test_options_that_need_layers_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert "--optimizer goes with --layers" in run(tmp_path, "check", path, "--optimizer", "sgd").line
    assert "--confirm trains a saved Keras model" in run(tmp_path, "check", path, "--layers", LAYERS, "--confirm").line
    assert "name its activations: --layers tanh,linear" in run(tmp_path, "check", path).line


def test_first_weights_are_not_judged_as_trained(tmp_path: Path) -> None:
    """Biases that are all still zero: what such a network loses is no fault of its training."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "w.npz", W1=rng.normal(size=(2, 5)), b1=np.zeros(5), W2=rng.normal(size=(5, 1)), b2=np.zeros(1))
    x = rng.normal(size=(60, 2))
    np.savez(tmp_path / "d.npz", x=x, y=np.sin(x[:, :1]))
    done = run(tmp_path, "check", "w.npz", "d.npz", "--layers", "tanh,linear", "--loss", "mse", "--no-config")
    assert done.status == 0
    assert "It has not been trained yet" in " ".join(done.out.split())
