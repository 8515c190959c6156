"""How a file is written, whatever is in it: whole or not at all, and never through a link that somebody laid.

What is new is made in a folder of its own beside its place, with a name that nobody can guess and that nobody else may
enter, and put there in one step. So a run that fails, is killed, or is one of twenty leaves the old file or a new one.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.patience import patience

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
