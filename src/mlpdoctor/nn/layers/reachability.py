"""What can reach what: which numbers inside a network can move its outputs, and where a gradient gets to.

Worked out backwards from the outputs, number by number where a node has one axis and for all its numbers together
elsewhere. In doubt a way is open.
"""

from collections.abc import Callable, Iterable
from dataclasses import field

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Node
from mlpdoctor.nn.layers.family import array
from mlpdoctor.nn.layers.properties import activation_of, family_of, rate_of

Mask = npt.NDArray[np.bool_]

STEPS = frozenset(
    {
        "Argmax", "Argmin", "Argsort", "Ceil", "Equal", "Floor", "FloorDivide", "Greater", "GreaterEqual", "Isfinite",
        "Isnan", "Less", "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr", "NotEqual", "OneHot", "Rint", "Round",
        "Sign", "Trunc",
    }
)  # fmt: skip
"""Operations of ``keras.ops`` whose slope is zero wherever there is one."""
LOOKUPS = frozenset({"CategoryEncoding", "Discretization", "Embedding", "Hashing", "IntegerLookup", "StringLookup"})
"""Layers that take names: no gradient goes back to them."""
STOPS = "StopGradient"
ELEMENTWISE = frozenset(
    {
        "Activation", "Add", "AlphaDropout", "Average", "BatchNormalization", "Dropout", "ELU", "GaussianDropout",
        "GaussianNoise", "Identity", "LeakyReLU", "Normalization", "PReLU", "ReLU", "Rescaling", "Subtract",
    }
)  # fmt: skip

WALLS = frozenset({"BatchNormalization", "Dense", "Dot", "Multiply", "Rescaling"})
"""Layers that can end a way by multiplying it by zero; others only hand on that it has ended."""


@dataclass(frozen=True)
class Reachability:
    """Where the ways back from some outputs lead.

    Attributes:
        open: for each node which of its numbers have a way to an output.
        closed: why ways end at a node, in words that complete "no gradient gets there: ...".
    """

    open: tuple[Mask, ...]
    closed: dict[int, str] = field(default_factory=dict)

    def any(self, position: int) -> bool:
        """Whether any number of a node has a way."""
        return bool(self.open[position].any())

    def gets(self, network: Network, position: int) -> bool:
        """Whether a way leads to the weights of a node, past its own activation."""
        return self.any(position) and _stops(network.nodes[position].layer, gradient=False) is None


def influence(network: Network, ends: Iterable[int]) -> Reachability:
    """Which numbers can change the outputs, with the weights as they are."""
    return _backwards(network, ends, lambda _: True, gradient=False)


def lasting_influence(network: Network, ends: Iterable[int]) -> Reachability:
    """Which numbers can change the outputs, now or once the trainable weights have moved."""
    return _backwards(network, ends, lambda layer: not layer.trainable, gradient=False)


def gradient_paths(network: Network, ends: Iterable[int]) -> Reachability:
    """Which numbers get a gradient in training, now or once the trainable weights have moved."""
    return _backwards(network, ends, lambda layer: not layer.trainable, gradient=True)


def _backwards(
    network: Network, ends: Iterable[int], fixed: Callable[[Layer], bool], *, gradient: bool
) -> Reachability:
    nodes = network.nodes
    masks = [np.zeros(_width(node), dtype=bool) for node in nodes]
    closed: dict[int, str] = {}
    constant = _constant_zeros(network)
    for end in ends:
        masks[end][:] = True
    for position in range(len(nodes) - 1, -1, -1):
        mask, node = masks[position], nodes[position]
        if not mask.any() or not node.sources:
            continue
        reason = _stops(node.layer, gradient=gradient)
        for place, source in enumerate(node.sources):
            if reason is None:
                through = _through(network, position, place, mask, constant, fixed=fixed(node.layer))
                masks[source] |= through
                if not through.any() and node.layer.kind in WALLS:
                    closed[position] = _zero_reason(node.layer)
            else:
                closed[position] = reason
    return Reachability(tuple(masks), closed)


