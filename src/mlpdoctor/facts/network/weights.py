"""What the weights are like: which are trained, and units that are copies of one another."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from mlpdoctor.core import random_state
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.nn.layers.graph import Followers, followers, units_of
from mlpdoctor.nn.layers.properties import activation_of

EQUAL = 1e-4
"""Share of a weight's own scale by which copies may differ: float32 sums the same terms in another order now and then,
and thousands of updates add that up. Two units drawn at random agree so well in every weight about never."""
SEED = 20190114
NOT_TRAINED = frozenset({"mean", "variance", "count", "moving_mean", "moving_variance", "seed_generator_state"})
"""Weights that are measured or counted, not fitted by gradients."""


def trained_parameters(network: Network) -> int:
    """How many numbers gradients fit."""
    return sum(
        int(weight.size)
        for layer in network.layers
        if layer.trainable
        for name, weight in layer.weights.items()
        if name not in NOT_TRAINED
    )


@dataclass(frozen=True, eq=False)
class Copies:
    """How the units fall into groups of copies.

    Attributes:
        sizes: units in each group.
        exact: whether copies agree to the last digit.
    """

    sizes: npt.NDArray[np.int64]
    exact: bool


def copies_among(layer: Layer, after: Followers, network: Network) -> Copies:
    """Group the units by all that belongs to each of them.

    Copies lie next to each other along any direction, so units are sorted along a random one and only neighbours that
    are close there are compared number by number.
    """
    rng = random_state.random(SEED)
    blocks = [(block, _largest(block)) for block in _belongings(layer, after, network)]
    along = np.zeros(len(blocks[0][0]))
    reach = 0.0
    for block, largest in blocks:
        direction = rng.normal(size=block.shape[1])
        along += block @ direction / largest
        reach += float(np.abs(direction).sum())
    order = np.argsort(along, kind="stable")
    steps = np.full(len(order) - 1, np.inf)
    near = np.flatnonzero(np.diff(along[order]) <= EQUAL * reach)
    if near.size:
        first, second = order[near], order[near + 1]
        steps[near] = np.max(
            [
                np.abs(np.subtract(block[first], block[second], dtype=np.float64)).max(axis=1) / largest
                for block, largest in blocks
            ],
            axis=0,
        )
    groups = np.cumsum(np.concatenate([[0], steps > EQUAL]))
    return Copies(np.bincount(groups), exact=not np.any(steps[steps <= EQUAL]))


def _belongings(layer: Layer, after: Followers, network: Network) -> Iterator[Stored]:
    """Arrays with a row for each unit: weights in and out, and what the optimizer keeps for them."""
    slots = network.optimizer.slots if network.optimizer else {}
    for weight, values in layer.weights.items():
        for array in (values, *slots.get(layer.name, {}).get(weight, {}).values()):
            yield array.T.reshape(array.shape[-1], -1)
    for place in (*after.alike, *after.mixing):
        for weight, values in place.layer.weights.items():
            if place.layer.kind != "Dense" or weight == "kernel":
                for array in (values, *slots.get(place.layer.name, {}).get(weight, {}).values()):
                    own = place.own(array)
                    yield own.reshape(len(own), -1)


def _largest(values: Stored) -> float:
    return max(float(values.max(initial=0.0)), -float(values.min(initial=0.0))) or 1.0


def never_moves(layer: Layer, after: Followers, network: Network) -> bool:
    """Whether every unit is rectified, zero whatever enters, and flat there: no gradient ever changes that."""
    slots = network.optimizer.slots.get(layer.name, {}) if network.optimizer else {}
    if any(np.any(slot) for one in slots.values() for slot in one.values()):
        return False
    own = activation_of(layer)
    if own is not None and own.affine:
        first = after.alike[0].layer if after.alike else None
        own = activation_of(first) if first is not None and first.kind in ("Activation", "ReLU") else None
    if own is None or not own.gated or own.derivative is None or np.any(layer.weights["kernel"]):
        return False
    bias = np.asarray(layer.weights.get("bias", np.zeros(1)), dtype=np.float64)
    if np.any(bias) and layer.config.get("bias_regularizer") is not None:
        return False  # a penalty pulls the bias to 0, and an optimizer with a step of its own size past it
    return not np.any(bias > 0) and not np.any(own.derivative(bias)) and not np.any(own.function(bias))


def all_zero(layer: Layer, after: Followers) -> bool:
    """Whether the units are 0 on every row and weigh nothing: then dropout has nothing to tell them apart by."""
    own = (weight for weight in layer.weights.values())
    behind = (place.own(place.layer.weights["kernel"]) for place in after.mixing)
    if any(np.any(weight) for weight in (*own, *behind)):
        return False
    functions = [activation_of(one) for one in (layer, *(place.layer for place in after.alike))]
    unbiased = not any(place.layer.weights for place in after.alike)
    return unbiased and all(one is not None and not np.any(one.function(np.zeros((1, 2)))) for one in functions)


def all_finite(layer: Layer, after: Followers) -> bool:
    """For weights that are not numbers see W301."""
    layers = (layer, *(place.layer for place in (*after.alike, *after.mixing)))
    return all(bool(np.isfinite(weight).all()) for one in layers for weight in one.weights.values())


@dataclass(frozen=True, eq=False)
class AlikeUnits:
    """The units of a Dense layer that training cannot tell apart.

    Attributes:
        after: what they go into.
        copies: how they fall into groups.
        units: of the layer.
        still: whether every unit is flat and zero, so that none ever moves.
        noise: whether dropout behind the layer tells copies apart all the same.
        proved: whether no update can: they agree to the last digit, and the file holds all that acts on them.
    """

    after: Followers
    copies: Copies
    units: int
    still: bool
    noise: bool
    proved: bool

    @property
    def effective(self) -> int:
        """How many units the layer works as."""
        return 0 if self.still else len(self.copies.sizes)

    @property
    def alike(self) -> int:
        """How many units have a copy."""
        return self.units if self.still else int(self.copies.sizes[self.copies.sizes > 1].sum())


def alike_units(layer: Layer, network: Network) -> AlikeUnits | None:
    """None for layers of another kind, of one unit, that do not train, or whose units meet anything but kernels."""
    after, units = followers(network, layer), units_of(layer)
    if after is None or units is None or units == 1 or not layer.trainable or not all_finite(layer, after):
        return None
    copies, still = copies_among(layer, after, network), never_moves(layer, after, network)
    if still and not after.mixing:
        return None
    noise = after.noisy and not still and not all_zero(layer, after)
    known = network.optimizer is None or not network.optimizer.undealt
    proved = known and (still or (copies.exact and not noise)) and not _own_rules(layer, after)
    return AlikeUnits(after, copies, units, still, noise, proved)


def _own_rules(layer: Layer, after: Followers) -> bool:
    """Whether a penalty or constraint of the user's own, which may tell units apart, acts on the weights."""
    rules = (
        value
        for one in (layer, *(place.layer for place in (*after.alike, *after.mixing)))
        for key, value in one.config.items()
        if key.endswith(("_regularizer", "_constraint"))
    )
    found = [rule for rule in rules if isinstance(rule, Mapping)]
    return any(rule.get("registered_name") is not None or ">" in str(rule.get("class_name")) for rule in found)
