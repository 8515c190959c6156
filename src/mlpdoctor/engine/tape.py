"""What goes into a network, input by input, and what a forward pass leaves behind for the way back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Network, Shape, row_width


def split(network: Network, features: Array) -> list[Array]:
    """The columns of some rows, shared out over a network's inputs in order and in their shapes, batch first.

    Raises:
        InputError: where the columns do not fit the inputs.
    """
    shapes = [network.nodes[place].shape for place in network.inputs]
    if len(shapes) == 1 and row_width(shapes[0]) is None:
        return [features.reshape(len(features), *_settled(shapes[0], features.shape[1]))]
    widths = [row_width(shape) for shape in shapes]
    if None in widths:
        raise InputError("the model has several inputs, one of which has no fixed length")
    known = [width or 0 for width in widths]
    if sum(known) != features.shape[1]:
        raise InputError(f"the model takes {sum(known)} features, but got {features.shape[1]}")
    starts = np.cumsum([0, *known])
    return [
        features[:, start : start + width].reshape(len(features), *(length or 0 for length in shape or ()))
        for start, width, shape in zip(starts, known, shapes, strict=False)
    ]


def _settled(shape: Shape | None, width: int) -> Sequence[int]:
    """An input's shape with its one open axis as long as the columns make it."""
    if shape is None:
        return (width,)
    fixed = math.prod(length for length in shape if length is not None)
    if list(shape).count(None) != 1 or not fixed or width % fixed:
        raise InputError(f"the model takes inputs of the shape {shape}, which {width} features do not fill")
    return [width // fixed if length is None else length for length in shape]


@dataclass(frozen=True, eq=False)
class Tape:
    """All that one forward pass computed, node by node.

    Attributes:
        inputs: what entered each node.
        before: the pre-activations of each node.
        after: its outputs.
    """

    inputs: Sequence[Sequence[Array]]
    before: Sequence[Array]
    after: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Cotangents:
    """The gradient of a scalar with respect to values on a tape.

    Attributes:
        before: with respect to pre-activations, by position of the node.
        after: with respect to outputs, by position of the node.
    """

    before: Mapping[int, Array] = field(default_factory=dict)
    after: Mapping[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LayerGradients:
    """What came back: the gradient with respect to everything on the way.

    Attributes:
        weights: with respect to the weights that training may change; those that no path reaches have zeros.
        before: with respect to the pre-activations of each node; None where no path leads from it to the scalar.
        features: with respect to what entered each input of the network, in order; None as above.
    """

    weights: Mapping[Key, Array]
    before: Sequence[Array | None]
    features: Sequence[Array | None]
