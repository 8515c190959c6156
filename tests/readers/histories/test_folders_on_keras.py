"""Folders of TensorBoard as TensorFlow writes them, and what is refused."""

import gzip
import io
import pickle
import re
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.errors import InputError
from mlpdoctor.readers.histories.event_files import checksum_of, scalars
from mlpdoctor.readers.histories.history import MOST_BYTES, read_history


def event(**fields: object) -> "tf.compat.v1.Event":
    return tf.compat.v1.Event(**fields)


def records(*events: "tf.compat.v1.Event") -> bytes:
    """Event files as TensorFlow writes them, checksums included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for one in events:
                writer.write(one.SerializeToString())
        return path.read_bytes()


def of_nothing() -> bytes:
    """A record whose checksums fit and whose content is no event."""
    length, content = struct.pack("<Q", 4), b"\xff" * 4
    return b"".join((length, struct.pack("<I", checksum_of(length)), content, struct.pack("<I", checksum_of(content))))


def summary(tag: str, value: float, step: int, kind: str = "simple") -> "tf.compat.v1.Event":
    if kind == "simple":
        found = tf.compat.v1.Summary.Value(tag=tag, simple_value=value)
    else:
        tensor = tf.make_tensor_proto(value, tf.float64 if kind == "double" else tf.float32)
        if kind == "bytes":
            tensor = tf.make_tensor_proto(np.array([value], "<f4"))
            tensor.tensor_content = struct.pack("<f", value)
            tensor.ClearField("float_val")
        found = tf.compat.v1.Summary.Value(tag=tag, tensor=tensor)
    return event(wall_time=1.7e9, step=step, summary=tf.compat.v1.Summary(value=[found]))


START = event(wall_time=1.7e9, file_version="brain.Event:2")


def board(folder: Path, name: str, *events: "tf.compat.v1.Event") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(records(START, *events))


@pytest.mark.parametrize("kind", ["simple", "float", "double", "bytes"])
def test_numbers_of_each_kind(kind: str, tmp_path: Path) -> None:
    board(
        tmp_path, "events.out.tfevents.1.host", *(summary("epoch_loss", 0.1 / step, step - 1, kind) for step in (1, 2))
    )
    (run,) = read_history(str(tmp_path)).runs
    np.testing.assert_allclose(run.columns["loss"].values, [0.1, 0.05], rtol=1e-7)
    assert list(run.columns["loss"].epochs) == [1, 2]


def test_tags_of_keras_1_and_of_torch(tmp_path: Path) -> None:
    for name, tags in {"old": ("loss", "val_loss", "lr"), "torch": ("Loss/train", "Loss/val", "lr-Adam")}.items():
        board(tmp_path, f"{name}/events.out.tfevents.1.h", *(summary(tag, 0.5, 1) for tag in tags))
    for run in read_history(str(tmp_path)).runs:
        assert set(run.columns) == {"loss", "val_loss", "learning_rate"}


def test_what_is_logged_by_batch_is_left_out(tmp_path: Path) -> None:
    board(
        tmp_path,
        "train/events.out.tfevents.1.h",
        *(summary("batch_loss", 9.0, step) for step in range(5)),
        summary("evaluation_loss_vs_iterations", 9.0, 3),
        summary("epoch_loss", 0.5, 0),
    )
    (run,) = read_history(str(tmp_path)).runs
    assert {name: list(column.values) for name, column in run.columns.items()} == {"loss": [0.5]}


def test_a_folder_used_twice(tmp_path: Path) -> None:
    for call, start in ((1, 0.9), (2, 0.5)):
        for side in ("train", "validation"):
            events = [summary("epoch_loss", start - 0.2 * step, step) for step in range(3)]
            board(tmp_path, f"{side}/events.out.tfevents.{call}.h", *events)
    (run,) = read_history(str(tmp_path)).runs
    assert run.calls == 2
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(run.columns[name].values, [0.9, 0.7, 0.5, 0.5, 0.3, 0.1], rtol=1e-6)


def test_pictures_and_large_records_are_passed_over(tmp_path: Path) -> None:
    large = event(step=1, graph_def=bytes(3_000_000))
    text = tf.compat.v1.Summary.Value(tag="text", tensor=tf.make_tensor_proto("words"))
    other = event(step=1, summary=tf.compat.v1.Summary(value=[text]))
    board(
        tmp_path, "events.out.tfevents.1.h", large, other, summary("epoch_loss", 0.5, 0), summary("epoch_loss", 0.25, 1)
    )
    (run,) = read_history(str(tmp_path)).runs
    assert list(run.columns["loss"].values) == [0.5, 0.25]


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 200), st.binary(max_size=20))
def test_a_damaged_event_file_gives_what_is_whole(cut: int, rest: bytes) -> None:
    content = records(START, summary("epoch_loss", 0.5, 0), summary("epoch_loss", 0.25, 1))
    try:
        found = list(scalars(io.BytesIO(content[:cut] + rest)))
    except ValueError:
        return
    assert [tag for tag, _, _ in found if tag == "epoch_loss"] == ["epoch_loss"] * len(found)


def test_an_event_file_that_is_broken_is_counted(tmp_path: Path) -> None:
    board(tmp_path, "a/events.out.tfevents.1.h", summary("epoch_loss", 0.5, 0))
    (tmp_path / "events.out.tfevents.2.h").write_bytes(of_nothing())
    history = read_history(str(tmp_path))
    assert history.bad.count == 1
    assert history.bad.examples[0].endswith("events.out.tfevents.2.h: a record that is no message")
    assert len(history.runs) == 1


def complaint(path: Path | str, max_bytes: int = MOST_BYTES) -> str:
    with pytest.raises(InputError) as caught:
        read_history(str(path), max_bytes=max_bytes)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.isprintable()
    return said.removeprefix(str(path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ": is empty"),
        (b"\n \n", ": is empty"),
        (b"My loss is stuck.\n", ": holds no losses"),
        (b"a,b\n1,2\n", ": holds no losses"),
        (b'{"accuracy": [0.5], "auc": [0.5]}', ": holds accuracy, auc and no loss; log the loss too"),
        (b'{"loss": ', ": is no valid JSON"),
        (b"[" * 100_000, ": is nested deeper than any history"),
        (b'{"a": {"b": {"c": {"d": {"loss": [1]}}}}}', ": holds no losses"),
        (pickle.dumps({"loss": [0.5]}), ": is a pickle, which runs code .*to_csv"),
        (pickle.dumps({"loss": [0.5]}, 0), ": is a pickle"),
        (b"\x93NUMPY\x01\x00", ": is a NumPy file"),
        (b"\x89HDF\r\n\x1a\n", ": is an HDF5 file, perhaps the model"),
        (b"PK\x03\x04" + bytes(30), ": is a zip file, perhaps the model"),
        (b"\x89PNG\r\n", ": is a picture"),
        (b"RDX3\n", ": is an R file: .*write.csv"),
        (gzip.compress(b"RDX3\n"), ": is an R file"),
        (gzip.compress(gzip.compress(b"loss")), ": is a binary file|cannot"),
        (b"\x00\x01\x02\x03" * 50, ": is a binary file of no known kind"),
        (b"\x1f\x8brubbish", ": cannot be read as a history"),
        (records(START), ": holds no losses"),
        (
            records(START) + b"\x05" + bytes(11) + b"\xff" * 9,
            ": holds no losses; line 1: record 2 is damaged, its checksum does not fit; copy the file again",
        ),
    ],
)
def test_refusals(content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    assert re.search(expected, complaint(tmp_path / "file"))


@pytest.mark.parametrize("packed", [False, True])
def test_too_large(packed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    content = b"epoch,loss\n" + b"".join(b"%d,0.5\n" % epoch for epoch in range(2000))
    (tmp_path / "log").write_bytes(gzip.compress(content) if packed else content)
    assert "--max-bytes raises the bound" in complaint(tmp_path / "log", max_bytes=9000)
    board(tmp_path / "board", "events.out.tfevents.1.h", *(summary("loss", 0.5, step) for step in range(500)))
    assert "--max-bytes raises the bound" in complaint(tmp_path / "board", max_bytes=9000)
