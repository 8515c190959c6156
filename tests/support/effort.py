"""How much an ordinary run does of what ``--every`` does whole: of every kind of case, but fewer examples of each."""

from dataclasses import dataclass

SHARE, FEWEST = 4, 5
USUAL = 100
"""Examples of a property that says no number of its own, as Hypothesis has it."""


@dataclass
class Effort:
    """Set by conftest before any test is collected."""

    every: bool = False


EFFORT = Effort()


def examples(number: int = USUAL) -> int:
    """How many examples of a property are tried: all of them with ``--every``, else a quarter and at least five."""
    return number if EFFORT.every else min(number, max(FEWEST, number // SHARE))
