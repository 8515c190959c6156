"""What a gradient check comes to, as data: each array with its verdict, and the mistakes that explain them."""

from dataclasses import field
from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass


class Status(StrEnum):
    """What is said of one array of a gradient."""

    OK = "ok"
    """Equal to the true gradient, as exactly as the arithmetic allows."""
    WRONG = "wrong"
    """Further from it than every error that the arithmetic can make."""
    UNCLEAR = "unclear"
    """Too small beside the rounding of the loss to tell."""


@dataclass(frozen=True)
class WorstEntry:
    """The entry of an array that is furthest off.

    Attributes:
        index: where it is.
        code: what the user's code says there.
        true: what it should be.
        error: how far the true one may be off.
    """

    index: tuple[int, ...]
    code: float
    true: float
    error: float


@dataclass(frozen=True)
class ArrayGradient:
    """One array of the gradient beside the true one.

    Attributes:
        name: of the parameter.
        shape: of the parameter.
        status: whether it is right.
        cosine: of the angle between both, over the entries compared; None where one of them is zero.
        ratio: length of the user's over that of the true one; None where the true one is zero.
        worst: the entry furthest off; None where no entry was compared.
        compared: how many entries were compared one by one.
    """

    name: str
    shape: tuple[int, ...]
    status: Status
    cosine: float | None
    ratio: float | None
    worst: WorstEntry | None
    compared: int


@dataclass(frozen=True)
class Mistake:
    """A mistake that was recognised, because with it (and its companions) the user's gradient comes out.

    Attributes:
        kind: a name for programs, ``slope-missing``.
        title: one sentence.
        mathematics: the line as it should be, in formulas.
        numpy: the same in NumPy.
    """

    kind: str
    title: str
    mathematics: str
    numpy: str


@dataclass(frozen=True)
class GradientReport:
    """The result of a gradient check.

    Attributes:
        arrays: in the order of the parameters.
        mistakes: what explains a wrong gradient; empty where it is right or not explained.
        alternatives: other sets of mistakes that give the same gradient on these data, as titles.
        start: the first wrong array counted from the output; None where none is wrong.
        network: the layers and the loss in one line, where they were recognised.
        unrecognised: why the mistakes could not be looked for; None where they could.
        loss: at the user's own parameters.
        noise: the rounding error of the loss, in its own unit.
        arithmetic: ``float32`` or ``float64``.
        evaluations: how often the loss was computed.
        seconds: how long all of it took.
        notes: whatever else the user should know, a sentence each.
    """

    arrays: tuple[ArrayGradient, ...]
    mistakes: tuple[Mistake, ...]
    alternatives: tuple[str, ...]
    start: str | None
    network: str | None
    unrecognised: str | None
    loss: float
    noise: float
    arithmetic: str
    evaluations: int
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def right(self) -> bool:
        """Whether no array is wrong."""
        return all(one.status is not Status.WRONG for one in self.arrays)

    @property
    def explained(self) -> bool:
        """Whether a wrong gradient has a name."""
        return bool(self.mistakes)
