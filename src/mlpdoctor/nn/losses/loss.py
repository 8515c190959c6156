"""What every loss is, and what it asks of the targets."""

import dataclasses
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Config


class TargetKind(StrEnum):
    """What a loss takes for targets."""

    REAL = "any numbers"
    COUNT = "numbers from 0 up"
    UNIT = "numbers from 0 to 1"
    SIGN = "labels -1 and 1, or 0 and 1"
    CLASS = "class numbers counted from 0"


@dataclass(frozen=True)
class ColumnValues:
    """What is known of the values in the target columns of one output.

    Attributes:
        low: the least.
        high: the greatest.
        whole: whether all are whole numbers.
    """

    low: float
    high: float
    whole: bool


def complaint(kind: TargetKind, seen: ColumnValues, units: int) -> str | None:
    """Why these targets are not what a loss takes, for the user; None when they are.

    Args:
        kind: what the loss takes.
        seen: what there is.
        units: of the output.
    """
    low, high = seen.low, seen.high
    wrong = {
        TargetKind.REAL: False,
        TargetKind.COUNT: low < 0,
        TargetKind.UNIT: low < 0 or high > 1,
        TargetKind.SIGN: not seen.whole or low < -1 or high > 1 or (low, high) == (-1, 0),
        TargetKind.CLASS: not seen.whole or low < 0 or high > units - 1,
    }[kind]
    if not wrong:
        return None
    takes = f"class numbers from 0 to {units - 1}" if kind is TargetKind.CLASS else kind.value
    fractions = "" if seen.whole or kind in (TargetKind.COUNT, TargetKind.UNIT) else ", not all whole"
    return f"it takes {takes}, and these go from {low:g} to {high:g}{fractions}"


def one_hot(numbers: Array, units: int) -> Array:
    """Ones among zeros, shape (rows, units), from class numbers, shape (rows, 1).

    A row whose number is no class is not a number in any of its columns.
    """
    known = (numbers >= 0) & (numbers < units) & (numbers == np.floor(numbers))
    return np.where(known, (numbers == np.arange(units)).astype(np.float64), np.nan)


def class_numbers(columns: Array) -> Array:
    """The number of the largest column of each row, shape (rows, 1)."""
    return np.asarray(columns.argmax(axis=1), np.float64)[:, None]


EPSILON = 1e-7
"""``keras.config.epsilon()``: how far probabilities are kept from 0 and 1, unless the user changed it."""
ALMOST_ONE = float(np.float32(1) - np.float32(EPSILON))
"""The largest probability that Keras lets through, in its float32: what is left to one is 1.19e-7, not 1e-7."""
LAST_AXES = (-1, 1)
"""How an option says that classes lie along the last axis of rows and units."""
Groups = npt.NDArray[np.intp]
"""For each row the number of its group, counted from 0 without gaps."""


@dataclass(frozen=True)
class Loss(ABC):
    """A Keras loss with the options it was compiled with; the fields of a subclass are its options.

    Arrays of targets are the ones ``encode`` returns: shape (rows, units), what Keras compares with the outputs.
    A loss judges the units of an output one by one and Keras averages over them, or it judges each row as a whole.

    Attributes:
        names: how files and users spell it, lower case, without underscores.
        label: its name in words.
        targets: what its targets have to be.
        joint: whether a row has one value, as with classes, rather than one for each unit.
        reads_logits: whether Keras, on TensorFlow, looks behind a final sigmoid or softmax and reads its logits.
        linear: how the best affine predictor is found: ``squares``, ``absolute`` (weighted absolute deviations),
            ``convex`` (a ``ConvexLoss``), or None where the problem is not convex.
        best_constant: what the best prediction that ignores the inputs is, in words: ``the mean``.
        capped: whether Keras keeps answers from 0, so that a row loses no more than so much, as in no convex form.
        squared_on_a_scale: whether it is the squared error of targets and answers on the scale of ``to_scale``.
    """

    names: ClassVar[tuple[str, ...]]
    label: ClassVar[str]
    targets: ClassVar[TargetKind]
    joint: ClassVar[bool] = False
    reads_logits: ClassVar[bool] = False
    linear: ClassVar[Literal["squares", "absolute", "convex"] | None] = None
    not_options: ClassVar[tuple[str, ...]] = ("secant", "assumed")
    """Fields that are not Keras's."""
    best_constant: ClassVar[str] = "one value"
    capped: ClassVar[bool] = False
    squared_on_a_scale: ClassVar[bool] = False

    def to_scale(self, targets: Array) -> Array:
        """Targets on the scale on which a quick fit is made, shape (rows, units)."""
        return targets

    def from_scale(self, answers: Array) -> Array:
        """Answers of such a fit as the loss reads them."""
        return answers

    @classmethod
    def of(cls, options: Config, keras: int = 3) -> Self:  # noqa: ARG003
        """The loss with the options that a file holds; options it does not know are left aside.

        Args:
            options: the configuration of the loss in the file.
            keras: major version of the Keras that wrote it, where that changes the values.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in known})

    @classmethod
    def options(cls) -> Config:
        """What ``--loss`` may set, and its usual value: numbers and switches."""
        fields = {field.name: field.default for field in dataclasses.fields(cls) if field.name not in cls.not_options}
        return {name: usual for name, usual in fields.items() if isinstance(usual, bool | int | float)}

    @property
    def told(self) -> str:
        """The loss in words, with what a file leaves open."""
        return self.label

    def obstacle(self) -> str | None:
        """Why there is no ladder for these options, for the user; or None."""
        return None

    def misfit(self, activation: str, low: float) -> str | None:  # noqa: ARG002
        """Why there is no ladder for what comes out of an activation, for the user; or None.

        Args:
            activation: name of the output's last function.
            low: the least that it returns.
        """
        return None

    def columns(self, units: int) -> int:
        """How many target columns go with an output of so many units."""
        return units

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        """Targets as the loss compares them with the outputs, from those in the data: shape (rows, units)."""
        return targets

    @abstractmethod
    def values(self, targets: Array, outputs: Array) -> Array:
        """The loss of each row and unit, shape (rows, units), or of each row where it is joint, shape (rows, 1)."""

    @abstractmethod
    def gradient(self, targets: Array, outputs: Array) -> Array:
        """The derivative of the sum of ``values`` with respect to the outputs, shape (rows, units)."""

    @abstractmethod
    def nearest(self, targets: Array, low: float, high: float) -> Array:
        """The least loss of each row by outputs between two bounds, shaped as ``values``; the infimum.

        Without bounds (``-inf`` and ``inf``) it is what a perfect answer to the row costs.
        """

    @abstractmethod
    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        """The least loss of one answer for all rows of a group, summed over them with their weights.

        Returns:
            Shape (groups, units), or (groups, 1) where the loss is joint; a lower bound that is reached.
        """
