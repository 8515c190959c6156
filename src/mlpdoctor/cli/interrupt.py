"""Ctrl-C, and being told to end, while a command runs."""

import signal
import sys
from types import FrameType
from typing import NoReturn, Self

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
