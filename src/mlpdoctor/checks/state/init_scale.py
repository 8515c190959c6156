"""W303: weights too large or too small for the number of inputs of a layer."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import EVERYTHING, Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, likewise, listing, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.weights import LayerGain, LayerGains
from mlpdoctor.facts.training.high_rate import Growth
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of, steepest
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.moments import EnteringMoments
from mlpdoctor.statistics.unit_activity import Flatness
from mlpdoctor.statistics.views import PerLayer

MOST_FLAT = 0.5
"""Small inputs or weights that cancel out keep sums small: then the scale of the weights is no fault."""
LARGE_INPUT = 10.0
"""Root mean square of a feature from which small weights are what it takes."""
FAINT = 0.05
"""Slopes that leave no more of a gradient keep it as faint with any start: what to mend first is the activation."""
LOWER = 0.1
"""Rate, as a share of the one in force, at which weights that it made grow do not grow again."""
HOPELESS = 10.0
"""Sums of this size leave tanh a mean slope of 0.08; of size 4, 0.2."""


@check(
    "W303",
    Severity.ERROR,
    "{places}",
    stage=Stage.START,
    about=Part.SIZE,
    disturbs=EVERYTHING,
    because="D704 G603 W307",
)
def init_scale(
    network: Network,
    gains: LayerGains,
    position: LossPosition | None,
    training: Training,
    flatness: PerLayer[Flatness] | None,
    entering: PerLayer[EnteringMoments] | None,
    growth: Growth | None,
    *,
    saturates: float = 4.0,
    grows: float = 30.0,
    fades: float = 100.0,
) -> Iterator[Evidence]:
    """Weights too large or too small for the number of inputs of a layer.

    Why it matters
        The sum of n products of size 1 with weights of size s has size s times the root of n. Above a few units
        tanh and sigmoid are flat there and pass on no gradient. Through relu layers the sizes multiply: weights
        twice too large in ten layers make the predictions a thousand times too large, and half too small a thousand
        times too small.
    How to fix it
        glorot_uniform (the default) for tanh and sigmoid, he_uniform for relu: both divide by the root of the
        number of inputs. Weights that grew in training did so at too high a learning rate: fresh weights alone
        would grow again, so lower the rate as well.
    When it stays silent
        Trained weights, unless the model is stuck: large ones that saturate their units or leave the model
        worse than a constant, small ones that no large inputs ask for; sums that are normalised before their
        activation; output layers of zeros.
    How sure
        Measured: the root mean square of each kernel. That inputs have size 1 and do not depend on one another
        is assumed. Weights have grown where they are twice as large as their own initialiser draws them, the updates
        made can have carried them so far, and no other layer has the same spread, as layers drawn by hand have.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He,
        Zhang, Ren and Sun, Delving deep into rectifiers, 2015.
    """
    steep = [gain for gain in gains.layers if gain.saturating and not gain.output and gain.gain > saturates]
    steep = [gain for gain in steep if _flat(gain, flatness or PerLayer())]
    stuck = position is not None and position.far
    if steep and (training.never or stuck):
        yield _saturating(network, steep, growth, stuck=stuck)
        return
    hidden = math.prod(gain.relative for gain in gains.layers if not gain.output)
    # A fair start of the last layer may be zero, but a large one multiplies with all before it.
    last = max((gain.relative for gain in gains.layers if gain.output), default=1.0)
    product = hidden if hidden < 1 else hidden * max(last, 1.0)
    if product <= 0 or 1 / fades <= product <= grows:  # a layer of zeros passes nothing on: A106 and W302 say so
        return
    if product > 1 and entering is not None:
        entered = max(float(seen.root_mean_square.max()) for seen in entering.values())
        if product * min(entered, 1.0) <= grows:
            return
    if training.never or _kept(position, entering, large=product > 1):
        yield _multiplying(network, gains, growth, product, stuck=stuck)


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


def _saturating(network: Network, steep: list[LayerGain], growth: Growth | None, *, stuck: bool) -> Evidence:
    worst = max(steep, key=lambda gain: gain.gain)
    grew = growth is not None and growth.grew(worst.layer)
    grave = (stuck or worst.gain > HOPELESS) and not grew
    names = listing([f"{gain.layer} {short(gain.deviation, 2)}" for gain in steep])
    fit = 1 / math.sqrt(worst.fan_in)
    too_large = (
        f"the weights of {worst.layer} are about {short(worst.deviation / fit, 2)} times too large "
        f"({short(worst.deviation, 2)}; {short(fit, 2)} suits {count(worst.fan_in, 'input')})"
    )
    return Evidence(
        numbers={
            "places": f"{too_large}, so {worst.activation} is saturated{_since(growth, worst, grew=grew)}",
            "layers": tuple(gain.layer for gain in steep),
            "gains": tuple(gain.gain for gain in steep),
            "deviations": tuple(gain.deviation for gain in steep),
            "times_as_drawn": growth.factors.get(worst.layer) if growth is not None else None,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if grave else Severity.WARNING,
        why=f"The sums that enter {worst.activation} have size {short(worst.gain, 2)}. It is flat there and passes on "
        f"almost no gradient. Weight sizes: {names}.",
        remedy=_remedy(network, steep, worst, grew=grew),
        strength=min(worst.gain / (2 * HOPELESS), 1.0),
        verdict=f"{too_large[0].upper()}{too_large[1:]}, so {worst.activation} is saturated and learns nothing"
        f"{_since(growth, worst, grew=grew)}.",
        layers=tuple(dict.fromkeys([worst.layer, *(gain.layer for gain in steep)])),
    )


def _multiplying(
    network: Network, gains: LayerGains, growth: Growth | None, product: float, *, stuck: bool
) -> Evidence:
    large = product > 1
    worst = max(gains.layers, key=lambda gain: gain.relative if large else -gain.relative)
    grew = large and growth is not None and growth.grew(worst.layer)
    fading = not large and _fading(network, gains)
    how = "larger" if large else "smaller"
    factor = short(product if large else 1 / product, 2)
    wrong = f"the weights are too {'large' if large else 'small'}{_since(growth, worst, grew=grew)}"
    return Evidence(
        numbers={
            "places": f"{wrong}: a signal gets {factor} times {how} on its way through "
            f"{count(len(gains.layers), 'Dense layer')}",
            "layers": tuple(gain.layer for gain in gains.layers),
            "gains": tuple(gain.gain for gain in gains.layers),
            "deviations": tuple(gain.deviation for gain in gains.layers),
            "product": product,
            "times_as_drawn": growth.factors.get(worst.layer) if growth is not None else None,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if stuck and not grew and not fading else Severity.WARNING,
        why=f"So do the gradients on their way back. {worst.layer} has the largest part in it: its weights are "
        f"{short(worst.deviation, 2)} in size, and {short(worst.usual / math.sqrt(worst.fan_in), 2)} keeps a signal as "
        "it is.",
        remedy=_remedy(network, gains.layers, worst, grew=grew),
        strength=min(abs(math.log10(product)) / 10, 1.0),
        verdict=f"{wrong[0].upper()}{wrong[1:]}: a signal gets {factor} times {how} on its way through the network, "
        "and so do the gradients.",
        layers=tuple(dict.fromkeys([worst.layer, *(gain.layer for gain in gains.layers)])),
    )


def _since(growth: Growth | None, worst: LayerGain, *, grew: bool) -> str:
    """Where the size comes from, as far as the file tells."""
    if growth is None or not grew:
        return ""
    return f"; they grew in training, from about {short(growth.drawn[worst.layer], 2)}"


def _remedy(network: Network, layers: Sequence[LayerGain], worst: LayerGain, *, grew: bool) -> Remedy:
    own = {layer.name: layer for layer in network.layers}
    drawn = "he_uniform" if worst.usual > 1 else "glorot_uniform"
    layer = own[worst.layer]
    activation = activation_of(layer)
    shown = [] if activation is None or activation.affine else [f'activation="{activation.name}"']
    code = layer_code(layer, layer.config.get("units"), *shown, f'kernel_initializer="{drawn}"')
    others = [one.layer for one in layers if one is not worst and not one.output]
    lower = ", at a tenth of the learning rate: at the rate of now they would grow again" if grew else ""
    return Remedy(
        f"re-initialise the weights with {drawn}{lower}",
        likewise(code, list(dict.fromkeys(own[name].short_name for name in others))),
        Draws((worst.layer, *others), drawn, rate=LOWER if grew else 1.0),
    )


def _fading(network: Network, gains: LayerGains) -> bool:
    """Whether the slopes of the activations fade a gradient, whatever start their weights have."""
    hidden = {gain.layer for gain in gains.layers if not gain.output}
    acting = [activation_of(layer) for layer in network.layers if layer.name in hidden]
    return math.prod(steepest(one) for one in acting if one is not None) <= FAINT
