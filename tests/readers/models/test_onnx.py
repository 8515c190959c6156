"""ONNX files of perceptrons are read so that they compute what onnxruntime computes; what is not read says so."""

import json
import struct
import tempfile
from pathlib import Path

import foreign_models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import run

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Array, Network
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.readers.models.model import read_network

FOLDER = Path(__file__).parent / "foreign"
FILES = sorted(FOLDER.glob("*.onnx"))
ANSWERS = np.load(FOLDER / "answers.npz")
CLOSE = 2e-6
"""onnxruntime computes in single precision."""


def computed(network: Network, *inputs: Array) -> Array:
    values: list[Array] = []
    given = iter(inputs)
    for node in network.nodes:
        family = family_of(node.layer)
        assert family is not None
        entering = [values[source] for source in node.sources] or [next(given)]
        values.append(family.activation(node.layer).function(family.forward(node.layer, entering)))
    return values[network.outputs[0]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_computes_what_onnxruntime_does(path: Path) -> None:
    network = read_network(str(path))
    expected = ANSWERS[path.stem]
    found = computed(network, ANSWERS["x"].astype(np.float64))
    assert np.abs(found.reshape(expected.shape) - expected).max() < CLOSE
    assert network.format.startswith("ONNX model of ")


def scored(path: Path) -> Array:
    network = read_network(str(path))
    assert [network.nodes[place].layer.name for place in network.inputs] == ["user", "item"]
    assert [network.nodes[place].shape for place in network.inputs] == [(1,), (1,)]
    return computed(network, *(one[:, None].astype(np.float64) for one in foreign_models.IDS)).reshape(-1)


@pytest.mark.parametrize("name", ["deep", "product"])
def test_an_input_of_one_axis_picks_rows_of_a_table(name: str) -> None:
    expected = np.load(FOLDER / "ids" / "answers.npz")[name]
    assert np.abs(scored(FOLDER / "ids" / f"{name}.onnx") - expected).max() < CLOSE


def test_users_and_items_are_matched_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 4, 60), rng.integers(0, 5, 60)
    np.savez(tmp_path / "data.npz", item=item, user=user, y=rng.normal(size=60))
    words = ("--loss", "mse", "--format", "json")
    done = run(tmp_path, "check", FOLDER / "ids" / "deep.onnx", "data.npz", *words)
    assert done.err == ""
    assert json.loads(done.out)["data"]["features"] == ["user", "item"]
    np.savez(tmp_path / "data.npz", a=item, b=user, y=rng.normal(size=60))
    line = run(tmp_path, "check", FOLDER / "ids" / "deep.onnx", "data.npz", *words).line
    assert line.endswith("save them with numpy.savez(file, user=..., item=..., y=...)")


@pytest.mark.slow
@pytest.mark.series
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("name", ["deep", "product"])
def test_recommenders_that_pytorch_exports_today(name: str, new: bool, tmp_path: Path) -> None:  # noqa: FBT001
    for library in ("torch", "onnx", "onnxruntime", *(("onnxscript",) if new else ())):
        pytest.importorskip(library, reason=f"{library} is not installed")
    content = foreign_models.exported_ids(foreign_models.recommenders()[name], new=new)
    (tmp_path / "model.onnx").write_bytes(content)
    assert np.abs(scored(tmp_path / "model.onnx") - foreign_models.computed_of_ids(content)).max() < CLOSE


def column(dimensions: int) -> bytes:
    """An input of one axis that becomes a column and is halved by a kernel."""
    kernel = field(5, b"\x08\x01\x08\x01\x10\x01" + field(8, b"w") + field(9, struct.pack("<f", 0.5)))
    axes = field(
        5,
        bytes([8, dimensions, 16, 7]) + field(8, b"a") + field(9, struct.pack(f"<{dimensions}q", *[1, 1][:dimensions])),
    )
    turned = field(1, field(1, b"x") + field(1, b"a") + field(2, b"c") + field(4, b"Unsqueeze"))
    product = field(1, field(1, b"c") + field(1, b"w") + field(2, b"y") + field(4, b"MatMul"))
    return model(turned, product, kernel, axes, entry(4), OUT)


def test_an_input_of_one_axis_becomes_a_column(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(column(1))
    x = np.array([[2.0], [4.0]])
    assert computed(read_network(str(tmp_path / "model.onnx")), x).tolist() == [[1.0], [2.0]]
    (tmp_path / "model.onnx").write_bytes(column(2))
    assert "uses Unsqueeze" in refused(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("linear", [("dense_0", "linear"), ("dense_1", "linear")]),
        ("silu", [("dense_0", "silu"), ("dense_2", "softmax")]),
        ("mish", [("dense_0", "mish"), ("dense_2", "softmax")]),
        ("softplus", [("dense_0", "softplus"), ("dense_2", "softmax")]),
        ("hardtanh", [("dense_0", "hard_tanh"), ("dense_2", "softmax")]),
        ("leaky", [("dense_0", "linear"), ("leaky_relu", None), ("dense_2", "softmax")]),
        ("residual", [("rescaling", None), ("a", "relu"), ("add", None), ("b", "tanh"), ("concatenate", None),
                      ("c", "sigmoid")]),
        ("pipeline", [("scaler", None), ("dense", "tanh"), ("MatMul1", "linear")]),
    ],
)  # fmt: skip
def test_layers_are_called_as_in_pytorch_and_spelt_as_in_keras(name: str, layers: list[tuple[str, str | None]]) -> None:
    network = read_network(str(FOLDER / f"{name}.onnx"))
    assert [(layer.name, layer.config.get("activation")) for layer in network.layers[1:]] == layers


