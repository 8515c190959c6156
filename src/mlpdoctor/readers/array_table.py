"""A table made of stored arrays that stand side by side."""

from collections.abc import Iterator, Sequence

import numpy as np

from mlpdoctor.column_names import unique
from mlpdoctor.errors import DataFileError
from mlpdoctor.network import Array
from mlpdoctor.readers.stored_array import StoredArray, as_numbers
from mlpdoctor.readers.table import Table, together
from mlpdoctor.readers.text_cells import complaint_of_typed

BLOCK_BYTES = 1 << 22
"""Bytes of the file read at a time: the blocks of a wide table have fewer rows."""


def side_by_side(arrays: Sequence[StoredArray], what: str, names: Sequence[str] = ()) -> Table:
    """A table of the columns of some arrays with the same number of rows.

    Args:
        arrays: one or more, with at least one axis each.
        what: the kind of file, for people.
        names: of all columns; those of the arrays when there are none.

    Raises:
        DataFileError: there are no rows, or Python objects in them.
    """
    path = arrays[0].path
    for array in arrays:
        array.refuse_objects()
    if not arrays[0].shape or not arrays[0].shape[0] or not sum(array.width for array in arrays):
        raise DataFileError(f"{path}: holds no rows of data: the array {arrays[0].name!r} has shape {arrays[0].shape}")
    names = unique(names or [name for array in arrays for name in array.names])
    holds_text = [is_text for array in arrays for is_text in array.text]
    text = frozenset(name for name, is_text in zip(names, holds_text, strict=True) if is_text)
    height = max(1, BLOCK_BYTES // max(1, *(array.row_bytes for array in arrays)))

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        order, parts, before = [], [], 0
        for array in arrays:
            inside = [column - before for column in columns if before <= column < before + array.width]
            order += [column + before for column in inside]
            before += array.width
            if inside:
                parts.append((array, inside))
            for column in inside:
                if array.text[column]:
                    value = array.first_row()[column]
                    name = names[before - array.width + column]
                    raise DataFileError(f"{path}, row 1: {complaint_of_typed(str(value), name)}")
        places = {column: place for place, column in enumerate(order)}
        back = together([places[column] for column in columns])
        streams = [array.rows(height) for array, _ in parts]
        for level in zip(*streams, strict=True):
            chosen = [as_numbers(block, inside) for block, (_, inside) in zip(level, parts, strict=True)]
            yield (np.concatenate(chosen, axis=1) if len(chosen) > 1 else chosen[0])[:, back]

    return Table(what, names, blocks, text, rows=arrays[0].shape[0])
