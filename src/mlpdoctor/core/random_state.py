"""Where random numbers start: at fixed places, so that two runs give the same, and at others with ``--seed``.

A finding that comes and goes with the seed depends on chance. The numbers are never used for anything else.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_shift = 0
"""Of the diagnosis that is being made: one a process, whatever its threads."""


def random(start: int) -> np.random.Generator:
    """Random numbers from a fixed start, or with ``--seed`` from another that is just as fixed."""
    return np.random.default_rng([start, _shift] if _shift else start)


def number(start: int) -> int:
    """A start for a library that draws by itself."""
    return start + _shift


@contextmanager
def shifted(shift: int) -> Iterator[None]:
    """Start elsewhere for a while; 0 is where everything starts by itself."""
    global _shift  # noqa: PLW0603  a parameter through every floor and fact would say less
    before, _shift = _shift, shift
    try:
        yield
    finally:
        _shift = before
