"""Activation functions of every kind: those with a name of their own, and those made with options."""

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activations import named_activations
from mlpdoctor.nn.layers.activations.named import LAYERS
from mlpdoctor.nn.layers.activations.piecewise import relu, thresholded_relu
from mlpdoctor.nn.layers.activations.smooth import celu, elu
from mlpdoctor.nn.layers.family import Activation

GRID = np.concatenate([np.linspace(-12, 12, 4801), [-700.0, -50.0, 50.0, 700.0]])
AWAY = 1e-4
"""How far from a kink a slope has to be the same on both sides."""

CONFIGURED: dict[str, Activation] = {
    "relu slope": relu(0.3),
    "relu slope 1": relu(1.0),
    "relu slope 1 cap": relu(1.0, 2.0),
    "relu cap": relu(max_value=2.0),
    "relu cap 0": relu(max_value=0.0),
    "relu threshold": relu(threshold=1.5),
    "relu all": relu(0.2, 3.0, 0.5),
    "relu below": relu(0.1, 2.0, -1.0),
    "relu open below": relu(threshold=-1.0),
    "relu negative slope": relu(-0.5),
    "leaky 0": LAYERS["LeakyReLU"]({"negative_slope": 0.0}, 3) or relu(),
    "elu 2": elu(2.0),
    "elu 0": elu(0.0),
    "celu 2": celu(2.0),
    "threshold": thresholded_relu(1.0, -2.0),
    "threshold joined": thresholded_relu(1.0, 1.0),
}
ALL = named_activations() | CONFIGURED
ELEMENTWISE = sorted(name for name, known in ALL.items() if known.derivative is not None)


def slope(known: Activation, z: Array) -> Array:
    assert known.derivative is not None
    return known.derivative(z)


def smooth_points(known: Activation) -> Array:
    """Grid points whose neighbourhood holds no kink, jump or corner of the slope."""
    step = slope(known, GRID + AWAY) - slope(known, GRID - AWAY)
    # At zero itself TensorFlow adds up both sides of a maximum, or neither.
    return np.asarray(GRID[(np.abs(step) < 10 * AWAY) & (np.abs(GRID) > AWAY)])
