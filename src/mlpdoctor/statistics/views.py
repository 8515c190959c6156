"""What one batch shows of the data or of a layer. Statistics say by their annotation which view they summarise."""

from functools import cached_property

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.core.row_hash import Hashes, hash_rows
from mlpdoctor.nn.layers.activation import Activation as ActivationFunction


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

    @cached_property
    def hashes(self) -> Hashes:
        """A hash of the features of each row."""
        return hash_rows(self.features)


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the network answers, beside what it was given; all its outputs side by side, shape (rows, outputs)."""

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
