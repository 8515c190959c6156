"""What every statistic is: a frozen summary of a view that merges."""

from typing import Any, Generic, Protocol, Self, TypeVar

S = TypeVar("S")


class Statistic(Protocol):
    """A summary with ``of`` and ``+``: a commutative semigroup up to rounding.

    ``of`` names the view it reads in the annotation of its parameter, and returns None when the view has nothing
    of its kind: absence is the identity, never a zero. The sum of the summaries of two blocks of rows is the
    summary of both blocks together, so one pass, many shards or single rows give the same. A statistic that can say
    at some point that more rows would tell it nothing has a property ``full``; the pass then spares it the work.
    """

    @classmethod
    def of(cls, view: Any, /) -> Self | None:  # noqa: ANN401  each statistic names its own view
        """Summarise one view."""

    def __add__(self, other: Self, /) -> Self:
        """Summarise both together."""


class PerLayer(dict[str, S], Generic[S]):
    """A statistic of every layer that shows its view, by layer name."""
