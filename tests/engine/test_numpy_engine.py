"""The forward pass in NumPy: what it shows on the way, and the rows and layers it refuses."""

import numpy as np
import pytest
from drawn_cases import Functional, Input, L, Sequential
from hand_built import Draft

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import Array, Config
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer


def test_pre_activations_are_shown_before_the_function() -> None:
    network = Sequential([Input((3,)), L.Dense(4, "relu"), L.Dense(1)]).network()
    shown: list[tuple[int, Array, Array]] = []
    rows = np.random.default_rng(0).normal(size=(5, 3))
    NumpyEngine(network).forward(rows, lambda *view: shown.append(view))
    assert [place for place, _, _ in shown] == [0, 1, 2]
    kernel, bias = (network.nodes[1].layer.weights[name].astype(float) for name in ("kernel", "bias"))
    np.testing.assert_array_equal(shown[1][1], rows @ kernel + bias)
    np.testing.assert_array_equal(shown[1][2], np.maximum(rows @ kernel + bias, 0))
    assert shown[2][1] is shown[2][2]


def test_overflow_from_bad_weights_is_no_warning() -> None:
    model = Sequential([Input((1,)), L.Dense(2, "exponential"), L.Dense(2, "softmax")])
    model.layers[0].set_weights([np.full((1, 2), 1e30), np.full(2, np.nan)])
    (output,) = NumpyEngine(model.network()).forward(np.ones((2, 1)))
    assert np.isnan(output).all()


def test_zero_rows_pass() -> None:
    network = Sequential([Input((4, 2)), L.Flatten(), L.Dense(3), L.Softmax()]).network()
    assert NumpyEngine(network).forward(np.zeros((0, 8)))[0].shape == (0, 3)


def test_wrong_width_is_an_input_error() -> None:
    inputs = [Input((2,)), Input((3,))]
    network = Functional(inputs, L.Dense(1)(L.Concatenate()(inputs))).network()
    with pytest.raises(InputError, match="takes 5 features, but got 4"):
        NumpyEngine(network).forward(np.zeros((2, 4)))


def test_open_input_length_follows_the_columns() -> None:
    entry = Input((None, 2))
    network = Functional(entry, L.Dense(3)(entry)).network()
    assert NumpyEngine(network).forward(np.zeros((2, 8)))[0].shape == (2, 4, 3)
    with pytest.raises(InputError, match="shape"):
        NumpyEngine(network).forward(np.zeros((2, 7)))


@pytest.mark.parametrize("wrong", [-1.0, 5.0, np.nan])
def test_an_id_outside_the_embedding_is_named(wrong: float) -> None:
    network = Sequential([Input((1,)), L.Embedding(5, 2, name="words")]).network()
    with pytest.raises(InputError, match=r"'words' got the id \S+, but its embedding holds the ids 0 to 4"):
        NumpyEngine(network).forward(np.array([[0.0], [wrong]]))


CUSTOM = {"module": "mine", "class_name": "function", "config": "bend", "registered_name": "mine>bend"}
QUANTIZED = {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {"name": "int8_from_float32"}}


@pytest.mark.parametrize(
    ("kind", "config", "reason"),
    [
        ("Dense", {"units": 2, "activation": CUSTOM}, "has the custom activation .*bend"),
        ("Activation", {"activation": CUSTOM}, "has the custom activation .*bend"),
        ("EinsumDense", {"equation": "ab,bc->ac"}, "is of the kind EinsumDense"),
        ("Lambda", {}, "is of the kind Lambda"),
        ("ops.Multiply", {}, r"is of the kind ops\.Multiply"),
        ("Dense", {"units": 2, "dtype": QUANTIZED}, "is quantized"),
        ("Dense", {"units": 2, "lora_rank": 2}, "holds LoRA weights"),
        ("BatchNormalization", {"renorm": True}, "uses batch renormalization"),
        ("BatchNormalization", {"virtual_batch_size": 8}, "uses virtual batches"),
        ("Concatenate", {"axis": 0}, "joins tensors along the batch"),
    ],
)
def test_unknown_layers_are_named(kind: str, config: Config, reason: str) -> None:
    draft = Draft(2)
    with pytest.raises(UnsupportedLayer, match=f"layer 'odd' {reason}"):
        NumpyEngine(draft.network(draft.call(kind, 0, name="odd", **config)))
