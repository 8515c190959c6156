"""Arrays, lists, tensors and frames in memory as columns of numbers, which are asked for and not copied."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.column_names import listed, one_line

Given = Any
"""What the user has: an array, a list, a tensor, a frame, a sparse matrix."""
Numbers: TypeAlias = tuple[npt.NDArray[Any], tuple[str, ...]]
"""A column as numbers, and what was assumed to make them."""
Texts: TypeAlias = Callable[[npt.NDArray[Any], str], Numbers]
TWO = 2
"""Values of a text that can stand for 0 and 1."""


@dataclass(frozen=True, eq=False)
class MemoryColumns:
    """Columns side by side, all of one height.

    Attributes:
        names: one a column.
        rows: how many.
        values: an array of shape (rows, columns), a sparse matrix, or columns of shape (rows,) one by one.
        shape: of a row, as it was given: ``(28, 28)``; empty for a single number.
        guesses: what was assumed.
    """

    names: tuple[str, ...]
    rows: int
    values: Given
    shape: tuple[int, ...] = ()
    guesses: tuple[str, ...] = ()

    def block(self, start: int, stop: int) -> Array:
        """Some rows, shape (rows, columns), float64."""
        if isinstance(self.values, tuple):
            return np.stack([column[start:stop].astype(np.float64) for column in self.values], axis=1)
        part = self.values[start:stop]
        dense = part.toarray() if hasattr(part, "toarray") else part
        return np.asarray(dense, np.float64).reshape(stop - start, len(self.names))


def columns_of(given: Given, name: str, texts: Texts) -> MemoryColumns:
    """The columns that something in memory holds.

    Args:
        given: an array of shape (rows, ...) or (rows,), a list, a tensor of any backend, a frame or a column of pandas,
            polars or pyarrow, or a sparse matrix of scipy.
        name: what it is called in messages and, where it has no names of its own, in the report.
        texts: what becomes of columns that hold texts: `refused` or `zero_and_one`.

    Raises:
        DataFileError: it holds no rows, or something other than numbers.
    """
    if is_frame(given):
        return columns_of_frame(given, name, range(len(labels_of(given, name)[0])), texts)
    if hasattr(given, "tocsr"):
        rows = given.tocsr()
        return MemoryColumns(numbered(name, rows.shape[1:]), int(rows.shape[0]), rows, tuple(rows.shape[1:]))
    array = array_of(given, name)
    if not array.ndim:
        raise DataFileError(f"{name}: a single {type(given).__name__} was given; expected one row for each example")
    own = getattr(given, "name", None) if array.ndim == 1 else None
    names = (one_line(own),) if isinstance(own, str) and own else numbered(name, array.shape[1:])
    values, guesses = _numbers(array[:, 0] if array.ndim == TWO and len(names) == 1 else array, names[0], texts)
    return MemoryColumns(names, len(array), values.reshape(len(array), len(names)), array.shape[1:], guesses)


def is_frame(given: Given) -> bool:
    """Whether something is a table with named columns: of pandas, polars or pyarrow."""
    return len(getattr(given, "shape", ())) == TWO and (hasattr(given, "columns") or hasattr(given, "column_names"))


def side_by_side(parts: Sequence[MemoryColumns]) -> MemoryColumns:
    """The columns of several things with the same number of rows.

    Raises:
        DataFileError: the numbers of rows differ.
    """
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        if part.rows != parts[0].rows:
            one, other = (listed(columns.names, most=3) for columns in (parts[0], part))
            raise DataFileError(
                f"{one} has {parts[0].rows:,} rows and {other} has {part.rows:,}; each row needs all of them"
            )
    names = tuple(name for part in parts for name in part.names)
    return MemoryColumns(names, parts[0].rows, _Beside(parts), (), tuple(g for part in parts for g in part.guesses))


def numbered(name: str, shape: Sequence[int]) -> tuple[str, ...]:
    """Names of the columns: ``x`` for a single one, ``x[0]``, ``x[1]`` or ``x[0,0]`` for more."""
    if prod(shape) == 1:
        return (name,)
    return tuple(f"{name}[{','.join(map(str, place))}]" for place in product(*map(range, shape)))


def array_of(given: Given, name: str) -> npt.NDArray[Any]:
    """An array, without a copy where it is one already or shares its memory, as tensors on the processor do.

    Raises:
        DataFileError: it is none.
    """
    if isinstance(given, np.ndarray):
        return given
    if hasattr(given, "detach"):  # torch's, on whatever device
        given = given.detach().cpu()
    if isinstance(given, str | bytes | Mapping | set) or given is None:
        raise DataFileError(f"{name}: {type(given).__name__} was given; expected an array, a list, a tensor or a frame")
    try:
        found: npt.NDArray[Any] = np.asarray(given)
    except Exception as error:
        raise DataFileError(
            f"{name}: {type(given).__name__} cannot be made an array ({error}); are all rows of one length?"
        ) from error
    return found


class _Beside:
    """Several columns in the part of one array: only rows that are asked for are put side by side."""

    def __init__(self, parts: Sequence[MemoryColumns]) -> None:
        self._parts = parts

    def __getitem__(self, rows: slice) -> Array:
        return np.concatenate([part.block(rows.start, rows.stop) for part in self._parts], axis=1)


def labels_of(frame: Given, name: str) -> tuple[list[Any], tuple[str, ...]]:
    """The labels of a frame's columns, and the names that they are in messages and in the report.

    Raises:
        DataFileError: there are none, or two have one name.
    """
    labels = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    names = tuple(one_line(str(label)) for label in labels)
    if not names:
        raise DataFileError(f"{name}: the frame has no columns")
    if len(set(names)) < len(names):
        raise DataFileError(f"{name}: two columns have one name ({listed(names)}); rename one of them")
    return labels, names


def columns_of_frame(frame: Given, name: str, places: Sequence[int], texts: Texts) -> MemoryColumns:
    """Some columns of a frame, each by itself: a frame may keep every one in a type of its own.

    Args:
        frame: of pandas, polars or pyarrow; its index plays no part.
        name: what it is called in messages.
        places: positions of the columns.
        texts: what becomes of columns that hold texts.

    Raises:
        DataFileError: a column holds something other than numbers.
    """
    labels, names = labels_of(frame, name)
    columns, guesses = [], list[str]()
    for place in places:
        values, more = _numbers(_column(frame, labels[place]), names[place], texts)
        columns.append(values)
        guesses += more
    chosen = tuple(names[place] for place in places)
    return MemoryColumns(chosen, len(columns[0]), tuple(columns), (len(columns),), tuple(guesses))


def _column(frame: Given, label: Given) -> npt.NDArray[Any]:
    """One column of a frame, shape (rows,); a missing number is NaN."""
    column = frame[label]
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    return np.asarray(column)


def refused(values: npt.NDArray[Any], name: str) -> Numbers:
    """Texts among the features: nothing that is guessed here is what the network was trained on.

    Raises:
        DataFileError: always.
    """
    shown = listed(_texts(values), most=4)
    raise DataFileError(
        f"{name}: holds texts or objects ({shown}) where numbers were expected: encode them as in training, and give "
        "what the model was given"
    )


def zero_and_one(values: npt.NDArray[Any], name: str) -> Numbers:
    """Texts among the targets: two of them are 0 and 1 in the order of the alphabet, which is said.

    Raises:
        DataFileError: there are more, or fewer.
    """
    seen = _texts(values)
    if len(seen) != TWO or values.ndim > 1:
        shown = listed(seen, most=4)
        raise DataFileError(
            f"{name}: holds {len(seen)} different texts or dates ({shown}) where numbers were expected: encode them "
            "as in training, as 0, 1, 2 ... or one column for each"
        )
    known = np.array([not _missing(one) for one in values])
    second = np.array([str(one) == seen[1] for one in values], dtype=np.float64)
    return np.where(known, second, np.nan), (f"{name}: {seen[0]!r} is read as 0, {seen[1]!r} as 1",)


def _numbers(values: npt.NDArray[Any], name: str, texts: Texts) -> Numbers:
    """A column as numbers, what is missing as NaN."""
    if values.dtype.kind in "biuf":
        return values, ()
    if values.dtype.kind == "V" or "bfloat16" in str(values.dtype):
        return values.astype(np.float32), ()
    if values.dtype.kind == "O" and not any(isinstance(one, str | bytes) for one in values.reshape(-1)):
        with contextlib.suppress(TypeError, ValueError):
            found = [np.nan if _missing(one) else float(one) for one in values.reshape(-1)]
            return np.array(found).reshape(values.shape), ()
    return texts(values, name)


def _texts(values: npt.NDArray[Any]) -> list[str]:
    return sorted({str(one) for one in values.reshape(-1) if not _missing(one)})


def _missing(value: object) -> bool:
    """Whether a value is what frames put where there is none."""
    return value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124  NaN
