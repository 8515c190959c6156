"""How a file is written: whole or not at all, never through a link and never in an input's place; what is waited for.

What is new is made in a folder of its own beside its place, with a name that nobody can guess and that nobody else may
enter, and put there in one step. So a run that fails, is killed, or is one of twenty leaves the old file or a new one.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from mlpdoctor.core.errors import UsageError

MOMENT = 1.0
"""Seconds that nobody wonders about."""
_listener: ContextVar[Callable[[str], None] | None] = ContextVar("_listener", default=None)


@contextmanager
def listening(tell: Callable[[str], None]) -> Iterator[None]:
    """Have somebody hear of it; nobody does otherwise, for only the command line may print."""
    before = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def patience(message: str, seconds: float = MOMENT) -> Iterator[None]:
    """Say this if the block takes longer than so many seconds."""
    tell = _listener.get()
    if tell is None:
        yield
        return
    from threading import Timer

    timer = Timer(seconds, tell, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


PREFIX = ".mlpdoctor-"
Put = Callable[[Path, Path], object]
"""Gives a new file the name of its place, or raises OSError."""


def unless_there(new: Path, place: Path) -> None:
    """Put a file where there is none, even if another run made one a moment ago."""
    try:
        os.link(new, place)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if place.exists():
            raise FileExistsError(17, "File exists") from None
        new.replace(place)


@contextmanager
def replacing(file: Path, option: str, put: Put = os.replace) -> Iterator[Path]:
    """Where to write the new content of a file; it becomes the file when the block ends well.

    A link is followed once, at the start: the file it leads to gets the content. Permissions are those of the old
    file, or for a new one what the process gives to any.

    Args:
        file: the file.
        option: what named it, to begin the message with.
        put: how the new file gets its place.

    Raises:
        UsageError: it cannot be written.
    """
    import shutil
    from tempfile import TemporaryDirectory

    place = Path(os.path.realpath(file))
    try:
        with TemporaryDirectory(prefix=PREFIX, dir=place.parent) as folder:
            new = Path(folder, place.name)
            yield new
            if place.exists():
                shutil.copymode(place, new)
            put(new, place)
    except OSError as fault:
        raise UsageError(f"{option}: cannot be written: {fault.strerror or fault}") from fault


def write_text(text: str, file: Path, option: str) -> None:
    """Write a text in UTF-8, with line feeds alone; into a device or a pipe as it is.

    Raises:
        UsageError: it cannot be written.
    """
    if is_special(file):
        try:
            with patience(f"{option}: waiting; nobody reads from this named pipe yet"):
                stream = file.open("w", encoding="utf-8", newline="\n")
            with stream:
                stream.write(text)
        except OSError as fault:
            raise UsageError(f"{option}: cannot be written: {fault.strerror}") from fault
        return
    with replacing(file, option) as new:
        new.write_text(text, encoding="utf-8", newline="\n")


def require_place(file: Path, option: str) -> None:
    """Stop before the work begins where its result would have nowhere to go.

    Raises:
        UsageError: the file is a folder, or its folder is missing or cannot be written to.
    """
    folder = Path(os.path.realpath(file)).parent
    why = None
    if file.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"the folder {file.parent} does not exist"
    elif not is_special(file) and not os.access(folder, os.W_OK):
        why = f"the folder {file.parent} is read-only"
    if why is not None:
        raise UsageError(f"{option}: cannot be written: {why}")


def is_special(file: Path) -> bool:
    """Whether it is a device, a pipe or a socket, which is written to and not replaced."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


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
