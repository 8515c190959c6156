"""NumPy files: one array as a table, or two arrays of which one holds the features and one the targets."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import BinaryIO, TypeAlias, cast

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.bounded_stream import AT_ONCE, BoundedStream
from mlpdoctor.readers.tables.column_names import listed, one_line
from mlpdoctor.readers.tables.data_source import Source, seekable
from mlpdoctor.readers.tables.stored_array import StoredArray, read_header, side_by_side
from mlpdoctor.readers.tables.table import Table

PAIRS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("x", ("y",)),
    ("x_train", ("y_train",)),
    ("train_x", ("train_y",)),
    ("xtrain", ("ytrain",)),
    ("x_data", ("y_data",)),
    ("train_images", ("train_labels",)),
    ("train_data", ("train_labels", "train_targets")),
    ("features", ("targets", "target", "labels", "label")),
    ("inputs", ("targets", "target", "labels", "label", "outputs")),
    ("input", ("target", "label", "output")),
    ("data", ("target", "targets", "labels", "label")),
    ("images", ("labels",)),
    ("arr_0", ("arr_1",)),
)
"""Names under which features and targets are saved, in small letters."""
UNSEEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("x_val", ("y_val",)),
    ("x_valid", ("y_valid",)),
    ("val_x", ("val_y",)),
    ("x_test", ("y_test",)),
    ("test_x", ("test_y",)),
    ("xtest", ("ytest",)),
    ("test_images", ("test_labels",)),
    ("test_data", ("test_labels", "test_targets")),
)
"""The same of rows that were kept aside."""
MOST_ARRAYS = 10_000
"""In one file, whatever may stand beside the features and the targets."""


def open_npy(source: Source) -> Table:
    """Open one array: a table with numbered columns, or with its own names if it has fields.

    Raises:
        DataFileError: it holds Python objects, no rows, or is no table.
    """
    array = stored_npy(source, "column")
    if not array.dtype.names and len(array.shape) <= 2:  # noqa: PLR2004 - rows and columns
        return _numbered(array, "NumPy array")
    return side_by_side([array], "NumPy array")


def stored_npy(source: Source, name: str) -> StoredArray:
    """The array in a ``.npy`` file."""
    with source.open() as stream:
        array = read_header(source.path, name, stream, source.open)
    return replace(array, open=seekable(source).open) if array.by_column else array


def open_npz(source: Source, wanted: Wanted) -> Table:
    """Open a zip file of arrays: features and targets, or one table.

    Args:
        source: a zip file that can be read from any part.
        wanted: what the model and the user ask of the columns.

    Raises:
        DataFileError: it is not clear which arrays are meant, or they do not fit together.
    """
    with source.open() as stream, zipfile.ZipFile(stream) as archive:
        members = archive.namelist()
        if len(members) > MOST_ARRAYS or len(set(members)) < len(members):
            twice = "two arrays of one name" if len(members) <= MOST_ARRAYS else f"{len(members):,} arrays"
            raise DataFileError(f"{source.path}: holds {twice}; expected one for the features and one for the targets")
        arrays = [_member(source, archive, name) for name in members]
    return open_arrays(source.path, {array.name: array for array in arrays if array.shape}, wanted, "NumPy archive")


def open_arrays(path: str, arrays: Mapping[str, StoredArray], wanted: Wanted, what: str) -> Table:
    """Tell features, targets and sample weights among some arrays.

    Args:
        path: the file or folder, as the messages name it.
        arrays: those with at least one axis, by name.
        wanted: what the model and the user ask of the columns.
        what: the kind of file, for people.

    Raises:
        DataFileError: it is not clear which arrays are meant, or they do not fit together.
    """
    if len(arrays) == 1:
        (array,) = arrays.values()
        return side_by_side([array], what) if array.dtype.names else _numbered(array, what)
    weight = arrays.get(wanted.sample_weight or "")
    parts = _by_name({name: array for name, array in arrays.items() if array is not weight}, wanted)
    if parts is not None:
        return _side_by_side(path, arrays, parts, weight, what)
    pair = _pair({name: array for name, array in arrays.items() if array is not weight}, wanted)
    if pair is None:
        found = listed([f"{name} {array.shape}" for name, array in arrays.items()])
        names = [name for name, _ in wanted.inputs] if len(wanted.inputs) > 1 else ["x"]
        called = ", ".join(f"{name}=..." for name in names[:MOST_NAMED])
        raise DataFileError(
            f"{path}: cannot tell the features from the targets among its arrays ({found or 'none'}); "
            f"save them with numpy.savez(file, {called}, y=...)"
        )
    return _side_by_side(path, arrays, ((pair[0],), (pair[1],)), weight, what)


MOST_NAMED = 6
"""Inputs of a model that a message names."""


Parts: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of the arrays with the features, in the model's order, and of those with the targets."""


