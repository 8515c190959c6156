"""W302: units that are copies of one another and stay so."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, likewise, quoted
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.weights import alike_units
from mlpdoctor.nn.layers.graph import Followers
from mlpdoctor.nn.layers.properties import activation_of

HEALTHY = ("glorot_uniform", "he_uniform")


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
    How to fix it
        Start from random weights: leave kernel_initializer at its default, in this layer and in the next.
    When it stays silent
        Copies among up to half of the units, such as pruned ones; outputs, of which each has a target of its own, and
        so a layer that starts at zero right before the loss; units with equal weights coming in whose ways part behind
        them; the end of a residual branch. A note where the model does as well as anything is known to.
    How sure
        Proved where the weights agree to the last digit: exchanging two such units leaves the network what it is, so
        the gradient is unchanged by the exchange too, and with it every update of an optimizer that treats all weights
        alike, what it remembers of each weight included. Measured where they agree up to rounding, where dropout
        between this layer and the next draws the units apart in training, and where the file does not tell what the
        optimizer remembers of them, or holds penalties or constraints of your own.
    References
        Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4.
    """
    found = alike_units(layer, network)
    if found is None or found.effective > tolerated * found.units:
        return
    after, units, effective, still = found.after, found.units, found.effective, found.still
    copies, noise = found.copies, found.noise
    name = layer.short_name
    yield Evidence(
        numbers={
            "units": units,
            "effective": effective,
            "alike": found.alike,
            "largest_group": int(copies.sizes.max()),
            "zero": bool(not np.any(layer.weights["kernel"])),
            "identical": copies.exact,
            "next": tuple(dict.fromkeys(place.layer.name for place in after.mixing)),
        },
        certainty=Certainty.PROVED if found.proved else Certainty.MEASURED,
        severity=_severity(effective, position, noise=noise),
        why=_why(name, units, effective, found.alike, still=still, noise=noise),
        remedy=_remedy(layer, after, units),
        strength=1 - effective / units,
        verdict=_verdict(layer, units, effective, still=still),
    )


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
    others = list(dict.fromkeys(place.layer.name for place in after.mixing))
    also = f" and those of {', '.join(others)}" if others else ""
    return Remedy(
        f"initialise the weights of {name}{also} at random, as Keras does by default (no zeros, ones or Constant as "
        "kernel_initializer), then train from scratch",
        likewise(f'Dense({units}, {spelt}kernel_initializer="{start}", name={quoted(name)})', others),
        Draws((layer.name, *others), start),
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
