"""By how much the weights of each hidden layer make a signal larger or smaller."""

import math

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.layers.properties import activation_of, renormalises

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
    def relative(self) -> float:
        """The gain beside the usual one."""
        return self.gain / self.usual


@dataclass(frozen=True)
class LayerGains:
    """The Dense layers, in order, without those whose sums are normalised before their activation."""

    layers: tuple[LayerGain, ...]


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
    return LayerGains(tuple(found.values())) if found else Absent("there is no Dense layer", applicable=False)


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