def _side_by_side(
    path: str, arrays: Mapping[str, StoredArray], parts: Parts, weight: StoredArray | None, what: str
) -> Table:
    """The table of features, targets and perhaps weights.

    Raises:
        DataFileError: they have not the same number of rows.
    """
    x, y = ([arrays[name] for name in names] for names in parts)
    told = [*((other, "row in each array") for other in x[1:]), *((other, "row of targets") for other in y)]
    for other, part in [*told, *([(weight, "sample weight")] if weight is not None else [])]:
        if x[0].shape[0] != other.shape[0]:
            raise DataFileError(
                f"{path}: {x[0].name} has {x[0].shape[0]:,} rows and {other.name} has {other.shape[0]:,}; each row of "
                f"features needs its {part}"
            )
    table = side_by_side([*x, *y, *([weight] if weight is not None else [])], what)
    used = {name for names in parts for name in names}
    others = [name for name, array in arrays.items() if name not in used and array is not weight]
    width, targets = sum(array.width for array in x), sum(array.width for array in y)
    guesses = [f"features: {_called(x)}", f"{'target' if targets == 1 else 'targets'}: {_called(y)}"]
    rest = _of(UNSEEN, {name: arrays[name] for name in others})
    judged = ", which --validation judges" if rest is not None else ""
    guesses += [f"not read: {listed(others)}{judged}"] if others else []
    return replace(table, marked=tuple(range(width, width + targets)), guesses=tuple(guesses))


def _called(arrays: Sequence[StoredArray]) -> str:
    return f"the array{'s' if len(arrays) > 1 else ''} {', '.join(array.name for array in arrays)}"


TARGETS = ("y", "target", "targets", "label", "labels", "y_train", "output", "outputs")
"""What arrays of targets are called beside arrays that are called like the model's inputs, in small letters."""


def _by_name(arrays: Mapping[str, StoredArray], wanted: Wanted) -> Parts | None:
    """Arrays that are called as the model's inputs and outputs are; None where they are not, or a width differs."""
    small = {name.lower(): name for name in arrays}
    inputs = [small.get(name.lower()) for name, _ in wanted.inputs]
    if not inputs or None in inputs or len(set(inputs)) < len(inputs):
        return None
    features = tuple(name for name in inputs if name is not None)
    if any(width not in {None, arrays[name].width} for name, (_, width) in zip(features, wanted.inputs, strict=True)):
        return None
    outputs = [small.get(name.lower()) for name in wanted.outputs]
    if outputs and None not in outputs:
        return features, tuple(name for name in outputs if name is not None)
    rest = [name for name in arrays if name not in features]
    called = next((small[name] for name in TARGETS if name in small and small[name] in rest), None)
    if called is None and len(rest) != 1:
        return None
    return features, (called or rest[0],)


def _pair(arrays: Mapping[str, StoredArray], wanted: Wanted) -> tuple[str, str] | None:
    """Names of the arrays with the features and with the targets, None when that cannot be told."""
    found = _of(UNSEEN, arrays) if wanted.unseen else None
    found = found or _of(PAIRS, arrays)
    if found is not None:
        return found
    if len(arrays) != 2:  # noqa: PLR2004 - one for the features and one for the targets
        return None
    first, second = arrays
    fits = [array.width == wanted.features for array in arrays.values()]
    if fits == [False, True]:
        return second, first
    return (first, second) if fits == [True, False] else None


def _of(pairs: tuple[tuple[str, tuple[str, ...]], ...], arrays: Mapping[str, StoredArray]) -> tuple[str, str] | None:
    """The first of these pairs that is there."""
    small = {name.lower(): name for name in arrays}
    for features, targets in pairs:
        for target in targets:
            if features in small and target in small:
                return small[features], small[target]
    return None


def _member(source: Source, opened: zipfile.ZipFile, member: str) -> StoredArray:
    """One array of a zip file, whose header is read from the opened file: opening it again for each takes long."""
    name = one_line(member.removesuffix(".npy"))

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as stream, zipfile.ZipFile(stream) as archive, archive.open(member) as inside:
            bounded = BoundedStream(cast("BinaryIO", inside), source.path, source.max_bytes)
            yield cast("BinaryIO", io.BufferedReader(bounded, AT_ONCE))

    @cache
    def copied() -> Source:
        return seekable(Source(source.path, reader, source.max_bytes, seekable=False))

    with opened.open(member) as inside:
        array = read_header(source.path, name, cast("BinaryIO", inside), reader)
    # Columns that stand one after the other are read in turns, and a packed stream does not jump.
    return replace(array, open=lambda: copied().open()) if array.by_column else array


def _numbered(array: StoredArray, what: str) -> Table:
    """A table whose columns are called by their position."""
    return side_by_side([array], what, [f"column {place}" for place in range(1, array.width + 1)])
