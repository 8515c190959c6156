"""How much larger or smaller a signal becomes on its way through the Dense layers, by the sizes of their kernels."""

import math
from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.layers.properties import activation_of, renormalises, steepest
from mlpdoctor.statistics.moments import EnteringMoments
from mlpdoctor.statistics.unit_activity import Flatness
from mlpdoctor.statistics.views import PerLayer

MOST_FLAT = 0.5
"""Small inputs or weights that cancel out keep sums small: then the scale of the weights is no fault."""
LARGE_INPUT = 10.0
"""Root mean square of a feature from which small weights are what it takes."""
FAINT = 0.05
"""Slopes that leave no more of a gradient keep it as faint with any start: what to fix first is the activation."""
ABOUT_ZERO = -0.5
"""Rectified functions fall little below 0: silu to -0.28."""
ONE_SIGNED = 0.5
"""Mean over root mean square of weights that are mostly of one sign; numbers from 0 to 1 have 0.87."""
PASSING = ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "Identity", "ActivityRegularization")
MEAN_OF_RECTIFIED = 1 / math.sqrt(math.pi)
"""Mean of a rectified normal number, over its root mean square."""


@dataclass(frozen=True)
class LayerGain:
    """One Dense layer.

    Attributes:
        layer: its name.
        fan_in: how many numbers enter each unit.
        deviation: root mean square of its kernel.
        activation: what follows it, by name.
        saturating: whether that levels off on both sides.
        coherent: size of the mean of its kernel, where what enters is positive: such inputs have a mean of their own,
            which equal signs add up; 0 elsewhere.
        output: whether it answers; zeros are a fair start there, and its activation belongs to the loss.
        usual: the gain with which a signal keeps its size through the activation: the root of 2 for relu and its kin,
            which drop half of it, 1 for others.
    """

    layer: str
    fan_in: int
    deviation: float
    activation: str
    saturating: bool
    usual: float
    coherent: float = 0.0
    output: bool = False

    @property
    def gain(self) -> float:
        """Size of the sums, for inputs of size 1 that do not depend on one another but for their mean."""
        return math.hypot(self.deviation * math.sqrt(self.fan_in), MEAN_OF_RECTIFIED * self.coherent * self.fan_in)

    @property
    def suits(self) -> float:
        """Size of the weights that keeps a signal as it is before a saturating activation."""
        return 1 / math.sqrt(self.fan_in)

    @property
    def keeps(self) -> float:
        """Size of the weights that keeps a signal as it is through the activation."""
        return self.usual / math.sqrt(self.fan_in)

    @property
    def relative(self) -> float:
        """The gain beside the usual one."""
        return self.gain / self.usual


@dataclass(frozen=True)
class LayerGains:
    """The Dense layers, in order, without those whose sums are normalised before their activation.

    Attributes:
        layers: one each.
        hidden_slopes: the product of the steepest slopes of the activations that the hidden ones of them declare.
    """

    layers: tuple[LayerGain, ...]
    hidden_slopes: float = 1.0

    def flat(self, most: float, flatness: PerLayer[Flatness]) -> list[LayerGain]:
        """Hidden layers whose sums are larger than ``most`` and whose units do sit on the flat part of their curve.

        That is so on these data, as far as that was looked at.
        """
        steep = [gain for gain in self.layers if gain.saturating and not gain.output and gain.gain > most]
        seen = [(gain, flatness.get(gain.layer)) for gain in steep]
        return [gain for gain, one in seen if one is None or float((one.flat / one.rows).mean()) >= MOST_FLAT]

    def off(self, grows: float, fades: float, entering: PerLayer[EnteringMoments]) -> bool:
        """Whether a signal grows by more than one factor, inputs that are small reckoned in, or fades by the other."""
        product = self.product
        if product <= 0 or 1 / fades <= product <= grows:  # a layer of zeros passes nothing on: A106 and W302 say so
            return False
        entered = max((float(seen.root_mean_square.max()) for seen in entering.values()), default=1.0)
        return product < 1 or product * min(entered, 1.0) > grows

    @property
    def product(self) -> float:
        """How many times larger a signal gets on its way; 0 where a hidden layer of zeros passes nothing on."""
        hidden = math.prod(gain.relative for gain in self.layers if not gain.output)
        # A fair start of the last layer may be zero, but a large one multiplies with all before it.
        last = max((gain.relative for gain in self.layers if gain.output), default=1.0)
        return hidden if hidden < 1 else hidden * max(last, 1.0)

    @property
    def worst(self) -> LayerGain:
        """The layer with the largest part in the product."""
        large = self.product > 1
        return max(self.layers, key=lambda gain: gain.relative if large else -gain.relative)

    @property
    def fading(self) -> bool:
        """Whether the slopes of the activations fade a gradient, whatever start the weights have."""
        return self.hidden_slopes <= FAINT


