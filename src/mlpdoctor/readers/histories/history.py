"""Opens a training history of any kind that is read, told from its content."""

from mlpdoctor.history import History
from mlpdoctor.readers.histories.trouble import HistoryFileError

MOST_BYTES = 1 << 28
"""Bytes of text or events read, unless the user says otherwise: 256 MiB, a log of ten million epochs."""


def read_history(path: str, *, max_bytes: int = MOST_BYTES) -> History:
    """Read a training history.

    Args:
        path: a file, a folder, or ``-`` for standard input.
        max_bytes: the most bytes read.

    Raises:
        HistoryFileError: it is missing, broken, of a kind that is refused, or holds no losses.
    """
    raise HistoryFileError(f"{path}: not read yet; at most {max_bytes}")
