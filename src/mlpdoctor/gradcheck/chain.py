"""A network of dense layers in a row, and its loss, as they stand in arrays of the user's."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.code import Point
from mlpdoctor.nn.layers.family import Activation

KINDS = ("mse", "mae", "bce", "cce")
LOSS_NAMES = {
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "bce": "binary cross-entropy",
    "cce": "categorical cross-entropy",
}


@dataclass(frozen=True)
class Place:
    """Where a layer's arrays are among the parameters.

    Attributes:
        kernel: position of the kernel.
        bias: position of the bias; None without one.
    """

    kernel: int
    bias: int | None


@dataclass(frozen=True)
class LossForm:
    """How the terms of rows and units become one number.

    Attributes:
        kind: ``mse``, ``mae``, ``bce`` or ``cce``.
        mean: ``all`` (over rows and units), ``rows`` or ``none`` (a sum).
        half: whether it is halved.
        l2: the factor of the sum of all squared weights that is added.
        l2_biases: whether biases are among them.
    """

    kind: str
    mean: str
    half: bool = False
    l2: float = 0.0
    l2_biases: bool = False

    def factor(self, rows: int, units: int) -> float:
        """What the sum of all terms is multiplied with."""
        divisor = {"all": rows * units, "rows": rows, "none": 1}[self.mean]
        return (0.5 if self.half else 1.0) / divisor

    @property
    def words(self) -> str:
        """The loss in words."""
        over = {"all": "over rows and outputs", "rows": "over rows", "none": ""}[self.mean]
        name = LOSS_NAMES[self.kind]
        name = name if self.mean != "none" else f"{name.removeprefix('mean ')}, summed"
        parts = ("half the " if self.half else "", name, f", averaged {over}" if over else "")
        return "".join(parts) + (f", plus {self.l2:.3g} times the squared weights" if self.l2 else "")


Masks: TypeAlias = Sequence[Array | None]


@dataclass(frozen=True, eq=False)
class Chain:
    """Dense layers in a row, from the input on.

    Attributes:
        places: the arrays of each layer.
        activations: the activation of each layer.
        transposed: whether kernels are stored as (outputs, inputs).
        columns: whether the data have a row in each column.
        x: features, shape (rows, inputs).
        y: targets, shape (rows, outputs).
        form: the loss.
        masks: what the output of each layer is multiplied with, shape (rows, units); None for nothing. Of dropout.
    """

    places: Sequence[Place]
    activations: Sequence[Activation]
    transposed: bool
    columns: bool
    x: Array
    y: Array
    form: LossForm
    masks: Masks = ()

    def mask(self, layer: int) -> Array | None:
        """What the output of a layer is multiplied with; None for nothing."""
        return self.masks[layer] if layer < len(self.masks) else None

    def kernel(self, point: Point, layer: int) -> Array:
        """The kernel of a layer as (inputs, outputs)."""
        values = point[self.places[layer].kernel]
        return values.T if self.transposed else values

    def bias(self, point: Point, layer: int) -> Array | float:
        """The bias of a layer, flat; zero without one."""
        place = self.places[layer].bias
        return 0.0 if place is None else point[place].reshape(-1)

    def forward(self, point: Point) -> tuple[list[Array], list[Array]]:
        """Pre-activations of each layer; the features and the outputs of each layer."""
        before, after = [], [self.x]
        with np.errstate(all="ignore"):
            for layer, activation in enumerate(self.activations):
                before.append(after[-1] @ self.kernel(point, layer) + self.bias(point, layer))
                mask = self.mask(layer)
                after.append(activation.function(before[-1]) * (1.0 if mask is None else mask))
        return before, after

    def penalised(self, point: Point, *, biases: bool) -> float:
        """The sum of squared weights."""
        kept = [place.kernel for place in self.places]
        kept += [place.bias for place in self.places if biases and place.bias is not None]
        return float(sum(np.sum(point[place] ** 2) for place in kept))

    @property
    def words(self) -> str:
        """Layers and loss in one line."""
        layers = ", ".join(activation.name for activation in self.activations)
        return f"{layers}; {self.form.words}"


def terms(kind: str, outputs: Array, y: Array) -> Array:
    """The loss of each row and unit, without any factor."""
    with np.errstate(all="ignore"):
        if kind == "mse":
            return np.square(outputs - y)
        if kind == "mae":
            return np.abs(outputs - y)
        if kind == "bce":
            return -_times_log(y, outputs) - _times_log(1 - y, 1 - outputs)
        return -_times_log(y, outputs)


def _times_log(y: Array, p: Array) -> Array:
    return np.where(y == 0, 0.0, y * np.log(np.where(y == 0, 1.0, p)))
