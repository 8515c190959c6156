"""Says what is waited for: a named pipe that nobody writes to, or work that takes its time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
