"""What is refused as a history, and what is said of one that cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlpdoctor.core.errors import DataFileError, InputError
from mlpdoctor.readers.bounded_stream import reason
from mlpdoctor.readers.tables.column_names import one_line


class HistoryFileError(InputError):
    """The history is missing, broken, of a kind that is refused, or holds no losses."""


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Say in one line, which begins with the path, what is wrong with a history.

    Raises:
        HistoryFileError: in place of what the readers and the libraries raise.
    """
    try:
        yield
    except HistoryFileError as error:
        raise HistoryFileError(f"{one_line(path)}: {one_line(str(error))}") from error
    except DataFileError as error:
        raise HistoryFileError(str(error)) from error
    except Exception as error:
        raise HistoryFileError(f"{one_line(path)}: cannot be read as a history: {reason(error)}") from error


_WAY_OUT = "save the history with pandas.DataFrame(history.history).to_csv('history.csv')"
_PICKLE = f"is a pickle, which runs code when it is opened: {_WAY_OUT}"
_R = "is an R file: write the history with write.csv(as.data.frame(history), 'history.csv', row.names = FALSE)"
_PICTURE = f"is a picture of a curve at best: {_WAY_OUT}, or paste the console log into a text file"
_REFUSED: tuple[tuple[bytes, str], ...] = (
    *((b"\x80" + bytes([protocol]), _PICKLE) for protocol in range(2, 6)),
    *((opening, _PICKLE) for opening in (b"(lp0", b"(dp0", b"cnumpy\n", b"cnumpy.core", b"ccopy_reg\n")),
    (b"\x93NUMPY", f"is a NumPy file, which for a history holds a pickle: {_WAY_OUT}"),
    (b"\x89HDF\r\n\x1a\n", f"is an HDF5 file, perhaps the model, which keeps no history: {_WAY_OUT}"),
    (b"PK\x03\x04", f"is a zip file, perhaps the model, which keeps no history: {_WAY_OUT}"),
    (b"RDX", _R),
    (b"X\n\x00\x00\x00", _R),
    (b"PAR1", f"is a Parquet file: {_WAY_OUT}"),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"%PDF", _PICTURE),
    (b"SQLite format 3\x00", "is an SQLite database: export the metrics as CSV"),
    (b"BZh", "is packed with bzip2: unpack it and give the file inside"),
    (b"\xfd7zXZ\x00", "is packed with xz: unpack it and give the file inside"),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd: unpack it and give the file inside"),
)


def refuse(head: bytes) -> None:
    """Stop at a file whose first bytes show that it is no history we open.

    Raises:
        HistoryFileError: it is such a file.
    """
    for opening, said in _REFUSED:
        if head.startswith(opening):
            raise HistoryFileError(said)
