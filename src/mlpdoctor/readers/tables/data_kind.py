"""What kind of data file this is, told from its first bytes; and what is refused, with the way out."""

import re
import zipfile
from pathlib import Path, PurePosixPath

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables.column_names import listed
from mlpdoctor.readers.tables.data_source import Source

HEAD = 512
"""First bytes that are enough to tell."""
GZIP = b"\x1f\x8b"
NPY = b"\x93NUMPY"
PARQUET = b"PAR1"
ARROW = b"ARROW1"
ZIP = b"PK\x03\x04"

_MODEL = (
    "perhaps the model: the order is MODEL, then DATA; data in it are exported with "
    "numpy.savez('data.npz', x=file['x'], y=file['y'])"
)
_CSV = "to_csv('data.csv', index=False)"
_EXCEL = f"Excel workbook: export the sheet as CSV, pandas.read_excel('FILE').{_CSV}"
_SAVED = "save it in Python with numpy.savez('data.npz', x=x, y=y)"
_TABLE = "a table of numbers was expected"
_JOBLIB = f"packed with zlib, perhaps a pickle of joblib: {_SAVED}"
_PICKLE = "a pickle, which runs code when it is opened: save it with to_parquet, to_csv or numpy.savez instead"
REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file, {_MODEL}"),
    *((b"\x80" + bytes([protocol]), _PICKLE) for protocol in range(2, 6)),
    *((opening, _PICKLE) for opening in (b"(lp0", b"(dp0", b"cnumpy\n", b"cnumpy.core", b"ccopy_reg\n")),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file: write the matrix with writematrix(M, 'data.csv')"),
    (b"MATLAB 7", "a MATLAB file: write the matrix with writematrix(M, 'data.csv')"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        f"an old {_EXCEL}",
    ),
    (b"RDX3\n", "an R file: write the data frame with write.csv(d, 'data.csv', row.names = FALSE)"),
    (b"X\n\x00\x00\x00", "an R file: write the data frame with write.csv(d, 'data.csv', row.names = FALSE)"),
    (b"FEA1", "a Feather file of version 1: write it again with a current pyarrow or pandas (version 2)"),
    (b"\xff\xff\xff\xff", "perhaps an Arrow stream: write it as an Arrow file, Feather or Parquet"),
    (b"\x89PNG", f"an image; {_TABLE}"),
    (b"\xff\xd8\xff", f"an image; {_TABLE}"),
    (b"GIF8", f"an image; {_TABLE}"),
    (b"RIFF", f"a sound or an image; {_TABLE}"),
    (b"%PDF", f"a PDF; {_TABLE}"),
    (b"SQLite format 3\x00", f"an SQLite database: export the table as CSV, pandas.read_sql(query, connection).{_CSV}"),
    (b"BZh", "packed with bzip2: unpack it, bunzip2 FILE, and give the file inside"),
    (b"\xfd7zXZ\x00", "packed with xz: unpack it, unxz FILE, and give the file inside"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it, unzstd FILE, and give the file inside"),
    (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip: unpack it, 7z x FILE, and give the file inside"),
    (b"PK\x05\x06", f"an empty zip file; {_TABLE}"),
    (b"\x7fELF", f"a program; {_TABLE}"),
)
_TEXT_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"{", f"JSON: export the table as CSV, pandas.read_json('FILE').{_CSV}; of JSON lines with lines=True"),
    (b"[", "JSON, or a printed list: export the table as CSV"),
    (b"<!doctype", f"a web page, perhaps a log-in page in place of a download; {_TABLE}"),
    (b"<html", f"a web page, perhaps a log-in page in place of a download; {_TABLE}"),
    (b"<?xml", f"XML; {_TABLE}"),
    (b"@relation", "an ARFF file: remove the lines up to @data"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with git lfs pull"),
)


def first_bytes(source: Source) -> bytes:
    """The first bytes of a source, at most `HEAD`."""
    with source.open() as stream:
        return stream.read(HEAD)


def refuse(path: str, head: bytes) -> None:
    """Stop at what is no data file.

    Args:
        path: the file, as the message names it.
        head: its first bytes.

    Raises:
        DataFileError: the bytes are those of a kind that is not read, with the way out.
    """
    words = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for opening, what in REFUSED:
        if head.startswith(opening):
            raise DataFileError(f"{path}: is {what}")
    for opening, what in _TEXT_REFUSED:
        if words.startswith(opening):
            raise DataFileError(f"{path}: is {what}")
    if re.match(rb"\x78[\x01\x5e\x9c\xda](?s:.*)[\x00-\x08]", head):  # a column may be called x^2
        raise DataFileError(f"{path}: is {_JOBLIB}")
    if _is_record(head):
        raise DataFileError(f"{path}: is a TFRecord file: {_SAVED}")


def _is_record(head: bytes) -> bool:
    """Whether a length and its checksum stand in front, as in files of TFRecords."""
    if len(head) < RECORD_HEAD or b"\x00" not in head[:RECORD_HEAD]:
        return False
    from mlpdoctor.readers.histories.event_files import checksum_of

    return head[8:RECORD_HEAD] == checksum_of(head[:8]).to_bytes(4, "little")


RECORD_HEAD = 12
"""Bytes of a length, 8, and of its checksum, 4."""


def refuse_zip(source: Source) -> None:
    """Stop at a zip file that is no set of NumPy arrays.

    Args:
        source: a zip file that can be read from any part.

    Raises:
        DataFileError: it is a model, a workbook or something else that was zipped.
    """
    with source.open() as stream, zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
    if names and all(name.endswith(".npy") for name in names):
        return
    if "config.json" in names or any(name.endswith(".weights.h5") for name in names):
        raise DataFileError(f"{source.path}: is a Keras model: the order is MODEL, then DATA")
    if any(name.endswith("/data.pkl") for name in names):
        raise DataFileError(f"{source.path}: is a PyTorch file, a pickle that only Python opens: {_SAVED}")
    if any(name.startswith("xl/") for name in names):
        raise DataFileError(f"{source.path}: is an {_EXCEL}")
    if "mimetype" in names and "content.xml" in names:
        raise DataFileError(f"{source.path}: is an OpenDocument file: export the sheet as CSV")
    inside = [PurePosixPath(name).name or name for name in names]
    raise DataFileError(
        f"{source.path}: is a zip file ({listed(inside, most=3)}): unzip it and give the data file inside"
    )


def refuse_folder(path: str) -> None:
    """Stop at a folder that is a model.

    Raises:
        DataFileError: it is a SavedModel or an unzipped Keras archive.
    """
    folder = Path(path)
    if (folder / "saved_model.pb").exists() or (folder / "keras_metadata.pb").exists():
        raise DataFileError(f"{path}: is a SavedModel, a model and no data: the order is MODEL, then DATA")
    if (folder / "config.json").exists() and list(folder.glob("*.weights.*")):
        raise DataFileError(f"{path}: is an unzipped Keras model and no data: the order is MODEL, then DATA")
