"""Whatever a library raises on a broken file becomes one line that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlpdoctor.core.errors import DataFileError, InputError
from mlpdoctor.readers.tables.column_names import one_line


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn whatever a library raises on a broken file into one line.

    A list of what zlib, lzma, zipfile, pyarrow and the others may raise was never complete; so it is anything.

    Args:
        path: the file, as the message should name it.

    Raises:
        DataFileError: in place of any other error.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise DataFileError(f"{path}: cannot be read as data: {reason(error)}") from error


LONGEST = 160


def reason(error: Exception) -> str:
    """The first line of what a library says, short enough for a terminal."""
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    said = getattr(error, "strerror", None) or str(error)
    words = one_line((said.strip().splitlines() or [type(error).__name__])[0])
    return words if len(words) <= LONGEST else words[:LONGEST] + "..."
