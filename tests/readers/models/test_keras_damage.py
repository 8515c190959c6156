"""Broken, foreign and hostile files: each gets one line, none a traceback."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paths import FIXTURES

from mlpdoctor.core.errors import InputError, ModelFileError
from mlpdoctor.core.network import Network
from mlpdoctor.readers.models.model import read_network


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder with one good model of each format, as Keras wrote it: see ``make_good``."""
    return Path(__file__).parent / "good"


def message(path: Path, **options: int) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_network(str(path), None, **options)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


def rezipped(folder: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(folder / "good.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def with_config(folder: Path, target: Path, change: Callable[[Any], None]) -> Path:
    def edit(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        change(config)
        members["config.json"] = json.dumps(config).encode()

    return rezipped(folder, target, edit)


def with_weights(folder: Path, target: Path, change: Callable[[Any], None]) -> Path:
    def edit(members: dict[str, bytes]) -> None:
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "r+") as file:
            change(file)
        members["model.weights.h5"] = buffer.getvalue()

    return rezipped(folder, target, edit)


def test_what_is_no_file(tmp_path: Path) -> None:
    assert "no such file" in message(tmp_path / "missing.keras")
    assert "this is a folder" in message(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    assert "SavedModel folder" in message(tmp_path)
    (tmp_path / "empty.keras").touch()
    assert "empty" in message(tmp_path / "empty.keras")
    (tmp_path / "text.keras").write_text("a,b\n1,2\n")
    assert "neither a .keras archive nor an HDF5 file" in message(tmp_path / "text.keras")


def test_foreign_archives(tmp_path: Path, folder: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    assert "NumPy .npz" in message(tmp_path / "data.npz")
    path = rezipped(folder, tmp_path / "bare.keras", lambda members: members.pop("model.weights.h5"))
    assert "no model.weights.h5" in message(path)


def test_weights_that_keras_wrote_alone(folder: Path) -> None:
    assert "a file of weights alone" in message(folder / "only.weights.h5")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "no valid JSON"),
        (b"\xff\xfe\x00", "no valid JSON"),
        (b"[1]", "should be a JSON object, but is a list"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "nested deeper"),
        (b"{}", "does not tell its graph"),
        (b'{"class_name": "Sequential", "config": {"layers": []}}', "has no layers"),
        (b'{"class_name": "Sequential", "config": {"layers": [7]}}', "damaged"),
        (b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}', "damaged"),
    ],
)
def test_broken_configurations(content: bytes, expected: str, tmp_path: Path, folder: Path) -> None:
    def edit(members: dict[str, bytes]) -> None:
        members["config.json"] = content

    assert expected in message(rezipped(folder, tmp_path / "broken.keras", edit))


def layer(config: Any, name: str) -> Any:  # noqa: ANN401
    return next(item for item in config["config"]["layers"] if item["name"] == name)


def source(config: Any, name: str) -> list[Any]:  # noqa: ANN401
    argument = layer(config, name)["inbound_nodes"][0]["args"][0]
    found: list[Any] = argument["config"]["keras_history"]
    return found


CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "units": (lambda c: layer(c, "out")["config"].update(units=2), "'out' .Dense. should have kernel of the shape"),
    "no bias": (lambda c: layer(c, "out")["config"].update(use_bias=False), "'out' .Dense. should have 1 weight "),
    "units text": (lambda c: layer(c, "out")["config"].update(units="many"), "layer 'out' has units = 'many', where"),
    "no units": (lambda c: layer(c, "out")["config"].pop("units"), "layer 'out' .Dense. does not fit"),
    "axis": (
        lambda c: layer(c, "norm")["config"].update(axis=[9, "x"]),
        r"layer 'norm' has axis = \[9, 'x'\], where Keras has one axis",
    ),
    "stranger": (lambda c: source(c, "out").__setitem__(0, "ghost"), "called on 'ghost', call 0, which the file"),
    "circle": (lambda c: source(c, "norm").__setitem__(0, "out"), "norm, out are called on each other in a circle"),
    "circle of one": (lambda c: source(c, "norm").__setitem__(0, "norm"), "layer norm is called on itself in a circle"),
    "circle behind a good input": (lambda c: source(c, "out").__setitem__(0, "out"), "layer out is called on itself"),
    "no such call": (lambda c: source(c, "out").__setitem__(1, 5), "called on 'norm', call 5"),
    "no such output": (lambda c: c["config"].update(output_layers=[["inner", 0, 7]]), "'inner' has no output 7"),
    "no input": (lambda c: c["config"].update(input_layers=["ghost", 0, 0]), "input 'ghost' is not among"),
    "no output": (lambda c: c["config"].update(output_layers=["ghost", 0, 0]), "'ghost', call 0, is used but never"),
    "twins": (lambda c: layer(c, "out").update(name="norm"), "two layers of .* are called 'norm'"),
    "no layers": (lambda c: c["config"].update(layers=None), "does not tell its graph"),
    "layers a dict": (lambda c: c["config"].update(layers={}), "does not tell its graph"),
    "config a number": (lambda c: layer(c, "out").update(config=3), "'out' has no configuration"),
    "nested inputs": (
        lambda c: layer(c, "inner")["inbound_nodes"][0]["args"].append(
            layer(c, "inner")["inbound_nodes"][0]["args"][0]
        ),
        "has 1 inputs but is called on 2",
    ),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_configurations_that_do_not_fit(name: str, tmp_path: Path, folder: Path) -> None:
    change, expected = CHANGES[name]
    path = with_config(folder, tmp_path / "changed.keras", change)
    with pytest.raises(ModelFileError, match=expected):
        read_network(str(path))
    message(path)


def test_an_unbuilt_model_is_explained(tmp_path: Path, folder: Path) -> None:
    path = with_weights(folder, tmp_path / "a.keras", lambda file: file.__delitem__("layers/dense/vars/0"))
    assert "missing" in message(path) or "should have" in message(path)
    path = with_weights(folder, tmp_path / "b.keras", lambda file: file.__delitem__("layers/dense"))
    assert "layer 'out' (Dense) should have 2 weights" in message(path)
    assert "but the file holds no weights; it was saved before it was built" in message(path)


def nested_in_pairs(depth: int) -> dict[str, Any]:
    model: dict[str, Any] = {"class_name": "Activation", "config": {"name": "a", "activation": "tanh"}, "name": "m"}
    for _ in range(depth):
        entry = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 1], "trainable": True}}
        history = [["i", 0, 0], ["m", 0, 0]]
        nodes = [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": one}}], "kwargs": {}}
            for one in history
        ]
        layers = [{**entry, "name": "i", "inbound_nodes": []}, {**model, "name": "m", "inbound_nodes": nodes}]
        last = 1 if model["class_name"] == "Activation" else 2
        ends = {"input_layers": ["i", 0, 0], "output_layers": ["m", last, 0]}
        model = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}, "name": "m"}
    return model


