"""The backward pass of a chain of dense layers, right or with mistakes made on purpose."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.chain import Chain, terms
from mlpdoctor.gradcheck.code import Point
from mlpdoctor.gradcheck.plan import RIGHT, LayerPlan, Plan

FUSED = {("bce", "sigmoid"), ("cce", "softmax")}
"""Losses with the output whose slope cancels theirs."""
L2_SHARES: Mapping[str, float] = MappingProxyType(
    {RIGHT: 1.0, "missing": 0.0, "half": 0.5, "double": 2.0, "biases": 1.0}
)


@dataclass(frozen=True, eq=False)
class Run:
    """One forward pass at one point, with the parameters after one update of the user's where there are any."""

    chain: Chain
    point: Point
    before: Sequence[Array]
    after: Sequence[Array]
    updated: Point | None = None

    @classmethod
    def of(cls, chain: Chain, point: Point, updated: Point | None = None) -> "Run":
        """Run forward."""
        before, after = chain.forward(point)
        return cls(chain, point, before, after, updated)

    @property
    def last(self) -> int:
        """The output layer's position."""
        return len(self.before) - 1

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.chain.x)

    @property
    def units(self) -> int:
        """How many outputs."""
        return int(self.chain.y.shape[1])


def gradients(run: Run, plan: Plan) -> list[Array]:
    """The gradient that a backward pass gives, in the shapes of the parameters.

    Args:
        run: the forward pass.
        plan: what the backward pass does.
    """
    found = penalty(run, plan.l2)
    with np.errstate(all="ignore"):
        delta = output_delta(run, plan.error, plan.average, plan.layers[-1].slope)
        for layer in range(run.last, -1, -1):
            own = plan.layers[layer]
            if layer < run.last:
                arriving = dropped(run, layer, passed(run, layer, delta, own.passing), own.dropout)
                delta = SLOPES[own.slope](run, layer, arriving)
            delta = delta * own.factor
            _add(run, found, layer, delta, own)
    return found


def _add(run: Run, found: list[Array], layer: int, delta: Array, own: LayerPlan) -> None:
    place = run.chain.places[layer]
    kernel = own.kernel_factor * kernel_gradient(run, layer, delta, own.kernel)
    found[place.kernel] = found[place.kernel] + kernel
    if place.bias is not None:
        bias = own.bias_factor * BIASES[own.bias](delta)
        found[place.bias] = found[place.bias] + bias.reshape(run.point[place.bias].shape)


def kernel_gradient(run: Run, layer: int, delta: Array, way: str) -> Array:
    """The kernel's gradient as the kernel is stored; ``transposed`` where it is square and somebody mixed that up."""
    gradient = run.after[layer].T @ delta
    flips = run.chain.transposed + (way == "transposed")
    return gradient.T if flips % 2 else gradient


def penalty(run: Run, way: str) -> list[Array]:
    """The gradient of the L2 term, zeros without one."""
    form = run.chain.form
    found = [np.zeros(values.shape) for values in run.point]
    if not form.l2:
        return found
    for place in run.chain.places:
        for array, counts in ((place.kernel, True), (place.bias, form.l2_biases or way == "biases")):
            if array is not None and counts:
                found[array] = L2_SHARES[way] * 2 * form.l2 * run.point[array]
    return found


def output_delta(run: Run, error: str, average: str, slope: str) -> Array:
    """The error before the output's activation, shape (rows, units)."""
    kind = run.chain.form.kind
    if (kind, run.chain.activations[-1].name) in FUSED and (error, slope) == (RIGHT, RIGHT) and average in _LATE:
        total = run.chain.y.sum(axis=1, keepdims=True) if kind == "cce" else 1.0
        delta = _scale(run) * (run.after[-1] * total - run.chain.y)
    else:
        delta = _averaged(ERRORS[error](run), "none" if average in _LATE else average)
        delta = SLOPES[slope](run, run.last, delta)
    return _averaged(delta, "rows") if average == "after" else delta


_LATE = ("none", "after")


def _scale(run: Run) -> float:
    return run.chain.form.factor(run.rows, run.units)


def _averaged(delta: Array, way: str) -> Array:
    if way == "none":
        return delta
    mean = delta.mean(axis=0, keepdims=True) if way == "rows" else delta.mean()
    return np.broadcast_to(mean, delta.shape)


def _derivative(run: Run) -> Array:
    outputs, y = run.after[-1], run.chain.y
    kind = run.chain.form.kind
    if kind == "mse":
        slopes = 2 * (outputs - y)
    elif kind == "mae":
        slopes = np.sign(outputs - y)
    elif kind == "bce":
        slopes = (outputs - y) / (outputs * (1 - outputs))
    else:
        slopes = -y / outputs
    return _scale(run) * slopes


ERRORS: Mapping[str, Callable[[Run], Array]] = MappingProxyType(
    {
        RIGHT: _derivative,
        "itself": lambda run: _scale(run) * terms(run.chain.form.kind, run.after[-1], run.chain.y),
        "ones": lambda run: np.full(run.chain.y.shape, _scale(run)),
        "difference": lambda run: _scale(run) * (run.after[-1] - run.chain.y),
    }
)
"""What stands for the derivative of the loss with respect to the outputs."""


def passed(run: Run, layer: int, delta: Array, way: str) -> Array:
    """The error behind a layer, from that before the activation of the next."""
    source = run.updated if way == "updated" and run.updated is not None else run.point
    kernel = run.chain.kernel(source, layer + 1)
    return delta @ (kernel if way == "untransposed" else kernel.T)


def dropped(run: Run, layer: int, delta: Array, way: str) -> Array:
    """The error behind the activation of a layer, from that behind its dropout mask."""
    mask = run.chain.mask(layer)
    if mask is None or way == "missing":
        return delta
    return delta * (mask if way == RIGHT else mask != 0)


def _right(run: Run, layer: int, delta: Array) -> Array:
    return run.chain.activations[layer].backward(run.before[layer], delta)


def _at_activation(run: Run, layer: int, delta: Array) -> Array:
    return run.chain.activations[layer].backward(run.after[layer + 1], delta)


SLOPES: Mapping[str, Callable[[Run, int, Array], Array]] = MappingProxyType(
    {
        RIGHT: _right,
        "missing": lambda _, __, delta: delta,
        "at-activation": _at_activation,
        "tanh-of-z": lambda run, layer, delta: delta * (1 - run.before[layer] ** 2),
        "sigmoid-of-z": lambda run, layer, delta: delta * run.before[layer] * (1 - run.before[layer]),
        "tanh": lambda run, layer, delta: delta * (1 - run.after[layer + 1] ** 2),
        "sigmoid": lambda run, layer, delta: delta * run.after[layer + 1] * (1 - run.after[layer + 1]),
        "elementwise": lambda run, layer, delta: delta * run.after[layer + 1] * (1 - run.after[layer + 1]),
        "mask-of-error": lambda _, __, delta: delta * (delta > 0),
        "mask-of-input": lambda run, layer, delta: delta * (run.after[layer] > 0),
    }
)
"""The error before an activation, from that behind it."""

BIASES: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        RIGHT: lambda delta: delta.sum(axis=0),
        "missing": lambda delta: np.zeros(delta.shape[1]),
        "total": lambda delta: np.full(delta.shape[1], delta.sum()),
        "one-row": lambda delta: np.array(delta[0]),
    }
)
