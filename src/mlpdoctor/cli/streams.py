"""The standard streams as a shell may leave them, and what ends a command: Ctrl-C, a closed pipe, being told to."""

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, BinaryIO, NoReturn, Self, TextIO, cast

from mlpdoctor.core.errors import UsageError

INTERRUPTED = 130
"""Exit status of a run that Ctrl-C ended."""
TERMINATED = 143
"""Exit status of a run that was told to end, by a CI that cancels it or by ``timeout``."""


class Interrupt:
    """Ends what is being done, so that it is cleaned up, and remembers that Ctrl-C asked for it.

    A library that is interrupted while it starts up may make an error of its own of it, or complain from where no
    error can be raised; with what is remembered here neither reaches the user.
    """

    def __init__(self) -> None:
        """Nobody has interrupted yet."""
        self.heard = False
        self._before: list[tuple[signal.Signals, object]] = []

    def __enter__(self) -> Self:
        """Listen, unless whoever started the process has it ignore Ctrl-C."""
        if callable(before := signal.getsignal(signal.SIGINT)):
            signal.signal(signal.SIGINT, self._hear)
            self._before.append((signal.SIGINT, before))
        if (before := signal.getsignal(signal.SIGTERM)) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _end)
            self._before.append((signal.SIGTERM, before))
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it to whoever listened before."""
        for number, before in self._before:
            signal.signal(number, before)  # type: ignore[arg-type]

    def _hear(self, _: int, __: FrameType | None) -> NoReturn:
        self.heard = True
        sys.unraisablehook = lambda _: None
        raise KeyboardInterrupt


def _end(_: int, __: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


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
