"""What one batch shows of the data or of a layer, and what every statistic of it is: a frozen summary that merges.

Statistics say by their annotation which view they summarise.
"""

from functools import cached_property
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.nn.layers.family import Activation as ActivationFunction

Hashes = npt.NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


def hash_rows(features: npt.NDArray[np.float64]) -> Hashes:
    """A 64-bit hash of each row of float64 values; 0.0 and -0.0 count as the same number."""
    # Started from zero a row of zeros would have the hash zero, which no level ever gives up.
    return hash_on(np.full(len(features), _MIX, dtype=np.uint64), features)


def hash_on(started: Hashes, features: npt.NDArray[np.float64]) -> Hashes:
    """The hash of each row continued by further columns: that of all its columns together."""
    mixed, high = started.copy(), np.empty_like(started)
    number = np.empty(len(features))
    for column in features.T:
        np.add(column, 0.0, out=number)
        mixed ^= number.view(np.uint64)
        for factor in (_MIX, _FOLD):
            mixed *= factor
            mixed ^= np.right_shift(mixed, _HALF, out=high)
    return mixed


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of a batch as read, unusable rows included; shapes (rows, features), (rows, targets) and (rows,)."""

    features: Array
    targets: Array
    first_row: int
    weights: Array | None = None


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets of the usable rows, shape (rows, targets)."""

    values: Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Features and targets of the usable rows, with each row's number in the file, counted from 0.

    ``weights`` holds each row's weight in the loss, shape (rows,); None where all count alike.
    """

    features: Array
    targets: Array
    numbers: Array
    weights: Array | None = None

    def at(self, places: "slice | npt.NDArray[np.integer[Any] | np.bool_]") -> "Rows":
        """Some of them."""
        weights = None if self.weights is None else self.weights[places]
        return Rows(self.features[places], self.targets[places], self.numbers[places], weights)

    @cached_property
    def hashes(self) -> Hashes:
        """A hash of the features of each row."""
        return hash_rows(self.features)


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the network predicts, beside what it was given; all its outputs side by side, shape (rows, outputs)."""

    features: Array
    values: Array


@dataclass(frozen=True, eq=False)
class RowLoss:
    """The loss of each row for each part of the loss, times the row's weight; shape (rows, parts)."""

    values: Array


@dataclass(frozen=True, eq=False)
class PerfectLoss:
    """What a perfect answer to each row would cost, times the row's weight; shape (rows, parts)."""

    values: Array


@dataclass(frozen=True, eq=False)
class Entering:
    """What enters a learned layer that no other learned layer comes before, and what its kernel makes of it.

    Shapes (rows, features) and (rows, units); before the layer's own activation. Where the layer works at several
    places, as a convolution does, each place is a row.
    """

    layer: Layer
    values: Array
    pre_activation: Array


@dataclass(frozen=True, eq=False)
class Normalising:
    """What enters a layer that normalises by stored moments, along its last axis; shape (rows, units)."""

    layer: Layer
    values: Array


@dataclass(frozen=True, eq=False)
class PreActivation:
    """What enters one layer's activation function and what comes out, shape (rows, units).

    Where the same units work at several places, as filters do on an image, each place is a row: ``places`` to each row
    of the data.
    """

    layer: Layer
    function: ActivationFunction
    values: Array
    outputs: Array
    places: int = 1


@dataclass(frozen=True, eq=False)
class Activity:
    """What a layer with an activity regulariser puts out, after its activation, flattened to shape (rows, units)."""

    layer: Layer
    values: Array


@dataclass(frozen=True, eq=False)
class Pieces:
    """On which linear piece each piecewise linear unit of the whole network works, shape (rows, units).

    Only networks in which every activation is piecewise linear show it: in them two rows on the same pieces go
    through the same affine map.
    """

    values: Array


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of each row's loss with respect to a layer's pre-activations, flattened to shape (rows, units)."""

    layer: Layer
    values: Array


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
