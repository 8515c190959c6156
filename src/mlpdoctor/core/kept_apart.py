"""No output takes the place of an input or of another output: told before anything is read."""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from mlpdoctor.core.errors import UsageError

Named: TypeAlias = tuple[str, str]
"""What a file is, for the message, and its path; ``-`` stands for standard input."""
STDIN = "-"


def keep_apart(outputs: Sequence[Named], inputs: Iterable[Named]) -> None:
    """Stop where a file that is to be written is one that is read, or is to be written twice.

    They are compared as the files they are: links are followed, another name of the same file is that file, and
    standard output is the file that a shell has led it to.

    Args:
        outputs: each with the option that names it, as in ``--output r.json``.
        inputs: each with what it is, as in ``the model``.

    Raises:
        UsageError: two are one file.
    """
    written = [(option, _marks(path)) for option, path in outputs]
    written.append(("standard output", _stream_marks(1)))
    for what, path in inputs:
        read = _stream_marks(0) if path == STDIN else _marks(path)
        for option, marks in written:
            if marks & read:
                raise UsageError(f"{option}: is {what}, which is read and must stay as it is; give another name")
    for (one, marks), (other, others) in combinations(written, 2):
        if marks & others:
            raise UsageError(f"{one}: is the same file as {other}; give each its own")


def _marks(path: str) -> set[object]:
    """What two names of one file have in common; nothing for a device, which takes whatever it is given."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):  # not there yet, or nothing that could be
        return {os.path.normcase(os.path.realpath(path))}
    if stat.S_ISCHR(found.st_mode) or stat.S_ISSOCK(found.st_mode):
        return set()
    return {os.path.normcase(os.path.realpath(path)), (found.st_dev, found.st_ino)}


def _stream_marks(number: int) -> set[object]:
    """Those of the file that a standard stream has been led to; nothing where it is no file."""
    try:
        found = os.fstat(sys.stdin.fileno() if number == 0 else sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # closed, missing, or not of the system
        return set()
    return {(found.st_dev, found.st_ino)} if stat.S_ISREG(found.st_mode) else set()
