"""Ctrl-C while a command runs."""

import signal
import sys
from types import FrameType
from typing import Self

INTERRUPTED = 130
"""Exit status of a run that Ctrl-C ended."""


class Interrupt:
    """Ends what is being done, and remembers that it was asked to.

    A library that is interrupted while it starts up may make an error of its own of it, or complain from where no
    error can be raised; with what is remembered here neither reaches the user.
    """

    def __init__(self) -> None:
        """Nobody has interrupted yet."""
        self.heard = False
        self._before: object = None

    def __enter__(self) -> Self:
        """Listen, unless whoever started the process has it ignore Ctrl-C."""
        self._before = signal.getsignal(signal.SIGINT)
        if callable(self._before):
            signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it to whoever listened before."""
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, _: int, __: FrameType | None) -> None:
        self.heard = True
        sys.unraisablehook = lambda _: None
        raise KeyboardInterrupt
