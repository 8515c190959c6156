"""NumPy files: one array as a table, or two arrays of which one holds the features and one the targets."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

import numpy as np

from mlpdoctor.column_names import listed, unique
from mlpdoctor.errors import DataFileError
from mlpdoctor.network import Array
from mlpdoctor.readers.data_source import Source, from_stream, seekable
from mlpdoctor.readers.stored_array import StoredArray, as_numbers, read_header
from mlpdoctor.readers.table import Table
from mlpdoctor.readers.text_cells import complaint

BLOCK_BYTES = 1 << 22
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


def open_npy(source: Source) -> Table:
    """Open one array: a table with numbered columns, or with its own names if it has fields.

    Raises:
        DataFileError: it holds Python objects, no rows, or is no table.
    """
    array = stored_npy(source, "column")
    if not array.dtype.names and len(array.shape) <= 2:  # noqa: PLR2004 - rows and columns
        return _numbered(array, "NumPy array")
    return _side_by_side([array], "NumPy array")


def stored_npy(source: Source, name: str) -> StoredArray:
    """The array in a ``.npy`` file."""
    array = read_header(source.path, name, source.open)
    return replace(array, open=seekable(source).open) if array.by_column else array


def open_npz(source: Source, width: int | None) -> Table:
    """Open a zip file of arrays: features and targets, or one table.

    Args:
        source: a zip file that can be read from any part.
        width: number of features the model takes, None when it is not known.

    Raises:
        DataFileError: it is not clear which arrays are meant, or they do not fit together.
    """
    with source.open() as stream, zipfile.ZipFile(stream) as archive:
        members = archive.namelist()
    arrays = [_member(source, name) for name in members]
    return open_arrays(
        source.path, {array.name: array for array in arrays if array.shape}, width, "NumPy archive"
    )


def open_arrays(path: str, arrays: Mapping[str, StoredArray], width: int | None, what: str) -> Table:
    """Tell features and targets among some arrays.

    Args:
        path: the file or folder, as the messages name it.
        arrays: those with at least one axis, by name.
        width: number of features the model takes, None when it is not known.
        what: the kind of file, for people.

    Raises:
        DataFileError: it is not clear which arrays are meant, or they do not fit together.
    """
    if len(arrays) == 1:
        (array,) = arrays.values()
        return _side_by_side([array], what) if array.dtype.names else _numbered(array, what)
    pair = _pair(arrays, width)
    if pair is None:
        found = listed([f"{name} {array.shape}" for name, array in arrays.items()])
        raise DataFileError(
            f"{path}: cannot tell the features from the targets among its arrays ({found or 'none'}); "
            "save them with numpy.savez(file, x=..., y=...)"
        )
    x, y = arrays[pair[0]], arrays[pair[1]]
    if x.shape[0] != y.shape[0]:
        raise DataFileError(
            f"{path}: {x.name} has {x.shape[0]:,} rows and {y.name} has {y.shape[0]:,}; each row of features "
            "needs its row of targets"
        )
    table = _side_by_side([x, y], what)
    others = [name for name in arrays if name not in pair]
    guesses = [
        f"features: the array {x.name}",
        f"{'target' if y.width == 1 else 'targets'}: the array {y.name}",
    ]
    guesses += [f"not read: {listed(others)}"] if others else []
    return replace(table, marked=tuple(range(x.width, x.width + y.width)), guesses=tuple(guesses))


def _pair(arrays: Mapping[str, StoredArray], width: int | None) -> tuple[str, str] | None:
    """Names of the arrays with the features and with the targets, None when that cannot be told."""
    small = {name.lower(): name for name in arrays}
    for features, targets in PAIRS:
        for target in targets:
            if features in small and target in small:
                return small[features], small[target]
    if len(arrays) != 2:  # noqa: PLR2004 - one for the features and one for the targets
        return None
    first, second = arrays
    fits = [array.width == width for array in arrays.values()]
    if fits == [False, True]:
        return second, first
    return (first, second) if fits == [True, False] else None


def _member(source: Source, member: str) -> StoredArray:
    """One array of a zip file."""
    name = member.removesuffix(".npy")

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as stream, zipfile.ZipFile(stream) as archive, archive.open(member) as inside:
            yield cast("BinaryIO", inside)

    array = read_header(source.path, name, reader)
    if array.shape and array.shape[0] * array.row_bytes > source.max_bytes:
        raise DataFileError(
            f"{source.path}: the array {name!r} comes to more than {source.max_bytes:,} bytes; --max-bytes "
            "raises the bound"
        )
    if not array.by_column:
        return array
    with reader() as stream:  # its columns are read in turns, and a packed stream does not jump
        return replace(array, open=from_stream(source.path, stream, source.max_bytes).open)


def _numbered(array: StoredArray, what: str) -> Table:
    """A table whose columns are called by their position."""
    return _side_by_side([array], what, [f"column {place}" for place in range(1, array.width + 1)])


def _side_by_side(arrays: Sequence[StoredArray], what: str, names: Sequence[str] = ()) -> Table:
    """A table of the columns of some arrays with the same number of rows."""
    path = arrays[0].path
    if not arrays[0].shape or not arrays[0].shape[0] or not sum(array.width for array in arrays):
        raise DataFileError(
            f"{path}: holds no rows of data: the array {arrays[0].name!r} has shape {arrays[0].shape}"
        )
    names = unique(names or [name for array in arrays for name in array.names])
    holds_text = [is_text for array in arrays for is_text in array.text]
    text = frozenset(name for name, is_text in zip(names, holds_text, strict=True) if is_text)
    height = max(1, BLOCK_BYTES // max(1, *(array.row_bytes for array in arrays)))

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        for column in columns:
            if names[column] in text:
                raise DataFileError(f"{path}: {complaint('text or dates', names[column])}")
        order, parts, before = [], [], 0
        for array in arrays:
            inside = [column - before for column in columns if before <= column < before + array.width]
            order += [column + before for column in inside]
            before += array.width
            if inside:
                parts.append((array, inside))
        back = [order.index(column) for column in columns]
        streams = [array.rows(height) for array, _ in parts]
        for together in zip(*streams, strict=True):
            chosen = [as_numbers(block, inside) for block, (_, inside) in zip(together, parts, strict=True)]
            yield (np.concatenate(chosen, axis=1) if len(chosen) > 1 else chosen[0])[:, back]

    return Table(what, names, blocks, text)
