"""Lower bounds that hold for every setting of a network's weights, one theorem each."""

from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class Bound:
    """What no setting of the weights goes below.

    Attributes:
        per_part: the bound for each part of the loss; minus infinity where the theorem says nothing of it.
        reason: the theorem, in a few words.
    """

    per_part: tuple[float, ...]
    reason: str


@dataclass(frozen=True)
class HeadBound:
    """The same for the loss of each output as a whole, where the theorem speaks of all its units together."""

    per_head: tuple[float, ...]
    reason: str
