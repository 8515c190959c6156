"""What is said of a history that cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlpdoctor.column_names import printable
from mlpdoctor.errors import DataFileError, InputError
from mlpdoctor.readers.data_trouble import TROUBLE

LONGEST = 160


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
        raise HistoryFileError(f"{printable(path)}: {printable(str(error))}") from error
    except DataFileError as error:
        raise HistoryFileError(str(error)) from error
    except TROUBLE as error:
        said = printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        raise HistoryFileError(f"{printable(path)}: cannot be read as a history: {said[:LONGEST]}") from error
