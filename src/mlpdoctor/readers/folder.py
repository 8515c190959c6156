"""A folder of data files with the same columns, read as one table in the order of their names."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mlpdoctor.column_names import counted, listed
from mlpdoctor.dataset import Wanted
from mlpdoctor.errors import DataFileError
from mlpdoctor.network import Array
from mlpdoctor.readers.arrays import open_arrays, stored_npy
from mlpdoctor.readers.data_kind import NPY, first_bytes
from mlpdoctor.readers.data_source import from_path
from mlpdoctor.readers.table import Table

SUFFIXES = frozenset(
    (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".gz", ".parquet", ".pq", ".feather", ".arrow", ".ipc")
) | {".npy", ".npz", ""}
"""In a folder, notes and pictures lie beside the data: the suffix says what is read, the content how."""


def open_folder(path: str, wanted: Wanted, max_bytes: int, open_file: Callable[[str], Table]) -> Table:
    """Open all data files of a folder as one table.

    Args:
        path: the folder.
        wanted: what the model and the user ask of the columns.
        max_bytes: the most bytes that a compressed file may come to.
        open_file: opens one file.

    Raises:
        DataFileError: there is no data file, or one has other columns than the first.
    """
    shown = sorted(file for file in Path(path).iterdir() if file.is_file() and file.name[0] not in "._")
    files = [file for file in shown if file.suffix.lower() in SUFFIXES]
    others = [file.name for file in shown if file not in files]
    if not files:
        holds = f"only {listed(others)}" if others else "no files"
        raise DataFileError(
            f"{path}: is a folder with {holds}; it should hold CSV, Parquet, Feather, .npz or .npy files"
        )
    sources = {file.stem: from_path(str(file), max_bytes) for file in files}
    parts = 2 if wanted.sample_weight is None else 3
    if len(files) == parts and all(first_bytes(source).startswith(NPY) for source in sources.values()):
        arrays = {name: stored_npy(source, name) for name, source in sources.items()}
        if len({array.width for array in arrays.values()}) > 1 or {"x", "y"} <= set(map(str.lower, arrays)):
            return open_arrays(path, arrays, wanted, "folder of NumPy arrays")
    tables = [open_file(str(file)) for file in files]
    first = tables[0]
    for file, table in zip(files, tables, strict=True):
        if table.names != first.names or table.marked != first.marked:
            raise DataFileError(f"{file}: {_difference(table.names, first.names)}, as in {files[0].name}")

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        for table in tables:
            yield from table.blocks(columns)

    left_out = (f"not read: {listed(others)}",) if others else ()
    return Table(
        format=f"folder of {counted(len(files), 'file')}, {first.format}",
        names=first.names,
        blocks=blocks,
        text=frozenset[str]().union(*(table.text for table in tables)),
        marked=first.marked,
        guesses=(*first.guesses, *left_out),
        rows=None if any(table.rows is None for table in tables) else sum(table.rows or 0 for table in tables),
    )


def _difference(names: Sequence[str], expected: Sequence[str]) -> str:
    """How the columns of a file differ from those of the first file."""
    if len(names) != len(expected):
        return f"has {counted(len(names), 'column')} where {len(expected):,} were expected"
    if set(names) == set(expected):
        return f"has its columns in another order ({listed(names)}) where {listed(expected)} was expected"
    odd = next((name for name in names if name not in expected), names[-1])
    return f"has a column {odd!r} where {listed(expected)} were expected"
