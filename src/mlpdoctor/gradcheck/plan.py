"""A backward pass with mistakes, as data: what is done at each place where it can go wrong, and what that is called."""

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from mlpdoctor.core.fast_dataclass import dataclass

RIGHT = "right"


@dataclass(frozen=True)
class LayerPlan:
    """What a backward pass does at one layer.

    Attributes:
        passing: how the error came here through the kernel of the next layer: ``right``, ``updated``, ``untransposed``.
        dropout: how the dropout mask was used on it: ``right``, ``missing``, ``unscaled`` (zeros and ones).
        slope: which slope of the activation it was multiplied with.
        factor: what it was multiplied with besides; it goes on to the layers before.
        kernel: the kernel's gradient: ``right`` or ``transposed``.
        kernel_factor: what that alone is multiplied with.
        bias: the bias's gradient: ``right``, ``missing``, ``total`` (one sum for all units), ``one-row``.
        bias_factor: what that alone is multiplied with.
    """

    passing: str = RIGHT
    dropout: str = RIGHT
    slope: str = RIGHT
    factor: float = 1.0
    kernel: str = RIGHT
    kernel_factor: float = 1.0
    bias: str = RIGHT
    bias_factor: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What a whole backward pass does.

    Attributes:
        layers: from the input on.
        error: what stands for the derivative of the loss: ``right``, ``itself`` (the loss), ``ones``, ``difference``.
        average: what is averaged over the rows: ``none``, ``rows`` or ``all`` before the slope of the output, or
            ``after`` it.
        l2: the penalty's gradient: ``right``, ``missing``, ``half``, ``double``, ``biases`` (on these too).
    """

    layers: tuple[LayerPlan, ...]
    error: str = RIGHT
    average: str = "none"
    l2: str = RIGHT

    def deviations(self) -> Iterator[tuple[str, object, int | None]]:
        """All that is not right: the place in the pass, what is done there, and the layer; from the output back.

        What the whole gradient is multiplied with comes last: it does the least harm.
        """
        last = len(self.layers) - 1
        harmless = [made for made in self._deviations() if made[0] == "factor" and made[2] == last and made[1] != -1]
        yield from (made for made in self._deviations() if made not in harmless)
        yield from harmless

    def _deviations(self) -> Iterator[tuple[str, object, int | None]]:
        if self.error != RIGHT:
            yield "error", self.error, None
        if self.average != "none":
            yield "average", self.average, None
        last = len(self.layers) - 1
        for layer in range(last, -1, -1):
            for slot, default in LayerPlan().__dict__.items():
                value = getattr(self.layers[layer], slot)
                if value == "elementwise" and self.error == "difference":
                    continue  # one mistake: the slope of a softmax is multiplied again
                if value != default:
                    yield from ((slot, one, layer) for one in _apart(value))
        if self.l2 != RIGHT:
            yield "l2", self.l2, None

    def grouped(self) -> dict[tuple[str, object], list[int]]:
        """The mistakes, each once, with the layers at which it is made."""
        found: dict[tuple[str, object], list[int]] = {}
        for slot, value, layer in self.deviations():
            found.setdefault((slot, value), []).extend([] if layer is None else [layer])
        return found

    @property
    def cost(self) -> int:
        """How many different mistakes it has."""
        return len(self.grouped())

    @property
    def order(self) -> tuple[int, int, int, float]:
        """Sorts plans: fewest mistakes, fewest places, factors for all before those of one array, then small ones."""
        made = list(self.deviations())
        alone = sum(slot in ("kernel_factor", "bias_factor") for slot, _, _ in made)
        size = sum(abs(math.log(abs(value))) for _, value, _ in made if isinstance(value, float))
        return self.cost, len(made), alone, size


def _apart(value: object) -> list[object]:
    """A factor below zero is two mistakes: the sign, and the rest of it unless that is 1."""
    if isinstance(value, float) and value < 0:
        return [-1.0] if value == -1 else [-1.0, -value]
    return [value]


def all_right(layers: Sequence[object]) -> Plan:
    """The backward pass without a mistake."""
    return Plan((LayerPlan(),) * len(layers))


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
