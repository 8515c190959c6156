"""The standard streams as a shell may leave them: closed, full, or with nobody at the other end."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO, cast

from mlpdoctor.core.errors import UsageError

CLOSED = "it is closed"
NOTHING_PIPED = "-: the data should come from standard input, and nothing is piped into it"


class StdoutRefuses(UsageError):  # noqa: N818  it says what happens
    """Nothing can be written to standard output."""


def completed() -> None:
    """Have something in the place of each stream that was closed (``>&-``).

    Else the next file that is opened gets the number of the stream, and whatever is printed, by C++ too, lands in it.
    What takes the place of standard output can only be read, so that writing fails, as it should.
    """
    for number, way in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, way)  # gets the lowest number that is free
    if sys.stdout is None:
        sys.stdout = _on(1)
    if sys.stderr is None:
        sys.stderr = _on(2)


def _on(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def watched() -> contextlib.AbstractContextManager[TextIO]:
    """Have whatever standard output refuses told from all other faults, whoever prints: we, click or rich."""
    return contextlib.redirect_stdout(cast(TextIO, _Watched(sys.stdout)))


class _Watched:
    """A stream of text that complains in our words."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  all that a stream has
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with to_stdout():
            return self._stream.write(text)

    def flush(self) -> None:
        with to_stdout():
            self._stream.flush()


@contextlib.contextmanager
def to_stdout() -> Iterator[None]:
    """Write to standard output.

    Raises:
        StdoutRefuses: it takes nothing.
        BrokenPipeError: whoever read it has seen enough.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        why = CLOSED if fault.errno == errno.EBADF else fault.strerror
        raise StdoutRefuses(f"standard output cannot be written: {why}") from fault


def silence(stream: TextIO) -> None:
    """Lead a stream that takes nothing to where all is taken: the interpreter must not complain about it at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def to_stderr(text: str) -> None:
    """Write to standard error; where it takes nothing there is nobody to tell."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def stdin() -> BinaryIO | None:
    """The bytes of standard input; None where it is closed."""
    return None if sys.stdin is None else sys.stdin.buffer
