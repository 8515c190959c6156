"""What is wrong between an output, its loss and its targets, and what to write instead."""

from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy


class Harm(StrEnum):
    """How bad a combination is."""

    BROKEN = "broken"
    """Training cannot reach what the data allow, or the answers are useless."""
    COSTLY = "costly"
    """It trains, but worse, or its answers are not what they seem."""
    UNUSUAL = "unusual"
    """Legitimate, and seldom what was meant."""


@dataclass(frozen=True)
class Misfit:
    """One cell of the table that is not right.

    Attributes:
        code: the rule that speaks of it.
        harm: how bad it is.
        what: what does not fit, the end of a sentence.
        why: what it does to training.
        remedy: what to write instead.
        mended: whether the report reads the labels as what they are; then only a model that has not learned from them
            was given them as they are in the file.
        void: whether the loss says nothing here, so that doing well by it means nothing either.
    """

    code: str
    harm: Harm
    what: str
    why: str
    remedy: Remedy
    mended: bool = False
    void: bool = False