def sizes(layers: Sequence[LayerGain]) -> dict[str, tuple[str, ...] | tuple[float, ...]]:
    """Layers, the sizes of their sums and of their weights, as a report has them."""
    return {
        "layers": tuple(gain.layer for gain in layers),
        "gains": tuple(gain.gain for gain in layers),
        "deviations": tuple(gain.deviation for gain in layers),
    }


def ordinary(entering: PerLayer[EnteringMoments]) -> bool:
    """Whether the inputs are of ordinary size.

    Small weights may make up for large inputs, and large ones may be what those have led to.
    """
    return all(float(seen.root_mean_square.max()) <= LARGE_INPUT for seen in entering.values())


@fact
def layer_gains(network: Network) -> LayerGains | Absent:
    """Root mean squares of kernels."""
    following = users(network)
    found: dict[str, LayerGain] = {}
    positive = False
    ends = [network.nodes[position].layer for position in network.outputs]
    for position, node in enumerate(network.nodes):
        kernel = node.layer.weights.get("kernel")
        if node.layer.kind != "Dense" or kernel is None or not kernel.size:
            continue
        deviation = float(np.sqrt(np.mean(np.square(np.asarray(kernel, np.float64)))))
        mean = abs(float(np.mean(np.asarray(kernel, np.float64))))
        acting = _acting(network, following, position)
        activation = None if acting is None else activation_of(acting)
        if activation is None or not math.isfinite(deviation) or deviation == 0:
            continue
        output = position in network.outputs or (acting is not None and acting in ends)
        found[node.layer.name] = LayerGain(
            node.layer.name,
            len(kernel),
            deviation,
            activation.name,
            activation.saturating,
            math.sqrt(2) if activation.rectified and not output else 1.0,
            mean if positive and mean >= ONE_SIGNED * deviation else 0.0,
            output,
        )
        positive = activation.bounds[0] >= ABOUT_ZERO
    if not found:
        return Absent("there is no Dense layer", applicable=False)
    hidden = {name for name, gain in found.items() if not gain.output}
    followed = (activation_of(layer) for layer in network.layers if layer.name in hidden)
    slopes = [steepest(one) for one in followed if one is not None]
    return LayerGains(tuple(found.values()), math.prod(slopes))


def _acting(network: Network, following: tuple[tuple[int, ...], ...], start: int) -> Layer | None:
    """The layer whose activation a kernel's sums enter; None where they are normalised first or go several ways."""
    here = start
    while True:
        layer = network.nodes[here].layer
        activation = activation_of(layer)
        if activation is None:
            return None
        if not activation.affine:
            return layer
        if len(following[here]) != 1 or here in network.outputs:
            return layer
        user = network.nodes[following[here][0]].layer
        if renormalises(user):
            return None
        if user.kind not in PASSING and (activation_of(user) is None or user.weights):
            return layer
        here = following[here][0]


MATRIX = 2
"""Axes of the kernel of a Dense layer."""


@dataclass(frozen=True)
class BesideGlorot:
    """A kernel beside what Glorot and Bengio advise.

    Attributes:
        size: its root mean square.
        deviation: its standard deviation.
        advised: the standard deviation of a fresh draw.
    """

    size: float
    deviation: float
    advised: float


def beside_glorot(layer: Layer) -> BesideGlorot | None:
    """None for layers without a matrix as kernel."""
    kernel = layer.weights.get("kernel")
    if kernel is None or kernel.ndim != MATRIX:
        return None
    size = float(np.sqrt(np.mean(np.square(kernel, dtype=np.float64))))
    return BesideGlorot(size, float(kernel.std()), math.sqrt(2 / sum(kernel.shape)))
