"""What a forward pass leaves behind for the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key


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
