"""What each way of going wrong is called, and the line that has it beside the line that is right."""

from collections.abc import Mapping
from types import MappingProxyType

SLOPE_LINES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "tanh": ("f'(z) = 1 - tanh(z)**2 = 1 - a**2", "(1 - a{l}**2)"),
        "sigmoid": ("f'(z) = a * (1 - a), with a = sigmoid(z)", "a{l} * (1 - a{l})"),
        "relu": ("f'(z) = 1 where z > 0, else 0", "(z{l} > 0)"),
        "leaky_relu": ("f'(z) = 1 where z > 0, else the negative slope", "np.where(z{l} > 0, 1, negative_slope)"),
        "elu": ("f'(z) = 1 where z > 0, else exp(z)", "np.where(z{l} > 0, 1, np.exp(z{l}))"),
        "softplus": ("f'(z) = sigmoid(z)", "1 / (1 + np.exp(-z{l}))"),
        "softmax": (
            "dL/dz = a * (dL/da - sum(dL/da * a)); with cross-entropy simply a - y",
            "(a{l} - y)  # in place of delta times a slope, for softmax with cross-entropy",
        ),
    }
)
"""The slope of each activation, in formulas and in NumPy."""
SLOPE_MISTAKES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "missing": ("slope-missing", "the slope of {f} is missing at {where}"),
        "at-activation": ("slope-at-activation", "the slope of {f} is taken at its output a, not at z, at {where}"),
        "tanh-of-z": ("slope-at-pre-activation", "1 - z**2 is used as the slope of tanh, not 1 - a**2, at {where}"),
        "sigmoid-of-z": (
            "slope-at-pre-activation",
            "z * (1 - z) is used as the slope of sigmoid, not a * (1 - a), at {where}",
        ),
        "tanh": ("slope-of-another", "1 - a**2, the slope of tanh, is used for {f}, at {where}"),
        "sigmoid": ("slope-of-another", "a * (1 - a), the slope of sigmoid, is used for {f}, at {where}"),
        "elementwise": (
            "slope-elementwise",
            "a * (1 - a) alone is used as the slope of softmax, each of whose outputs depends on every z, at {where}",
        ),
        "mask-of-error": ("slope-wrong-array", "the mask of {f} is taken from the error, not from z, at {where}"),
        "mask-of-input": (
            "slope-wrong-array",
            "the mask of {f} is taken from what enters the layer, not from z, at {where}",
        ),
    }
)
ERRORS: Mapping[str, str] = MappingProxyType(
    {"mse": "squared error", "mae": "absolute error", "bce": "cross-entropy", "cce": "cross-entropy"}
)
"""The losses in words."""
DERIVATIVES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mse": ("d/da (a - y)**2 = 2 * (a - y)", "2 * (a - y)"),
        "mae": ("d/da |a - y| = sign(a - y)", "np.sign(a - y)"),
        "bce": ("dL/da = (a - y) / (a * (1 - a))", "(a - y) / (a * (1 - a))"),
        "cce": ("dL/da = -y / a", "-y / a"),
    }
)
"""The derivative of one term of each loss."""
