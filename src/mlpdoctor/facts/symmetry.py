"""Units that are copies of one another, before and behind.

Theorem: let two units of a layer have equal incoming weights and equal outgoing weights. Exchanging them leaves the
network's function as it is, so its loss has the same derivative along the weights of either (the gradient of a function
is exchanged with its arguments). Any optimizer that treats each weight by itself and has equal state for both moves
them by the same step, and they stay equal for ever.
"""

from dataclasses import dataclass

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.layers.ways import users
from mlpdoctor.network import Array, Layer, Network

ALIKE = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU", "Identity", "ActivityRegularization")
"""Layers that treat all units alike."""
RANDOM = ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise")
"""Layers that treat units differently by chance, in training only."""
BY_UNIT = ("BatchNormalization", "LayerNormalization", "PReLU")
"""Layers with weights of their own for each unit."""


@dataclass(frozen=True)
class Copies:
    """A layer in which some units are copies of others.

    Attributes:
        layer: its name.
        units: how many it has.
        distinct: how many of them differ.
        zero: whether all weights into the copies are zero.
        random: whether dropout or noise behind the layer may tell the copies apart in training.
    """

    layer: str
    units: int
    distinct: int
    zero: bool
    random: bool


@dataclass(frozen=True)
class Symmetry:
    """All layers with copies."""

    layers: tuple[Copies, ...]

    def of(self, layer: Layer) -> Copies | None:
        """The copies within one layer; None without any."""
        return next((copies for copies in self.layers if copies.layer == layer.name), None)


@fact
def symmetry(network: Network) -> Symmetry | Absent:
    """Compare all that belongs to each hidden unit, and what the optimizer remembers of it."""
    following = users(network)
    looked = 0
    found = []
    for position, node in enumerate(network.nodes):
        kernel = node.layer.weights.get("kernel")
        once = sum(other.layer is node.layer for other in network.nodes) == 1
        if node.layer.kind != "Dense" or kernel is None or kernel.ndim != 2 or not once or not node.layer.trainable:  # noqa: PLR2004
            continue
        behind = _behind(network, following, position, kernel.shape[1])
        if behind is None or kernel.shape[1] < 2:  # noqa: PLR2004
            continue
        looked += 1
        parts, random = behind
        before = _of_units(network, node.layer, kernel.shape[1])
        own = np.concatenate([*before, *parts])
        copies = _copies(own, kernel, parts, node.layer.name, random=random)
        if copies is not None:
            found.append(copies)
    return Symmetry(tuple(found)) if looked else Absent("there is no hidden Dense layer to look at", applicable=False)


def _copies(own: Array, kernel: Array, behind: list[Array], name: str, *, random: bool) -> Copies | None:
    """Compare the columns, one for each unit."""
    units = own.shape[1]
    if not np.isfinite(own).all():
        return None
    _, first, sizes = np.unique(own + 0.0, axis=1, return_index=True, return_counts=True)
    idle = ~kernel.any(axis=0) & ~np.concatenate(behind).any(axis=0)
    # Units that are cut off before and behind were pruned; a whole layer of them never began.
    pruned = np.asarray(idle)[first] & (sizes < units)
    lost = int((sizes[~pruned] - 1).sum())
    if not lost:
        return None
    alike = first[(sizes > 1) & ~pruned]
    return Copies(name, units, units - lost, zero=not kernel[:, alike].any(), random=random)


def _behind(
    network: Network, following: tuple[tuple[int, ...], ...], start: int, units: int
) -> tuple[list[Array], bool] | None:
    """What each unit's number is multiplied by behind the layer, and whether chance has a part in it.

    None where the way behind is not one of plain layers that end in Dense ones.
    """
    parts: list[Array] = []
    random = False
    todo = [start]
    while todo:
        here = todo.pop()
        if here in network.outputs or not following[here]:
            return None
        for user in following[here]:
            node = network.nodes[user]
            kind = node.layer.kind
            if kind == "Dense" and len(node.sources) == 1 and node.layer.weights.get("kernel") is not None:
                parts += _rows(network, node.layer, units)
                continue
            if kind in BY_UNIT:
                parts += _of_units(network, node.layer, units)
            elif kind in RANDOM:
                random = True
            elif kind not in ALIKE:
                return None
            todo.append(user)
    return (parts, random) if parts else None


def _of_units(network: Network, layer: Layer, units: int) -> list[Array]:
    """The weights of a layer that belong to one unit each, with their slots; shape (numbers, units)."""
    return [
        np.asarray(array, np.float64).reshape(-1, units)
        for name, weight in layer.weights.items()
        for array in (weight, *_slots(network, layer, name))
        if array.ndim and array.shape[-1] == units
    ]


def _rows(network: Network, layer: Layer, units: int) -> list[Array]:
    """The rows of the kernel behind, with their slots; shape (numbers, units)."""
    kernel = layer.weights["kernel"]
    arrays = (kernel, *_slots(network, layer, "kernel"))
    return [np.asarray(array, np.float64).T for array in arrays if array.shape == kernel.shape and len(kernel) == units]


def _slots(network: Network, layer: Layer, weight: str) -> tuple[Array, ...]:
    """What the optimizer remembers of a weight."""
    slots = {} if network.optimizer is None else network.optimizer.slots.get(layer.name, {}).get(weight, {})
    return tuple(np.asarray(slot, np.float64) for slot in slots.values())