def test_a_check_names_the_fault(tmp_path: Path) -> None:
    x = ANSWERS["x"].astype(np.float64)
    np.savez(tmp_path / "data.npz", x=np.tile(x, (10, 1)), y=np.tile(np.sin(3 * x[:, 0]), 10))
    done = run(tmp_path, "check", FOLDER / "linear.onnx", "data.npz", "--loss", "mse")
    assert "A101 missing-nonlinearity" in done.out
    assert "loss ladder   mean squared error" in done.out
    assert "the file holds no loss; name the loss you used: --loss mse" in " ".join(
        run(tmp_path, "check", FOLDER / "linear.onnx", "data.npz").out.split()
    )


def refused(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_network(str(path))
    said = str(caught.value)
    assert len(said.split()) <= 60
    return said


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def model(*parts: bytes) -> bytes:
    """A model of format 8 with this graph."""
    return b"\x08\x08" + field(2, b"test") + field(7, b"".join(parts))


def node(operator: bytes, entering: bytes, leaving: bytes) -> bytes:
    return field(1, field(1, entering) + field(2, leaving) + field(4, operator))


def entry(*lengths: int) -> bytes:
    shape = b"".join(field(1, bytes([1 << 3, length])) for length in lengths)
    return field(11, field(1, b"x") + field(2, field(1, field(2, shape))))


OUT = field(12, field(1, b"y"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (model(node(b"Conv", b"x", b"y"), entry(2, 4), OUT), "uses Conv, and mlpdoctor reads plain perceptrons"),
        (model(node(b"Relu", b"x", b"y"), entry(4), OUT), "expected rows and columns"),
        (model(field(5, field(8, b"w") + b"\x70\x01") + node(b"Relu", b"x", b"y")), "external_data=False"),
        (model(entry(2, 4), OUT), "damaged or cut short (no operations)"),
        (model(node(b"Relu", b"z", b"y"), entry(2, 4), OUT), "does not fit what enters it"),
        (model(field(5, b"\x08\x81\x80\x80\x80\x80\x80\x02\x10\x01" + field(8, b"w"))), "do not trust this file"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    assert said in refused(tmp_path / "model.onnx")


@settings(deadline=None)
@given(st.sampled_from(FILES), st.integers(1, 600), st.binary(max_size=12))
def test_a_damaged_file_ends_in_one_line(path: Path, cut: int, rest: bytes) -> None:
    content = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        file.write_bytes(content[:cut] + rest + content[cut + len(rest) :])
        try:
            read_network(str(file))
        except ModelFileError as fault:
            assert "\n" not in str(fault)  # noqa: PT017  either is right: some bytes change nothing that is read


NAMES = (
    "linear residual flat relu leaky elu selu gelu silu mish softplus softsign relu6 hardtanh hardswish hardsigmoid "
    "celu logsigmoid tanhshrink softshrink prelu norm batch"
)


@pytest.mark.slow
@pytest.mark.series
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("name", NAMES.split())
def test_what_pytorch_exports_today(name: str, new: bool, tmp_path: Path) -> None:  # noqa: FBT001
    for library in ("torch", "onnx", "onnxruntime", *(("onnxscript",) if new else ())):
        pytest.importorskip(library, reason=f"{library} is not installed")
    content = foreign_models.exported(foreign_models.torch_models()[name], new=new)
    (tmp_path / "model.onnx").write_bytes(content)
    expected = foreign_models.computed(content)
    found = computed(read_network(str(tmp_path / "model.onnx")), foreign_models.ROWS.astype(np.float64))
    assert np.abs(found.reshape(expected.shape) - expected).max() < CLOSE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_reader_and_the_library_agree(path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from mlpdoctor.readers.models.keras_hdf5 import Budget
    from mlpdoctor.readers.models.onnx_messages import read_messages

    content = path.read_bytes()
    ours, theirs = read_messages(content, Budget(1 << 20, len(content))), onnx.load(path).graph
    assert [node.operator for node in ours.nodes] == [node.op_type for node in theirs.node]
    assert [node.inputs for node in ours.nodes] == [tuple(node.input) for node in theirs.node]
    assert ours.outputs == [output.name for output in theirs.output]
    for stored in theirs.initializer:
        assert np.array_equal(ours.arrays[stored.name], onnx.numpy_helper.to_array(stored))
    for one, other in zip(ours.nodes, theirs.node, strict=True):
        for attribute in other.attribute:
            value = onnx.helper.get_attribute_value(attribute)
            if isinstance(value, int | float):
                assert one.options[attribute.name] == value


def test_floats_of_two_bytes_are_read(tmp_path: Path) -> None:
    """A kernel in bfloat16, of which no exporter at hand makes files: 1.0 is 0x3f80 and -2.0 is 0xc000."""
    kernel = b"\x08\x01\x08\x02\x10\x10" + field(8, b"w") + field(9, struct.pack("<2H", 0x3F80, 0xC000))
    product = field(1, field(1, b"x") + field(1, b"w") + field(2, b"y") + field(4, b"MatMul"))
    (tmp_path / "model.onnx").write_bytes(model(product, field(5, kernel), entry(2, 1), OUT))
    (dense,) = read_network(str(tmp_path / "model.onnx")).layers[1:]
    assert dense.weights["kernel"].tolist() == [[1.0, -2.0]]
