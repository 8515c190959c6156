"""Opens a data file of any kind that is read, and gives its columns their parts."""

from pathlib import Path
from typing import BinaryIO

from mlpdoctor.column_names import Columns
from mlpdoctor.columns import choose_roles
from mlpdoctor.dataset import Dataset, Wanted
from mlpdoctor.readers.data_kind import (
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
from mlpdoctor.readers.data_source import Source, from_path, from_stdin, seekable, unzipped
from mlpdoctor.readers.data_trouble import readable
from mlpdoctor.readers.table import Table, TableDataset

MOST_BYTES = 1 << 33
"""Bytes that compressed or piped data may come to, unless the user says otherwise: 8 GiB."""


def open_dataset(path: str, wanted: Wanted, *, stdin: BinaryIO | None = None, max_bytes: int = MOST_BYTES) -> Dataset:
    """Open a data file, or a folder of them, and tell features from targets.

    The kind of file is told from its content: delimited text, Parquet, Arrow (Feather), ``.npy`` or ``.npz``,
    each also inside gzip. No file can make this run code, and nothing is written but an anonymous
    temporary file for data that is piped or packed.

    Args:
        path: a file, a folder, or ``-`` for standard input.
        wanted: what the model and the user ask of the columns.
        stdin: where ``-`` reads from; the standard input of the process when None.
        max_bytes: the most bytes that compressed or piped data may come to.

    Raises:
        DataFileError: the data is missing, broken, of a kind that is refused, or does not fit the model.
    """
    with readable(path):
        if path == "-":
            table = _open(from_stdin(stdin, max_bytes), wanted)
        elif Path(path).is_dir():
            refuse_folder(path)
            table = open_folder_of(path, wanted, max_bytes)
        else:
            table = _open(from_path(path, max_bytes), wanted)
        columns = Columns(path, table.names, table.text, table.marked)
        return TableDataset(path, table, choose_roles(columns, wanted))


def open_folder_of(path: str, wanted: Wanted, max_bytes: int) -> Table:
    """Open a folder whose files are opened as `open_dataset` opens them."""
    from mlpdoctor.readers.folder import open_folder

    def open_file(file: str) -> Table:
        with readable(file):
            return _open(from_path(file, max_bytes), wanted)

    return open_folder(path, wanted, max_bytes, open_file)


def _open(source: Source, wanted: Wanted, *, packed: bool = False) -> Table:
    """Open a file by its kind; ``packed`` when it lies inside gzip."""
    head = first_bytes(source)
    if head.startswith(GZIP) and not packed:
        table = _open(unzipped(source), wanted, packed=True)
        return Table(f"{table.format}, gzip", table.names, table.blocks, table.text, table.marked, table.guesses)
    refuse(source.path, head)
    if head.startswith(NPY):
        from mlpdoctor.readers.arrays import open_npy

        return open_npy(source)
    if head.startswith(ZIP):
        from mlpdoctor.readers.arrays import open_npz

        source = seekable(source)
        refuse_zip(source)
        return open_npz(source, wanted)
    if head.startswith(PARQUET):
        from mlpdoctor.readers.arrow_files import open_parquet

        return open_parquet(source)
    if head.startswith(ARROW):
        from mlpdoctor.readers.arrow_files import open_arrow

        return open_arrow(source)
    from mlpdoctor.readers.delimited import open_delimited

    return open_delimited(source)
