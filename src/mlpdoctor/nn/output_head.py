"""What the network is trained for: its outputs, the loss of each, and how they add up."""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activation import Activation
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Groups, Loss
from mlpdoctor.nn.losses.targets import TargetKind, class_numbers, one_hot


class LabelEncoding(StrEnum):
    """How the data spell the targets of an output."""

    USUAL = "usual"
    """As the loss takes them."""
    NUMBER = "number"
    """Class numbers in one column, where the loss takes a column for each class."""
    ONE_HOT = "one-hot"
    """A column for each class, where the loss takes class numbers."""
    REPEATED = "repeated"
    """One column, where the loss takes one for each unit: Keras compares it with every unit."""


@dataclass(frozen=True, eq=False)
class OutputHead:
    """One output of the network with its loss.

    Attributes:
        name: of the output, as Keras names it in the log.
        output: its position among the network's outputs.
        node: position of the node that makes it; an earlier one than the output's own where the layers behind that
            hand on the tensor they get, with the logits that Keras keeps beside it.
        loss: as Keras computes it; on logits where Keras reads those behind a final sigmoid or softmax.
        units: how many numbers it answers for one row.
        first_unit: position of its first number among those of all outputs side by side.
        first_column: position of its first target column.
        weight: factor of its loss in the total.
        activation: the last function of the output, None where that is hidden in a layer of an unknown kind.
        behind: whether the loss reads what that function is applied to, not what it returns.
        encoding: how the data spell its targets.
        by_weights: whether Keras divides by the sum of the sample weights (``mean_with_sample_weight``), not by the
            number of rows.
    """

    name: str
    output: int
    node: int
    loss: Loss
    units: int
    first_unit: int
    first_column: int
    weight: float
    activation: Activation | None
    behind: bool
    encoding: LabelEncoding = LabelEncoding.USUAL
    by_weights: bool = False

    @property
    def straight(self) -> bool:
        """Whether what the last layer computes before its activation is the predictor in which the loss is simple.

        Then the best affine predictor is the best that an affine network can be: a line for squared errors, a
        logistic regression for the cross-entropy of a sigmoid, a Poisson regression behind an exponential.
        """
        name = None if self.activation is None else self.activation.name
        if not isinstance(self.loss, ConvexLoss):
            return self.loss.linear is not None and name == "linear"
        if self.loss.link == "identity":
            return name == "linear"
        if self.loss.link == "log":
            return name == "exponential"
        if self.loss.reads_logits:
            return self.behind or (name == "linear" and bool(getattr(self.loss, "from_logits", False)))
        return name == "softmax"

    def targets(self, columns: Array) -> Array:
        """The targets as the loss compares them, from all target columns: shape (rows, units)."""
        own = columns[:, self.own]
        if self.encoding is LabelEncoding.ONE_HOT:
            own = class_numbers(own)
        elif self.encoding is LabelEncoding.NUMBER:
            own = one_hot(own, self.units)
        elif self.encoding is LabelEncoding.REPEATED:
            own = np.repeat(own, self.units, axis=1)
        return self.loss.encode(own, self.units)

    @property
    def columns(self) -> int:
        """How many target columns it has."""
        if self.encoding is LabelEncoding.ONE_HOT:
            return self.units
        return self.loss.columns(self.units) if self.encoding is LabelEncoding.USUAL else 1

    @property
    def own(self) -> slice:
        """Its target columns among all of them."""
        return slice(self.first_column, self.first_column + self.columns)

    def column_of(self, unit: int) -> int:
        """The target column that a unit is compared with, where the loss judges units one by one."""
        return self.first_column + min(unit, self.columns - 1)

    @property
    def takes(self) -> TargetKind:
        """What its target columns have to hold."""
        other = {LabelEncoding.ONE_HOT: TargetKind.UNIT, LabelEncoding.NUMBER: TargetKind.CLASS}
        return other.get(self.encoding, self.loss.targets)

    def read(self, outputs: Array) -> Array:
        """What the loss reads, from what it reads of all outputs side by side: shape (rows, units)."""
        return outputs[:, self.first_unit : self.first_unit + self.units]


@dataclass(frozen=True, eq=False)
class Part:
    """What is judged by itself: one unit of an output, or a whole output whose loss is joint.

    Attributes:
        head: the output.
        unit: the unit within it; None for all of them together.
        name: the output's name, with the number of the unit where there are several.
        weight: factor of its loss in the total.
    """

    head: OutputHead
    unit: int | None
    name: str
    weight: float

    @property
    def loss(self) -> Loss:
        """The loss of its output."""
        return self.head.loss

    def targets(self, columns: Array) -> Array:
        """Its own encoded targets, from all target columns: shape (rows, 1), or (rows, units) where joint."""
        encoded = self.head.targets(columns)
        return encoded if self.unit is None else encoded[:, self.unit : self.unit + 1]


@dataclass(frozen=True, eq=False)
class Heads:
    """All outputs, in order.

    Attributes:
        heads: one an output.
        label: the whole loss in words.
    """

    heads: tuple[OutputHead, ...]
    label: str

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is judged by itself: Keras averages the units of an output and adds outputs up by their weights."""
        return tuple(part for head in self.heads for part in _parts(head))

    @property
    def columns(self) -> int:
        """How many target columns there have to be."""
        return sum(head.columns for head in self.heads)

    def total(self, per_part: Iterable[float]) -> float:
        """The total loss from that of each part."""
        return float(sum(part.weight * value for part, value in zip(self.parts, per_part, strict=True)))

    def values(self, columns: Array, read: Array) -> Array:
        """The loss of each row and part.

        Args:
            columns: all target columns, shape (rows, columns).
            read: what the losses read of the outputs, side by side, shape (rows, units).
        """
        return np.concatenate([head.loss.values(head.targets(columns), head.read(read)) for head in self.heads], axis=1)

    def perfect(self, columns: Array) -> Array:
        """What a perfect answer to each row costs, shape (rows, parts): zero for most losses and labels."""
        found = [head.loss.nearest(head.targets(columns), -np.inf, np.inf) for head in self.heads]
        return np.concatenate(found, axis=1)

    def best(self, groups: Groups, columns: Array, weights: Array) -> Array:
        """What one answer to all rows of a group costs, summed over them, shape (groups, parts)."""
        found = [head.loss.best(groups, head.targets(columns), weights) for head in self.heads]
        return np.concatenate(found, axis=1)


def _parts(head: OutputHead) -> tuple[Part, ...]:
    if head.loss.joint:
        return (Part(head, None, head.name, head.weight),)
    if head.units == 1:
        return (Part(head, 0, head.name, head.weight),)
    return tuple(Part(head, k, f"{head.name}[{k}]", head.weight / head.units) for k in range(head.units))
