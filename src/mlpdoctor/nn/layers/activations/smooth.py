"""Smooth activation functions of a value, and those of a whole row such as softmax."""

import math
from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activations.normal import normal_cdf
from mlpdoctor.nn.layers.activations.piecewise import relu
from mlpdoctor.nn.layers.family import Activation

SELU_SCALE = 1.05070098735548049342
SELU_ALPHA = 1.67326324235437728482

HARD_SILU_END = 3.0

# The least value of each function that dips below zero, rounded down in the sixteenth digit.
SILU_LEAST = -0.2784645427610740
GELU_LEAST = -0.1699712074799038
MISH_LEAST = -0.3088434130172506


def sigmoid(z: Array) -> Array:
    """``1 / (1 + exp(-z))`` without overflow on either side."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def softplus(z: Array) -> Array:
    """``log(1 + exp(z))`` without overflow."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def exponential(z: Array) -> Array:
    """``exp(z)``; too large a value is infinity, as in Keras, and no warning."""
    with np.errstate(over="ignore"):
        return np.exp(z)


def elu(alpha: float = 1.0) -> Activation:
    """``z`` above zero and ``alpha * (exp(z) - 1)`` below; with alpha 0 it is the relu."""
    if alpha == 0:
        return relu(name="elu")
    return Activation(
        "elu",
        lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0))),
        lambda z: np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0))),
        bounds=(min(-alpha, 0.0), np.inf),
        rectified=True,
    )


def celu(alpha: float = 1.0) -> Activation:
    """The elu whose slope stays continuous for every alpha."""
    return Activation(
        "celu",
        lambda z: np.maximum(z, 0.0) + alpha * np.expm1(np.minimum(z, 0.0) / alpha),
        # At zero TensorFlow adds up the slopes of a maximum and a minimum.
        lambda z: np.where(z == 0, 2.0, np.exp(np.minimum(z, 0.0) / alpha)),
        bounds=(-alpha, np.inf),
        rectified=True,
    )


def _selu(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


def _selu_slope(z: Array) -> Array:
    return SELU_SCALE * np.where(z >= 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0.0)))


def _gelu_slope(z: Array) -> Array:
    return normal_cdf(z) + z * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _sigmoid_slope(z: Array) -> Array:
    value = sigmoid(z)
    return value * (1.0 - value)


def _tanh_slope(z: Array) -> Array:
    value = np.tanh(z)
    return 1.0 - value * value


def _silu_slope(z: Array) -> Array:
    value = sigmoid(z)
    return value * (1.0 + z * (1.0 - value))


def _mish_slope(z: Array) -> Array:
    squashed = np.tanh(softplus(z))
    return squashed + z * sigmoid(z) * (1.0 - squashed * squashed)


def _squareplus(z: Array) -> Array:
    # For negative z the sum cancels; 2 / (root - z) is the same number with all its digits.
    root = np.hypot(z, 2.0)
    return np.where(z < 0, 2.0 / (root + np.abs(z)), 0.5 * (z + root))


def _hard_silu(z: Array) -> Array:
    return z * np.clip(z / 6.0 + 0.5, 0.0, 1.0)


def _hard_silu_slope(z: Array) -> Array:
    return np.where(np.abs(z) < HARD_SILU_END, z / 3.0 + 0.5, np.heaviside(z, 0.0))


def _sparse_plus(z: Array) -> Array:
    return np.where(z >= 1.0, z, 0.25 * np.square(np.clip(z, -1.0, 1.0) + 1.0))


SIGMOID = Activation("sigmoid", sigmoid, _sigmoid_slope, bounds=(0.0, 1.0), saturating=True)
POSITIVE = (0.0, np.inf)

SMOOTH = (
    SIGMOID,
    Activation("tanh", np.tanh, _tanh_slope, bounds=(-1.0, 1.0), saturating=True),
    Activation(
        "softsign",
        lambda z: z / (1.0 + np.abs(z)),
        lambda z: 1.0 / np.square(1.0 + np.abs(z)),
        bounds=(-1.0, 1.0),
        saturating=True,
    ),
    Activation("softplus", softplus, sigmoid, bounds=POSITIVE, rectified=True),
    Activation("exponential", exponential, exponential, bounds=POSITIVE),
    elu(),
    celu(),
    Activation("selu", _selu, _selu_slope, bounds=(-SELU_SCALE * SELU_ALPHA, np.inf), rectified=True),
    Activation("silu", lambda z: z * sigmoid(z), _silu_slope, bounds=(SILU_LEAST, np.inf), rectified=True),
    Activation("gelu", lambda z: z * normal_cdf(z), _gelu_slope, bounds=(GELU_LEAST, np.inf), rectified=True),
    Activation("mish", lambda z: z * np.tanh(softplus(z)), _mish_slope, bounds=(MISH_LEAST, np.inf), rectified=True),
    Activation(
        "squareplus",
        _squareplus,
        lambda z: 0.5 * (1.0 + z / np.hypot(z, 2.0)),
        bounds=POSITIVE,
        rectified=True,
    ),
    Activation("log_sigmoid", lambda z: -softplus(-z), lambda z: sigmoid(-z), bounds=(-np.inf, 0.0)),
    Activation("tanh_shrink", lambda z: z - np.tanh(z), lambda z: np.square(np.tanh(z))),
    Activation("hard_silu", _hard_silu, _hard_silu_slope, bounds=(-0.375, np.inf), gated=True, rectified=True),
    Activation(
        "sparse_plus",
        _sparse_plus,
        lambda z: np.clip(0.5 * (z + 1.0), 0.0, 1.0),
        bounds=POSITIVE,
        gated=True,
        rectified=True,
    ),
)


