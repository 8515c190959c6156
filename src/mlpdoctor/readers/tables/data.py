"""Opens a data file or a folder of them, and gives the columns their roles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count
from mlpdoctor.readers.bounded_stream import readable
from mlpdoctor.readers.tables.column_names import TEXT, Columns, listed, unencoded
from mlpdoctor.readers.tables.columns import choose_roles
from mlpdoctor.readers.tables.data_kind import (
    ARROW,
    GZIP,
    NPY,
    PARQUET,
    ZIP,
    first_bytes,
    refuse,
    refuse_folder,
    refuse_zip,
)
from mlpdoctor.readers.tables.data_source import Source, from_path, from_stdin, seekable, steady, unzipped
from mlpdoctor.readers.tables.places import Named, files_of, is_folder
from mlpdoctor.readers.tables.table import Codes, Section, Table, TableDataset

MOST_BYTES = 1 << 33
"""Bytes that compressed or piped data may come to, unless the user says otherwise: 8 GiB."""


def open_dataset(path: str, wanted: Wanted, *, stdin: BinaryIO | None = None, max_bytes: int = MOST_BYTES) -> Dataset:
    """Open a data file, or a folder of them, and tell features from targets.

    The kind of file is told from its content: delimited text, Parquet, Arrow (Feather), ``.npy`` or ``.npz``,
    each also inside gzip. No file can make this run code, and nothing is written but an anonymous
    temporary file for data that is piped or packed.

    Args:
        path: a file, a folder, ``x.npy,y.npy``, the address of either, or ``-`` for standard input.
        wanted: what the model and the user ask of the columns.
        stdin: where ``-`` reads from; the standard input of the process when None.
        max_bytes: the most bytes that compressed or piped data may come to.

    Raises:
        DataFileError: the data is missing, broken, of a kind that is refused, or does not fit the model.
    """
    with readable(path):
        if path == "-":
            table = _open(from_stdin(stdin, max_bytes), wanted)
        elif is_folder(path):
            refuse_folder(path)
            table = open_folder_of(path, wanted, max_bytes)
        elif (pair := npy_pair(path)) is not None:
            table = open_pair(path, pair, wanted, max_bytes)
        else:
            table = _open(steady(from_path(path, max_bytes)), wanted)
        columns = Columns(path, table.names, table.text, table.marked, table.kinds)
        roles = choose_roles(columns, wanted)
        odd = unencoded(columns, (*roles.features, *roles.targets), roles.targets, len(roles.targets), wanted)
        if odd is not None:
            raise odd
        if any(table.kinds.get(table.names[place]) == TEXT for place in roles.targets):
            from mlpdoctor.readers.tables.text_targets import with_classes

            table = with_classes(path, table, roles, wanted)
        return TableDataset(path, table, roles)


def open_folder_of(path: str, wanted: Wanted, max_bytes: int) -> Table:
    """Open a folder whose files are opened as `open_dataset` opens them."""

    def open_file(file: str) -> Table:
        with readable(file):
            return _open(steady(from_path(file, max_bytes)), wanted)

    return open_folder(path, wanted, max_bytes, open_file)


def _open(source: Source, wanted: Wanted, *, packed: bool = False) -> Table:
    """Open a file by its kind; ``packed`` when it lies inside gzip."""
    head = first_bytes(source)
    if head.startswith(GZIP) and not packed:
        table = _open(unzipped(source), wanted, packed=True)
        return replace(table, format=f"{table.format}, gzip", rows=None)
    refuse(source.path, head)
    if head.startswith(NPY):
        from mlpdoctor.readers.tables.numpy_files import open_npy

        return open_npy(source)
    if head.startswith(ZIP):
        from mlpdoctor.readers.tables.numpy_files import open_npz

        source = seekable(source)
        refuse_zip(source)
        return open_npz(source, wanted)
    if head.startswith(PARQUET):
        from mlpdoctor.readers.tables.arrow_files import open_parquet

        return open_parquet(source)
    if head.startswith(ARROW):
        from mlpdoctor.readers.tables.arrow_files import open_arrow

        return open_arrow(source)
    from mlpdoctor.readers.tables.delimited import open_delimited

    return open_delimited(source)


ARRAY = ".npy"
BETWEEN = ","
"""Stands between the two files of a pair, as between names elsewhere."""


def npy_pair(path: str) -> tuple[str, str] | None:
    """The files of features and targets in ``x.npy,y.npy``; None for the path of anything else."""
    if not path.lower().endswith(ARRAY) or Path(path).exists():
        return None
    ends = [place for place, sign in enumerate(path) if sign == BETWEEN and path[:place].lower().endswith(ARRAY)]
    return (path[: ends[0]], path[ends[0] + 1 :]) if ends else None


def open_pair(path: str, pair: tuple[str, str], wanted: Wanted, max_bytes: int) -> Table:
    """Open one array of features and one of targets, in this order.

    Raises:
        DataFileError: one is missing or no array, or they do not fit together.
    """
    from mlpdoctor.readers.tables.numpy_files import open_arrays, stored_npy

    arrays = {}
    for name, file in zip(("x", "y"), pair, strict=True):
        with readable(file):
            source = steady(from_path(file, max_bytes))
            head = first_bytes(source)
            refuse(file, head)
            if not head.startswith(NPY):
                raise DataFileError(f"{file}: is no NumPy array; save it with numpy.save")
            arrays[name] = stored_npy(source, name)
    return open_arrays(path, arrays, wanted, "two NumPy arrays")


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
    shown, files = files_of(path), files_in(path)
    others = [file.name for file in shown if file not in files]
    if not files:
        holds = f"only {listed(others)}" if others else "no files"
        raise DataFileError(
            f"{path}: is a folder with {holds}; it should hold CSV, Parquet, Feather, .npz or .npy files"
        )
    sources = {file.stem: steady(from_path(str(file), max_bytes)) for file in files}
    parts = 2 if wanted.sample_weight is None else 3
    named = len(wanted.inputs) > 1 and {name.lower() for name, _ in wanted.inputs} <= {name.lower() for name in sources}
    if (named or len(files) == parts) and all(first_bytes(source).startswith(NPY) for source in sources.values()):
        from mlpdoctor.readers.tables.numpy_files import open_arrays, stored_npy

        arrays = {name: stored_npy(source, name) for name, source in sources.items()}
        if named or len({array.width for array in arrays.values()}) > 1 or {"x", "y"} <= set(map(str.lower, arrays)):
            return open_arrays(path, arrays, wanted, "folder of NumPy arrays")
    left_out = (f"not read: {listed(others)}",) if others else ()
    table = _of_parts(files, [open_file(str(file)) for file in files])
    return replace(table, guesses=(*table.guesses, *left_out))


def _of_parts(files: Sequence[Named], tables: Sequence[Table]) -> Table:
    """Several tables of the same columns, one below the other.

    Raises:
        DataFileError: one has other columns than the first.
    """
    first = tables[0]
    for file, table in zip(files, tables, strict=True):
        if table.names != first.names or table.marked != first.marked:
            raise DataFileError(f"{file}: {_difference(table.names, first.names)}, as in {files[0].name}")

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        for table in tables:
            yield from table.blocks(columns)

    def cells(column: int) -> Iterator[str]:
        for table in tables:
            yield from table.cells(column) if table.cells is not None else ()

    def coded(codes: Codes) -> Callable[[Sequence[int]], Iterator[Array]]:
        readers = [table.blocks if table.coded is None else table.coded(codes) for table in tables]
        return lambda columns: chain.from_iterable(read(columns) for read in readers)

    def sections() -> tuple[Section, ...]:
        return tuple(replace(one, file=place) for place, table in enumerate(tables) for one in table.sections())

    def section_blocks(section: Section, columns: Sequence[int]) -> Iterator[Array]:
        return tables[section.file].of_section(section, columns)

    return Table(
        format=f"folder of {count(len(files), 'file')}, {first.format}",
        names=first.names,
        blocks=blocks,
        text=frozenset[str]().union(*(table.text for table in tables)),
        marked=first.marked,
        guesses=first.guesses,
        rows=None if any(table.rows is None for table in tables) else sum(table.rows or 0 for table in tables),
        kinds={name: kind for name, kind in first.kinds.items() if all(t.kinds.get(name) == kind for t in tables)},
        cells=cells,
        coded=coded,
        sections=sections,
        section_blocks=section_blocks,
    )


def files_in(path: str) -> list[Named]:
    """The files of a folder that are read as data."""
    return [file for file in files_of(path) if file.suffix.lower() in SUFFIXES]


def _difference(names: Sequence[str], expected: Sequence[str]) -> str:
    """How the columns of a file differ from those of the first file."""
    if len(names) != len(expected):
        return f"has {count(len(names), 'column')} where {len(expected):,} were expected"
    if set(names) == set(expected):
        return f"has its columns in another order ({listed(names)}) where {listed(expected)} was expected"
    odd = next((name for name in names if name not in expected), names[-1])
    return f"has a column {odd!r} where {listed(expected)} were expected"