def _stops(layer: Layer, *, gradient: bool) -> str | None:
    """Why nothing goes back through a layer, whatever its weights."""
    if layer.registered is not None:
        return None
    function = activation_of(layer) if family_of(layer) is not None else None
    if function is not None and function.bounds[0] == function.bounds[1]:
        return f"the {function.name} of {layer.name} is constant"
    if not gradient:
        return None
    if rate_of(layer) >= 1:
        return f"{layer.name} drops everything in training"
    kind = layer.kind.removeprefix("ops.")
    if kind == STOPS:
        return f"{layer.name} stops it"
    if layer.kind in LOOKUPS or (layer.kind != kind and kind in STEPS):
        return f"{layer.name} has no slope"
    return None


def _zero_reason(layer: Layer) -> str:
    if layer.kind == "Rescaling":
        return f"{layer.name} multiplies by zero"
    constant = layer.kind in ("Multiply", "Dot")
    return f"{layer.name} multiplies by a constant zero" if constant else f"the weights of {layer.name} are all zero"


def _through(network: Network, position: int, place: int, mask: Mask, constant: list[bool], *, fixed: bool) -> Mask:
    """Which numbers of one source have a way through a node, given which of its own have one onward."""
    node = network.nodes[position]
    layer, source = node.layer, network.nodes[node.sources[place]]
    everything = np.ones(_width(source), dtype=bool)
    if layer.kind in ("Multiply", "Dot") and any(constant[other] for k, other in enumerate(node.sources) if k != place):
        return ~everything
    if family_of(layer) is None:
        return everything
    function = activation_of(layer)
    if function is not None and function.derivative is None:  # softmax and its like: every unit moves every other
        mask = np.ones_like(mask)
    if layer.kind == "Dense" and fixed and "kernel" in layer.weights:
        ways = layer.weights["kernel"] != 0
        ways = ways[:, mask] if mask.size == ways.shape[1] else ways
        found = ways.any(axis=1)
        return np.asarray(found if found.size == everything.size else everything & found.any())
    if layer.kind == "Concatenate" and all(_flat(network.nodes[k]) for k in (*node.sources, position)):
        start = sum(_width(network.nodes[k]) for k in node.sources[:place])
        return mask[start : start + everything.size]
    if layer.kind not in ELEMENTWISE or not (_flat(node) and _flat(source) and mask.size == everything.size):
        factor = _factor(layer, fixed=fixed)
        return everything & bool(factor.any())
    return np.asarray(mask & _factor(layer, fixed=fixed))


def _factor(layer: Layer, *, fixed: bool) -> Mask:
    """Which numbers an elementwise layer lets through: none that it multiplies by zero."""
    if layer.kind == "Rescaling":
        return np.array([bool(array(layer.config.get("scale", 1.0)).any())])
    if layer.kind == "BatchNormalization" and fixed and "gamma" in layer.weights:
        gamma = layer.weights["gamma"] != 0
        return gamma if gamma.ndim == 1 else np.array([bool(gamma.any())])
    return np.array([True])


def _constant_zeros(network: Network) -> list[bool]:
    """Whether a node is zero for good: a rescaling by nothing, and what layers without an offset make of it."""
    found: list[bool] = []
    for node in network.nodes:
        layer, sources = node.layer, [found[source] for source in node.sources]
        if layer.kind == "Rescaling":
            scale, offset = array(layer.config.get("scale", 1.0)), array(layer.config.get("offset", 0.0))
            found.append(not offset.any() and (not scale.any() or all(sources)))
        elif layer.kind in ("Multiply", "Dot"):
            found.append(any(sources))
        elif layer.kind in ("Flatten", "Reshape", "Identity", "Dropout", "Permute", "RepeatVector"):
            found.append(bool(sources) and all(sources))
        else:
            found.append(False)
    return found


def _flat(node: Node) -> bool:
    return node.shape is not None and len(node.shape) == 1 and node.shape[0] is not None


def _width(node: Node) -> int:
    """How many numbers are told apart: those of a row of one axis, else all as one."""
    return (node.shape[0] or 0) if node.shape is not None and len(node.shape) == 1 and node.shape[0] else 1