Axis = int | tuple[int, ...]


def softmax(axis: int | Sequence[int] = -1) -> Activation:
    """Exponentials that sum to one along the axis (several axes: over all of them together)."""
    over = _axes(axis)

    def function(z: Array) -> Array:
        weights = np.exp(z - np.max(z, axis=over, keepdims=True))
        weights /= np.sum(weights, axis=over, keepdims=True)
        return np.asarray(weights)

    def pullback(z: Array, cotangent: Array) -> Array:
        shares = function(z)
        return np.asarray(shares * (cotangent - np.sum(cotangent * shares, axis=over, keepdims=True)))

    return Activation("softmax", function, None, bounds=(0.0, 1.0), normalising=True, pullback=pullback)


def log_softmax(axis: int = -1) -> Activation:
    """The logarithm of the softmax, computed without ever taking the logarithm of zero."""

    def function(z: Array) -> Array:
        shifted = z - np.max(z, axis=axis, keepdims=True)
        return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))

    def pullback(z: Array, cotangent: Array) -> Array:
        return np.asarray(cotangent - np.exp(function(z)) * np.sum(cotangent, axis=axis, keepdims=True))

    return Activation("log_softmax", function, None, bounds=(-np.inf, 0.0), normalising=True, pullback=pullback)


def sparsemax(axis: int = -1) -> Activation:
    """Keras's sparsemax, which is not quite that of Martins and Astudillo (2016).

    The threshold ought to come from the sum of the largest values; Keras (``backend/*/nn.py``) adds up all the
    running sums instead, so a row need not sum to one and values above one occur. We follow what the model runs.
    """

    def function(z: Array) -> Array:
        return np.maximum(z - threshold(z)[0], 0.0)

    def threshold(z: Array) -> tuple[Array, Array]:
        """What is taken off each value, and its slopes by the values in descending order."""
        descending = -np.sort(-z, axis=axis)
        total = np.cumsum(descending, axis=axis)
        count = np.ones_like(z).cumsum(axis=axis)
        support = descending - (total - 1.0) / count > 0
        # Values near 1e300 leave rounding nothing to support.
        size = np.maximum(np.sum(support, axis=axis, keepdims=True), 1)
        # A value is part of the running sum at its own place and of all behind it.
        slopes = np.flip(np.cumsum(np.flip(support, axis), axis=axis), axis) / size
        return (np.sum(np.where(support, total, 0.0), axis=axis, keepdims=True) - 1.0) / size, slopes

    def pullback(z: Array, cotangent: Array) -> Array:
        level, slopes = threshold(z)
        rank = np.argsort(np.argsort(-z, axis=axis, kind="stable"), axis=axis)
        passed = np.where(z > level, cotangent, 0.0)
        moved = np.sum(passed, axis=axis, keepdims=True) * np.take_along_axis(slopes, rank, axis=axis)
        return np.asarray(passed - moved)

    return Activation("sparsemax", function, None, bounds=(0.0, np.inf), normalising=True, pullback=pullback)


def glu(axis: int = -1) -> Activation:
    """The first half of the axis, gated by the sigmoid of the second half: the axis is halved."""

    def function(z: Array) -> Array:
        value, gate = np.split(z, 2, axis=axis)
        return np.asarray(value * sigmoid(gate))

    def pullback(z: Array, cotangent: Array) -> Array:
        value, gate = np.split(z, 2, axis=axis)
        share = sigmoid(gate)
        return np.concatenate([cotangent * share, cotangent * value * share * (1.0 - share)], axis=axis)

    return Activation("glu", function, None, pullback=pullback)


def _axes(axis: int | Sequence[int]) -> Axis:
    return axis if isinstance(axis, int) else tuple(axis)


ROWWISE = (softmax(), log_softmax(), sparsemax(), glu())