@pytest.mark.slow
def test_models_nested_in_pairs_do_not_explode(tmp_path: Path, folder: Path) -> None:
    def edit(depth: int) -> Callable[[dict[str, bytes]], None]:
        return lambda members: members.update({"config.json": json.dumps(nested_in_pairs(depth)).encode()})

    assert len(read_network(str(rezipped(folder, tmp_path / "few.keras", edit(3)))).nodes) == 9
    assert "unfolds to more than" in message(rezipped(folder, tmp_path / "many.keras", edit(40)))


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a/../../b", "C:\\evil", "..\\evil"])
def test_archives_that_lead_out(name: str, tmp_path: Path, folder: Path) -> None:
    path = rezipped(folder, tmp_path / "evil.keras", lambda members: members.update({name: b""}))
    assert "points outside the archive" in message(path)


def test_zip_bombs(tmp_path: Path, folder: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (40 << 20))
        archive.writestr("model.weights.h5", b"")
    assert "unpacks from" in message(tmp_path / "bomb.keras")
    assert "--max-bytes" in message(folder / "good.keras", max_bytes=2000)
    assert "--max-bytes" in message(folder / "good.h5", max_bytes=100)


def test_a_small_file_that_declares_a_huge_weight(tmp_path: Path, folder: Path) -> None:
    def edit(file: Any) -> None:  # noqa: ANN401
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (1 << 40, 1), "f4", chunks=(1 << 10, 1))

    path = with_weights(folder, tmp_path / "huge.keras", edit)
    assert path.stat().st_size < 1 << 20
    assert "do not trust" in message(path)


def linked(link: Any) -> Callable[[Any], None]:  # noqa: ANN401
    def edit(file: Any) -> None:  # noqa: ANN401
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = link

    return edit


