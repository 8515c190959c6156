"""W302: units that are copies of one another and stay so."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlpdoctor.core import random_state
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.core.text import count, quoted
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.open_question import unless_learned
from mlpdoctor.nn.layers.followers import Followers, followers, units_of
from mlpdoctor.nn.layers.properties import activation_of

EQUAL = 1e-4
"""Share of a weight's own scale by which copies may differ: float32 sums the same terms in another order now and then,
and thousands of updates add that up. Two units drawn at random agree so well in every weight about never."""
HEALTHY = ("glorot_uniform", "he_uniform")
SEED = 20190114


@check(
    "W302",
    Severity.ERROR,
    "{units} units work like {effective}: {alike} have the same weights as another, coming in and going out",
    clears="copies among the units",
    stage=Stage.START,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
)
def symmetric_units(
    layer: Layer, network: Network, position: LossPosition | None, *, tolerated: float = 0.5
) -> Iterator[Evidence]:
    """Units with the same weights coming in and going out.

    Why it matters
        Two such units compute the same and get the same gradient, so every update moves them alike: they stay copies
        of one another for good, and the layer is as good as one with a single unit in their place. This is what weights
        that all start at zero, at one or at any other constant lead to. Rectified units that start with all weights at
        zero do not move at all: their slope at zero is zero.
    Remedy
        Start from random weights: leave kernel_initializer at its default, in this layer and in the next.
    Stays quiet on
        Copies among up to half of the units, such as pruned ones; outputs, of which each has a target of its own, and
        so a layer that starts at zero right before the loss; units with equal weights coming in whose ways part behind
        them; the end of a residual branch. A note where the model does as well as anything is known to.
    Certainty
        Proved where the weights agree to the last digit: exchanging two such units leaves the network what it is, so
        the gradient is unchanged by the exchange too, and with it every update of an optimizer that treats all weights
        alike. Measured where they agree up to rounding, or where dropout between this layer and the next draws the
        units apart in training.
    References
        Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4.
    """
    after = followers(network, layer)
    units = units_of(layer)
    if after is None or units is None or units == 1 or not layer.trainable or not _finite(layer, after):
        return
    copies = _copies(layer, after, network)
    still = _never_moves(layer, after, network)
    effective = 0 if still else len(copies.sizes)
    if effective > tolerated * units or (still and not after.mixing):
        return
    noise = after.noisy and not still and not _all_zero(layer, after)
    proved = still or (copies.exact and not noise)
    alike = units if still else int(copies.sizes[copies.sizes > 1].sum())
    name = layer.short_name
    yield Evidence(
        numbers={
            "units": units,
            "effective": effective,
            "alike": alike,
            "largest_group": int(copies.sizes.max()),
            "zero": bool(not np.any(layer.weights["kernel"])),
            "identical": copies.exact,
            "next": tuple(dict.fromkeys(place.layer.name for place in after.mixing)),
        },
        certainty=Certainty.PROVED if proved else Certainty.MEASURED,
        severity=_severity(effective, position, noise=noise),
        why=_why(name, units, effective, alike, still=still, noise=noise),
        remedy=unless_learned(position, _remedy(layer, after, units)),
        strength=1 - effective / units,
        verdict=_verdict(layer, units, effective, still=still),
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


def _copies(layer: Layer, after: Followers, network: Network) -> Copies:
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


def _never_moves(layer: Layer, after: Followers, network: Network) -> bool:
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
    return not np.any(bias > 0) and not np.any(own.derivative(bias)) and not np.any(own.function(bias))


def _all_zero(layer: Layer, after: Followers) -> bool:
    """Whether the units are 0 on every row and weigh nothing: then dropout has nothing to tell them apart by."""
    own = (weight for weight in layer.weights.values())
    behind = (place.own(place.layer.weights["kernel"]) for place in after.mixing)
    if any(np.any(weight) for weight in (*own, *behind)):
        return False
    functions = [activation_of(one) for one in (layer, *(place.layer for place in after.alike))]
    unbiased = not any(place.layer.weights for place in after.alike)
    return unbiased and all(one is not None and not np.any(one.function(np.zeros((1, 2)))) for one in functions)


def _finite(layer: Layer, after: Followers) -> bool:
    """Of weights that are not numbers W301 speaks."""
    layers = (layer, *(place.layer for place in (*after.alike, *after.mixing)))
    return all(bool(np.isfinite(weight).all()) for one in layers for weight in one.weights.values())


def _severity(effective: int, position: LossPosition | None, *, noise: bool) -> Severity:
    if position is not None and position.near:
        return Severity.NOTE
    return Severity.ERROR if effective <= 1 and not noise else Severity.WARNING


def _why(name: str, units: int, effective: int, alike: int, *, still: bool, noise: bool) -> str:
    if still:
        return (
            f"All weights of {name} are 0, so its {units} rectified units are 0 on every row, where their slope is 0: "
            "no gradient reaches them, and none gets through them."
        )
    same = f"All {units} units" if effective == 1 else f"{alike} of the {units} units"
    if noise:
        return (
            f"{same} have copies, so only the dropout behind {name} tells them apart: they start as "
            f"{count(effective, 'unit')} and part slowly."
        )
    return (
        f"{same} have copies that get the same gradient, so every update keeps them copies: {name} never becomes "
        + ("more than one unit." if effective == 1 else f"more than {effective} units.")
    )


def _remedy(layer: Layer, after: Followers, units: int) -> Remedy:
    function = activation_of(layer)
    activation = function.name if function is not None and function.name != "linear" else None
    start = HEALTHY[function is not None and function.rectified]
    name = layer.short_name
    spelt = f'"{activation}", ' if activation else ""
    behind = ", ".join(dict.fromkeys(place.layer.name for place in after.mixing))
    also = f" and those of {behind}" if behind else ""
    return Remedy(
        f"initialise the weights of {name}{also} at random, as Keras does by default (no zeros, ones or Constant as "
        "kernel_initializer), then train from scratch",
        f'Dense({units}, {spelt}kernel_initializer="{start}", name={quoted(name)})',
    )


def _verdict(layer: Layer, units: int, effective: int, *, still: bool) -> str:
    if still:
        return (
            f"All weights of {layer.name} are zero, so nothing gets through its {units} rectified units and no "
            "training can change that: start from random weights."
        )
    like = "a single unit" if effective == 1 else f"only {effective} units"
    return (
        f"The {units} units of {layer.name} are copies of one another and get the same gradient, so the layer works "
        f"like {like}, however long it trains."
    )
