"""W303: weights too large or too small for the number of inputs of a layer."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.layer_gain import LayerGain, LayerGains
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.statistics.moments import EnteringMoments
from mlpdoctor.statistics.statistic import PerLayer
from mlpdoctor.statistics.unit_activity import Flatness

MOST_FLAT = 0.5
"""Small inputs or weights that cancel out keep sums small: then the scale of the weights is no fault."""
LARGE_INPUT = 10.0
"""Root mean square of a feature from which small weights are what it takes."""
HOPELESS = 10.0
"""Sums of this size leave tanh a mean slope of 0.08; of size 4, 0.2."""


@check("W303", Severity.ERROR, "{places}", stage=Stage.START, about=Part.SIZE, disturbs=EVERYTHING, because="G603 W307")
def init_scale(
    network: Network,
    gains: LayerGains,
    position: LossPosition | None,
    training: Training,
    flatness: PerLayer[Flatness] | None,
    entering: PerLayer[EnteringMoments] | None,
    *,
    saturates: float = 4.0,
    grows: float = 30.0,
    fades: float = 100.0,
) -> Iterator[Evidence]:
    """Weights too large or too small for the number of inputs of a layer.

    Why it matters
        The sum of n products of size 1 with weights of size s has size s times the root of n. Above a few units
        tanh and sigmoid are flat there and pass on no gradient. Through relu layers the sizes multiply: weights
        twice too large in ten layers make the answers a thousand times too large, and half too small a thousand
        times too small.
    Remedy
        glorot_uniform (the default) for tanh and sigmoid, he_uniform for relu: both divide by the root of the
        number of inputs.
    Stays quiet on
        Trained weights, unless the model is stuck: large ones that saturate their units or leave the model
        worse than a constant, small ones that no large inputs ask for; sums that are normalised before their
        activation; output layers of zeros.
    Certainty
        Measured: the root mean square of each kernel. That inputs have size 1 and do not depend on one another
        is assumed.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He,
        Zhang, Ren and Sun, Delving deep into rectifiers, 2015.
    """
    steep = [gain for gain in gains.layers if gain.saturating and not gain.output and gain.gain > saturates]
    steep = [gain for gain in steep if _flat(gain, flatness or PerLayer())]
    stuck = position is not None and position.far
    if steep and (training.never or stuck):
        yield from _saturating(network, steep, stuck=stuck)
        return
    hidden = math.prod(gain.relative for gain in gains.layers if not gain.output)
    # A fair start of the last layer may be zero, but a large one multiplies with all before it.
    last = max((gain.relative for gain in gains.layers if gain.output), default=1.0)
    product = hidden if hidden < 1 else hidden * max(last, 1.0)
    if 1 / fades <= product <= grows:
        return
    if product > 1 and entering is not None:
        entered = max(float(seen.root_mean_square.max()) for seen in entering.values())
        if product * min(entered, 1.0) <= grows:
            return
    if training.never or _kept(position, entering, large=product > 1):
        yield _multiplying(network, gains, product, Severity.ERROR if stuck else Severity.WARNING)


def _kept(position: LossPosition | None, entering: PerLayer[EnteringMoments] | None, *, large: bool) -> bool:
    """Whether weights that have been trained are still what the model suffers from."""
    if position is None or entering is None:
        return False
    # Small weights may make up for large inputs, and large ones may be what those have led to.
    ordinary = all(float(seen.root_mean_square.max()) <= LARGE_INPUT for seen in entering.values())
    return ordinary and (position.shortfall > 1 if large else not position.near)


def _flat(gain: LayerGain, flatness: PerLayer[Flatness]) -> bool:
    """Whether the units do sit on the flat part of their curve on these data, as far as that was looked at."""
    seen = flatness.get(gain.layer)
    return seen is None or float((seen.flat / seen.rows).mean()) >= MOST_FLAT


def _saturating(network: Network, steep: list[LayerGain], *, stuck: bool) -> Iterator[Evidence]:
    worst = max(steep, key=lambda gain: gain.gain)
    grave = stuck or worst.gain > HOPELESS
    names = listing([f"{gain.layer} {short(gain.deviation, 2)}" for gain in steep])
    fit = short(1 / math.sqrt(worst.fan_in), 2)
    yield Evidence(
        numbers={
            "places": f"the weights of {worst.layer} are {short(worst.deviation, 2)} in size, which with "
            f"{worst.fan_in:,} inputs drives {worst.activation} to sums of size {short(worst.gain, 2)}",
            "layers": tuple(gain.layer for gain in steep),
            "gains": tuple(gain.gain for gain in steep),
            "deviations": tuple(gain.deviation for gain in steep),
        },
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if grave else Severity.WARNING,
        why=f"At such sums {worst.activation} is flat and passes on next to no gradient. Sizes of the weights: "
        f"{names}; about {fit} keeps the sums near 1.",
        remedy=_remedy(network, worst),
        strength=min(worst.gain / (2 * HOPELESS), 1.0),
        verdict=f"The weights of {worst.layer} are too large: with {worst.fan_in:,} inputs their sums have size "
        f"{short(worst.gain, 2)}, where {worst.activation} is flat and nothing is learned.",
    )


def _multiplying(network: Network, gains: LayerGains, product: float, severity: Severity) -> Evidence:
    large = product > 1
    worst = max(gains.layers, key=lambda gain: gain.relative if large else -gain.relative)
    how = "larger" if large else "smaller"
    factor = short(product if large else 1 / product, 2)
    return Evidence(
        numbers={
            "places": f"the weights make a signal {factor} times {how} on its way through "
            f"{count(len(gains.layers), 'Dense layer')}",
            "layers": tuple(gain.layer for gain in gains.layers),
            "gains": tuple(gain.gain for gain in gains.layers),
            "deviations": tuple(gain.deviation for gain in gains.layers),
            "product": product,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=f"So do the gradients on their way back. {worst.layer} takes the largest part: its weights are "
        f"{short(worst.deviation, 2)} in size, and {short(worst.usual / math.sqrt(worst.fan_in), 2)} keeps a signal as "
        "it is.",
        remedy=_remedy(network, worst),
        strength=min(abs(math.log10(product)) / 10, 1.0),
        verdict=f"The weights are drawn on the wrong scale: a signal gets {factor} times {how} on its way through the "
        "network, and so do the gradients.",
    )


def _remedy(network: Network, worst: LayerGain) -> Remedy:
    layer: Layer = next(layer for layer in network.layers if layer.name == worst.layer)
    activation = activation_of(layer)
    shown = "" if activation is None or activation.affine else f', activation="{activation.name}"'
    drawn = "he_uniform" if worst.usual > 1 else "glorot_uniform"
    units, name = layer.config.get("units"), layer.short_name
    return Remedy(
        f"draw the weights with {drawn} and train anew",
        f'Dense({units}{shown}, kernel_initializer="{drawn}", name={quoted(name)})',
    )