@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/x"), h5py.SoftLink("/layers/dense/vars/1")])
def test_links_are_refused(link: Any, tmp_path: Path, folder: Path) -> None:  # noqa: ANN401
    assert "link to another place" in message(with_weights(folder, tmp_path / "link.keras", linked(link)))
    shutil.copy(folder / "good.h5", tmp_path / "link.h5")
    with h5py.File(tmp_path / "link.h5", "r+") as file:
        del file["model_weights/out"]
        file["model_weights/out"] = link
    assert "link to another place" in message(tmp_path / "link.h5")


def test_weights_kept_elsewhere_are_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))

    def external(file: Any) -> None:  # noqa: ANN401
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (6, 1), "f4", external=[(str(tmp_path / "secret"), 0, 24)])

    def virtual(file: Any) -> None:  # noqa: ANN401
        del file["layers/dense/vars/0"]
        layout = h5py.VirtualLayout((6, 1), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (6, 1))
        file.create_virtual_dataset("layers/dense/vars/0", layout)

    for edit in (external, virtual):
        assert "kept in another file" in message(with_weights(folder, tmp_path / "far.keras", edit))


def test_weights_that_are_no_numbers(tmp_path: Path, folder: Path) -> None:
    def edit(file: Any) -> None:  # noqa: ANN401
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = ["a", "b"]

    assert "where numbers are expected" in message(with_weights(folder, tmp_path / "text.keras", edit))


def readable_or_refused(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    refusal = ""
    try:
        found = read_network(str(path), max_bytes=1 << 24)
    except InputError as error:
        refusal = str(error)
    else:
        assert isinstance(found, Network)
    assert "\n" not in refusal


damaged = settings(
    max_examples=examples(150),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@damaged
@given(data=st.data(), name=st.sampled_from(["good.keras", "good.h5"]))
def test_random_damage_is_never_a_traceback(data: st.DataObject, name: str, folder: Path, tmp_path: Path) -> None:
    content = bytearray((folder / name).read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    for _ in range(data.draw(st.integers(0, 8))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    readable_or_refused(bytes(content), tmp_path / name)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@damaged
@given(data=st.data())
def test_random_values_in_a_configuration_are_never_a_traceback(
    data: st.DataObject, folder: Path, tmp_path: Path
) -> None:
    def edit(config: Any) -> None:  # noqa: ANN401
        for _ in range(data.draw(st.integers(1, 3))):
            place = config
            while True:
                keys = list(place) if isinstance(place, dict) else list(range(len(place)))
                key = data.draw(st.sampled_from(keys))
                if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.integers(0, 5)):
                    place = place[key]
                    continue
                place[key] = data.draw(JUNK)
                break

    path = with_config(folder, tmp_path / "junk.keras", edit)
    readable_or_refused(path.read_bytes(), path)


def test_a_circle_beside_an_input_that_lists_no_calls(tmp_path: Path, folder: Path) -> None:
    def add(name: str, *others: str) -> dict[str, Any]:
        tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [other, 0, 0]}} for other in others]
        calls = [{"args": [tensors], "kwargs": {}}]
        return {"class_name": "Add", "config": {"name": name, "trainable": True}, "name": name, "inbound_nodes": calls}

    entry = {"class_name": "InputLayer", "config": {"batch_shape": [None, 1]}, "name": "in", "inbound_nodes": []}
    layers = [entry, add("a", "in", "b"), add("b", "in", "a"), add("after", "a", "b")]
    ends = {"input_layers": ["in", 0, 0], "output_layers": ["after", 0, 0]}
    config = {"class_name": "Functional", "config": {"layers": layers, **ends}}

    def edit(members: dict[str, bytes]) -> None:
        members["config.json"] = json.dumps(config).encode()

    path = rezipped(folder, tmp_path / "circle.keras", edit)
    assert "the layers a, b are called on each other in a circle" in message(path)


def test_an_input_that_the_model_does_not_take(tmp_path: Path) -> None:
    def change(config: Any) -> None:  # noqa: ANN401  JSON
        config["config"]["layers"][0]["inbound_nodes"] = [{"args": [], "kwargs": {}}] * 2

    shutil.copy(FIXTURES / "healthy-two-heads" / "model.keras", tmp_path / "good.keras")
    said = message(with_config(tmp_path, tmp_path / "m.keras", change))
    assert "is called on nothing and is no input of the model" in said


def test_an_optimizer_that_has_made_fewer_than_no_updates(tmp_path: Path, folder: Path) -> None:
    def change(file: Any) -> None:  # noqa: ANN401  h5py ships no types
        file["optimizer/vars/0"][()] = -5

    assert "its optimizer has made -5 updates" in message(with_weights(folder, tmp_path / "m.keras", change))
