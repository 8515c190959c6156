"""One output of a network with its loss: the record that floors, contracts, treatments and trials share."""

from enum import StrEnum

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer, LossConfig
from mlpdoctor.core.text import quoted
from mlpdoctor.nn.expectation import Expectation, OutputRange, expectation_of, first_name, range_of
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Loss, TargetKind, class_numbers, one_hot

CLASS_NAMES = {
    "binarycrossentropy": "BinaryCrossentropy",
    "binaryfocalcrossentropy": "BinaryFocalCrossentropy",
    "categoricalcrossentropy": "CategoricalCrossentropy",
    "sparsecategoricalcrossentropy": "SparseCategoricalCrossentropy",
    "categoricalfocalcrossentropy": "CategoricalFocalCrossentropy",
}
"""Losses with the option ``from_logits``, by their Keras class."""


class LabelEncoding(StrEnum):
    """How the data encode the targets of an output."""

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
    """One output of the network with its loss: all that is known of it, and the only record of it.

    Attributes:
        name: of the output, as Keras names it in the log.
        output: its position among the network's outputs.
        node: position of the node that makes it; an earlier one than the output's own where the layers behind that
            hand on the tensor they get, with the logits that Keras keeps beside it.
        layer: the layer that makes its numbers; layers that leave them unchanged are looked through.
        activation: the function of ``node``; None where that is hidden in a layer of an unknown kind.
        config: the loss as the file names it; None where it names none.
        known_loss: as Keras computes it, on logits where Keras reads those behind a final sigmoid or softmax; None
            where there is no ladder for it.
        known_units: how many numbers it answers for one row; None when that is not known.
        behind: whether the loss reads what the activation is applied to, not what it returns.
        encoding: how the data encode its targets.
        weight: factor of its loss in the total.
        first_unit: position of its first number among those of all outputs side by side.
        first_column: position of the first target column that its loss takes.
        given: the target columns of the data that are its own; None where they cannot be told.
    """

    name: str
    output: int
    node: int
    layer: Layer
    activation: Activation | None
    config: LossConfig | None
    known_loss: Loss | None
    known_units: int | None
    behind: bool
    encoding: LabelEncoding
    weight: float
    first_unit: int
    first_column: int
    given: slice | None

    @property
    def loss(self) -> Loss:
        """The loss, of an output that has one with a ladder."""
        if self.known_loss is None:
            raise ValueError(f"the output {self.name!r} has no loss with a ladder")
        return self.known_loss

    @property
    def units(self) -> int:
        """How many numbers it answers for one row, where that is known."""
        if self.known_units is None:
            raise ValueError(f"the width of the output {self.name!r} is not known")
        return self.known_units

    @property
    def known_function(self) -> Activation | None:
        """The last activation, that of ``layer``; None where it is hidden in a layer of an unknown kind."""
        return activation_of(self.layer)

    @property
    def function(self) -> Activation:
        """The last activation, where that is known."""
        if self.known_function is None:
            raise ValueError(f"the activation of the output {self.name!r} is not known")
        return self.known_function

    @property
    def range(self) -> OutputRange:
        """What numbers the last activation can output."""
        return range_of(self.function)

    @property
    def known_expectation(self) -> Expectation | None:
        """What the loss takes the outputs for; None where that is not judged."""
        return None if self.config is None else expectation_of(self.config)

    @property
    def expectation(self) -> Expectation:
        """What the loss takes the outputs for, where that is judged."""
        if self.known_expectation is None:
            raise ValueError(f"the loss of the output {self.name!r} is not judged")
        return self.known_expectation

    @property
    def loss_name(self) -> str:
        """One name for all notations of the loss, ``meansquarederror``; empty where the file names none."""
        return "" if self.config is None else first_name(self.config)

    @property
    def loss_label(self) -> str:
        """The loss in words."""
        if self.known_loss is not None:
            return self.known_loss.label
        return "" if self.config is None else self.config.name

    @property
    def by_weights(self) -> bool:
        """Whether Keras divides by the sum of the sample weights, not by the number of rows."""
        return self.config is not None and self.config.options.get("reduction") == "mean_with_sample_weight"

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

    def with_activation(self, name: str | None, units: int | None = None) -> str:
        """The line of code for the output with another activation, or none, and perhaps another number of units."""
        layer = self.layer.short_name
        if self.layer.kind != "Dense" and units is None:
            return f'Activation("{name or "linear"}", name={quoted(layer)})'
        activation = "" if name is None else f', activation="{name}"'
        called = f", name={quoted(layer)}" if self.layer.kind == "Dense" else ""
        return f"Dense({units or self.units}{activation}{called})"

    def with_logits(self, *, from_logits: bool) -> str:
        """The loss with or without ``from_logits``."""
        return f"loss=keras.losses.{CLASS_NAMES[self.loss_name]}(from_logits={from_logits})"
