"""W303: weights too large or too small for the number of inputs of a layer."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import EVERYTHING, Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, likewise, listing, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.gains import LayerGain, LayerGains, ordinary, sizes
from mlpdoctor.facts.training.high_rate import Growth
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.moments import EnteringMoments
from mlpdoctor.statistics.unit_activity import Flatness
from mlpdoctor.statistics.views import PerLayer

HOPELESS, LOWER = 10.0, 0.1
"""Sums of this size leave tanh a mean slope of 0.08, of size 4, 0.2; and the rate, as a share of the one in force, at
which weights that it made grow do not grow again."""


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
    speed: DescentSpeed | None,
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
        Trained weights, unless the model is stuck: large ones that saturate their units, unless training on goes half
        of the way at once, or leave the model worse than a constant, small ones that no large inputs ask for; sums
        that are normalised before their activation; output layers of zeros.
    How sure
        Measured: the root mean square of each kernel. That inputs have size 1 and do not depend on one another
        is assumed. Weights have grown where they are twice as large as their own initialiser draws them, the updates
        made can have carried them so far, and no other layer has the same spread, as layers drawn by hand have.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He,
        Zhang, Ren and Sun, Delving deep into rectifiers, 2015.
    """
    steep, stuck = gains.flat(saturates, flatness or PerLayer()), position is not None and position.far
    if steep and (training.never or stuck):
        if not (stuck and speed is not None and speed.swift):
            yield _saturating(network, steep, growth, stuck=stuck)
        return
    if not gains.off(grows, fades, entering or PerLayer()):
        return
    if training.never or _kept(gains, position, entering):
        yield _multiplying(network, gains, growth, stuck=stuck)


def _kept(gains: LayerGains, position: LossPosition | None, entering: PerLayer[EnteringMoments] | None) -> bool:
    """Whether weights that have been trained are still what the model suffers from."""
    if position is None or entering is None or not ordinary(entering):
        return False
    return position.shortfall > 1 if gains.product > 1 else not position.near


def _saturating(network: Network, steep: list[LayerGain], growth: Growth | None, *, stuck: bool) -> Evidence:
    worst = max(steep, key=lambda gain: gain.gain)
    grew = growth is not None and growth.grew(worst.layer)
    too_large = (
        f"the weights of {worst.layer} are about {short(worst.deviation / worst.suits, 2)} times too large "
        f"({short(worst.deviation, 2)}; {short(worst.suits, 2)} suits {count(worst.fan_in, 'input')})"
    )
    saturated, since = f"{too_large}, so {worst.activation} is saturated", _since(growth, worst, grew=grew)
    factors = {} if growth is None else growth.factors
    return Evidence(
        numbers={"places": f"{saturated}{since}", **sizes(steep), "times_as_drawn": factors.get(worst.layer)},
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if (stuck or worst.gain > HOPELESS) and not grew else Severity.WARNING,
        why=f"The sums that enter {worst.activation} have size {short(worst.gain, 2)}. It is flat there and passes on "
        f"almost no gradient. Weight sizes: {listing([f'{gain.layer} {short(gain.deviation, 2)}' for gain in steep])}.",
        remedy=_remedy(network, steep, worst, grew=grew),
        strength=min(worst.gain / (2 * HOPELESS), 1.0),
        verdict=f"{saturated[0].upper()}{saturated[1:]} and learns nothing{since}.",
        layers=tuple(dict.fromkeys([worst.layer, *(gain.layer for gain in steep)])),
    )


def _multiplying(network: Network, gains: LayerGains, growth: Growth | None, *, stuck: bool) -> Evidence:
    worst, product, large = gains.worst, gains.product, gains.product > 1
    grew = large and growth is not None and growth.grew(worst.layer)
    factor = f"{short(product if large else 1 / product, 2)} times {'larger' if large else 'smaller'}"
    since, size = _since(growth, worst, grew=grew), "large" if large else "small"
    wrong = f"he weights are too {size}{since}: a signal gets {factor}"
    places = f"t{wrong} on its way through {count(len(gains.layers), 'Dense layer')}"
    drawn = None if growth is None else growth.factors.get(worst.layer)
    return Evidence(
        numbers={"places": places, **sizes(gains.layers), "product": product, "times_as_drawn": drawn},
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if stuck and not grew and (large or not gains.fading) else Severity.WARNING,
        why=f"So do the gradients on their way back. {worst.layer} has the largest part in it: its weights are "
        f"{short(worst.deviation, 2)} in size, and {short(worst.keeps, 2)} keeps a signal as it is.",
        remedy=_remedy(network, gains.layers, worst, grew=grew),
        strength=min(abs(math.log10(product)) / 10, 1.0),
        verdict=f"T{wrong} on its way through the network, and so do the gradients.",
        layers=tuple(dict.fromkeys([worst.layer, *(gain.layer for gain in gains.layers)])),
    )


def _since(growth: Growth | None, worst: LayerGain, *, grew: bool) -> str:
    """Where the size comes from, as far as the file tells."""
    if growth is None or not grew:
        return ""
    return f"; they grew in training, from about {short(growth.drawn[worst.layer], 2)}"


def _remedy(network: Network, layers: Sequence[LayerGain], worst: LayerGain, *, grew: bool) -> Remedy:
    own = {layer.name: layer for layer in network.layers}
    layer, drawn = own[worst.layer], "he_uniform" if worst.usual > 1 else "glorot_uniform"
    code = layer_code(layer, layer.config.get("units"), *own_activation(layer), f'kernel_initializer="{drawn}"')
    others = [one.layer for one in layers if one is not worst and not one.output]
    lower = ", at a tenth of the learning rate: at the rate of now they would grow again" if grew else ""
    return Remedy(
        f"re-initialise the weights with {drawn}{lower}",
        likewise(code, list(dict.fromkeys(own[name].short_name for name in others))),
        Draws((worst.layer, *others), drawn, rate=LOWER if grew else 1.0),
    )
