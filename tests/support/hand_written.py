"""Networks written by hand in NumPy, with mistakes in their backward pass on purpose: the patients of ``gradcheck``.

Nothing here uses the backward pass of the package; the slopes of the common activations are written out from the
outputs, as people write them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.gradcheck.check import gradcheck
from mlpdoctor.nn.layers.activations.named import named_activations

Floats: TypeAlias = Any
"""Arrays of float32 or float64."""
NAMED = named_activations()
SLOPES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "linear": lambda z, _: np.ones_like(z),
    "tanh": lambda _, a: 1 - a**2,
    "sigmoid": lambda _, a: a * (1 - a),
    "relu": lambda _, a: (a > 0).astype(a.dtype),
    "leaky_relu": lambda z, _: np.where(z > 0, 1, 0.2).astype(z.dtype),
    "elu": lambda _, a: np.where(a > 0, 1, a + 1).astype(a.dtype),
    "softplus": lambda _, a: 1 - np.exp(-a),
}
"""Slopes from pre-activations and outputs."""
OTHERS = ("silu", "gelu", "selu", "softsign", "mish")
"""Activations whose slope is taken from the package, where tests hold it against Keras."""


def slope_of(name: str, z: Floats, a: Floats) -> Floats:
    """The slope of an activation."""
    if name in SLOPES:
        return SLOPES[name](z, a)
    derivative = NAMED[name].derivative
    assert derivative is not None
    return derivative(z).astype(z.dtype)


@dataclass
class HandWritten:
    """A network with its data, its loss, and a backward pass that may be wrong.

    ``mistakes`` maps the kind that ``gradcheck`` should name to where it is made: a layer, a number, or True.
    """

    sizes: list[int]
    activations: list[str]
    loss_kind: str
    rows: int = 16
    dtype: str = "float64"
    rate: float | None = None
    l2: float = 0.0
    seed: int = 0
    mistakes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        self.weights = [rng.normal(0, 1 / np.sqrt(n), (n, m)).astype(self.dtype) for n, m in pairs]
        self.biases = [rng.normal(0, 0.1, m).astype(self.dtype) for m in self.sizes[1:]]
        self.x = rng.normal(size=(self.rows, self.sizes[0])).astype(self.dtype)
        units = self.sizes[-1]
        if self.loss_kind == "cce":
            self.y = np.eye(units)[rng.integers(0, units, self.rows)].astype(self.dtype)
        elif self.loss_kind == "bce":
            self.y = rng.integers(0, 2, (self.rows, units)).astype(self.dtype)
        else:
            self.y = rng.normal(size=(self.rows, units)).astype(self.dtype)

    @property
    def parameters(self) -> list[Floats]:
        """Kernels, then biases."""
        return self.weights + self.biases

    def forward(self) -> tuple[list[Floats], list[Floats]]:
        """Pre-activations; features and outputs."""
        z, a = [], [self.x]
        for weight, bias, name in zip(self.weights, self.biases, self.activations, strict=True):
            z.append(a[-1] @ weight + bias)
            a.append(NAMED[name].function(z[-1]).astype(self.dtype))
        return z, a

    def terms(self, a: Floats) -> Floats:
        """The loss of each row and unit."""
        y = self.y
        with np.errstate(all="ignore"):
            if self.loss_kind == "mse":
                return (a - y) ** 2
            if self.loss_kind == "mae":
                return np.abs(a - y)
            if self.loss_kind == "bce":
                return -np.log(np.where(y == 1, a, 1 - a))
            return np.where(y == 1, -np.log(a), 0)

    @property
    def scale(self) -> float:
        """One over what the loss divides by."""
        return 1 / self.rows if self.loss_kind == "cce" else 1 / self.y.size

    def loss(self) -> Any:  # noqa: ANN401  a number of NumPy's
        """Mean over rows and units; of classes over rows."""
        penalty = self.l2 * sum(np.sum(weight**2) for weight in self.weights) if self.l2 else 0
        return self.terms(self.forward()[1][-1]).sum() * np.asarray(self.scale, self.dtype) + penalty

    def _error(self, a: Floats) -> Floats:
        y, made = self.y, self.mistakes
        if "loss-not-derived" in made:
            return self.terms(a) * self.scale
        if "loss-derivative-missing" in made:
            return np.ones_like(y) * self.scale
        if self.loss_kind == "mse":
            return 2 * (a - y) * self.scale
        if self.loss_kind == "mae":
            return np.sign(a - y) * self.scale
        if "error-not-fused" in made:
            return (a - y) * self.scale
        if self.loss_kind == "bce":
            return (a - y) / (a * (1 - a)) * self.scale
        return -y / a * self.scale

    def _behind(self, delta: Floats, layer: int, z: list[Floats], a: list[Floats]) -> Floats:
        """The error before the activation of a layer."""
        made, name = self.mistakes, self.activations[layer]
        before, after = z[layer], a[layer + 1]
        if made.get("slope-missing") == layer:
            return delta
        if made.get("slope-at-activation") == layer:
            return delta * slope_of(name, after, NAMED[name].function(after))
        if made.get("slope-at-pre-activation") == layer:
            return delta * (1 - before**2 if name == "tanh" else before * (1 - before))
        if made.get("slope-of-another") == layer:
            return delta * (after * (1 - after) if name == "tanh" else 1 - after**2)
        if made.get("slope-wrong-array") == layer:
            return delta * (delta > 0)
        if name == "softmax":
            if "error-not-fused" in made:
                return delta * after * (1 - after)
            return after * (delta - (delta * after).sum(axis=1, keepdims=True))
        return delta * slope_of(name, before, after)

    def gradients(self) -> list[Floats]:
        """The backward pass."""
        return self._backward(None)

    def update(self) -> None:
        """One step of gradient descent; each layer's error is taken back before or after its weights change."""
        made = self._backward(self.rate if "weights-updated-first" in self.mistakes else None)
        if "weights-updated-first" in self.mistakes:
            return
        for values, slope in zip(self.parameters, made, strict=True):
            values[...] -= np.asarray(self.rate, self.dtype) * slope

    def _backward(self, rate: float | None) -> list[Floats]:
        made = self.mistakes
        z, a = self.forward()
        kernels, biases = [], []
        delta = self._error(a[-1])
        if "error-averaged" in made:
            delta = np.broadcast_to(delta.mean(axis=0), delta.shape)
        last = len(self.weights) - 1
        for layer in range(last, -1, -1):
            if layer < last:
                kernel = self.weights[layer + 1]
                delta = delta @ (kernel if made.get("kernel-not-transposed") == layer + 1 else kernel.T)
            delta = self._behind(delta, layer, z, a)
            if layer == last:
                delta = delta * made.get("factor", 1) * (-1 if "sign" in made else 1)
            kernel, bias = self._of_layer(layer, a[layer], delta)
            kernels.append(kernel.astype(self.dtype))
            biases.append(bias.astype(self.dtype))
            if rate is not None:
                self.weights[layer] -= np.asarray(rate, self.dtype) * kernels[-1]
                self.biases[layer] -= np.asarray(rate, self.dtype) * biases[-1]
        return kernels[::-1] + biases[::-1]

    def _of_layer(self, layer: int, entering: Floats, delta: Floats) -> tuple[Floats, Floats]:
        """The gradients of a kernel and a bias."""
        made = self.mistakes
        kernel, bias = entering.T @ delta, delta.sum(axis=0)
        if made.get("kernel-gradient-transposed") == layer:
            kernel = kernel.T
        if made.get("kernel-factor") == layer:
            kernel = kernel / self.rows
        if self.l2 and "l2" not in made:
            kernel = kernel + 2 * self.l2 * self.weights[layer]
        biases = {
            "bias-missing": bias * 0,
            "bias-summed": np.full_like(bias, delta.sum()),
            "bias-one-row": delta[0],
            "bias-factor": bias / self.rows,
        }
        return kernel, next((wrong for kind, wrong in biases.items() if made.get(kind) == layer), bias)

    def asked(self) -> dict[str, Any]:
        """What ``gradcheck`` is given."""
        given = {"parameters": self.parameters, "loss": self.loss, "x": self.x, "y": self.y}
        given["layers"] = ",".join(self.activations)
        if self.rate is None:
            return given | {"gradients": self.gradients}
        return given | {"update": self.update, "learning_rate": self.rate}


def possible(net: HandWritten) -> dict[str, list[Any]]:
    """Each kind of mistake that can be made in a network, with where, so that the gradient does become another one."""
    layers = range(len(net.weights))
    name = dict(enumerate(net.activations))
    curved = [layer for layer in layers if name[layer] != "linear"]
    smooth = [layer for layer in curved if name[layer] not in ("relu", "leaky_relu", "softmax")]
    square = [layer for layer in layers if net.sizes[layer] == net.sizes[layer + 1] > 1]
    wide = [layer for layer in layers if net.sizes[layer + 1] > 1]
    found: dict[str, list[Any]] = {
        "loss-derivative-missing": [True],
        "loss-not-derived": [True],
        "factor": [2.0, 0.5] + ([float(net.rows), 1 / net.rows] if net.rows > 1 else []),
        "sign": [True],
        "slope-missing": curved,
        "slope-at-activation": smooth,
        "slope-at-pre-activation": [layer for layer in curved if name[layer] in ("tanh", "sigmoid")],
        "slope-of-another": [layer for layer in curved if name[layer] in ("tanh", "sigmoid")],
        "slope-wrong-array": [layer for layer in curved if name[layer] == "relu"],
        "kernel-not-transposed": [layer for layer in square if layer],
        "kernel-gradient-transposed": square,
        "bias-missing": list(layers),
        "bias-summed": wide,
    }
    if net.rows > 1:
        found |= {"error-averaged": [True], "bias-one-row": list(layers)}
        found |= {"bias-factor": list(layers), "kernel-factor": list(layers)}
    if net.loss_kind in ("bce", "cce"):
        found["error-not-fused"] = [True]
    if net.rate is not None and len(net.weights) > 1:
        found["weights-updated-first"] = [True]
    if net.l2:
        found["l2"] = [True]
    return {kind: places for kind, places in found.items() if places}


TINY = 1e-6
"""Largest entry of a gradient that is nothing but rounding."""
SAME_PLACE = (
    {"loss-derivative-missing", "loss-not-derived", "error-not-fused"},
    {"slope-missing", "slope-at-activation", "slope-at-pre-activation", "slope-of-another", "slope-wrong-array"},
    {"bias-missing", "bias-summed", "bias-one-row", "bias-factor"},
)
"""Kinds of which only one can be made at a time: they are made on the same line."""


def drawn(seed: int, number: int) -> HandWritten:
    """A random network with so many mistakes."""
    rng = np.random.default_rng(seed)
    while True:
        net = _network(rng)
        kinds = possible(net)
        chosen: dict[str, Any] = {}
        for kind in rng.permutation(list(kinds)):
            if len(chosen) == number:
                break
            if any(kind in group and group & chosen.keys() for group in SAME_PLACE):
                continue
            chosen[str(kind)] = kinds[kind][rng.integers(len(kinds[kind]))]
        if len(chosen) == number:
            net.mistakes = chosen
            if not number or different(net):
                return net


def _network(rng: np.random.Generator) -> HandWritten:
    depth = int(rng.integers(1, 6))
    kind = str(rng.choice(["mse", "mae", "bce", "cce"]))
    output = {"bce": "sigmoid", "cce": "softmax"}.get(kind) or str(rng.choice(["linear", "tanh", "sigmoid"]))
    hidden = [str(rng.choice([*SLOPES, *OTHERS])) for _ in range(depth - 1)]
    sizes = [int(n) for n in rng.choice([1, 3, 5, 8], size=depth + 1)]
    if rng.random() < 0.4 and depth > 1:  # square kernels are common
        sizes[1:-1] = [5] * (depth - 1)
    if kind == "cce":
        sizes[-1] = max(sizes[-1], 3)
    return HandWritten(
        sizes,
        [*hidden, output],
        kind,
        rows=int(rng.choice([1, 4, 16, 32, 100])),
        dtype=str(rng.choice(["float64", "float64", "float32"])),
        rate=float(rng.choice([0.1, 0.01])) if rng.random() < 0.5 else None,
        l2=float(rng.choice([0, 0, 0, 0.01])),
        seed=int(rng.integers(1 << 30)),
    )


def different(net: HandWritten) -> bool:
    """Whether each of the mistakes changes the gradient by more than rounding does, given the others."""
    less = [{other: net.mistakes[other] for other in net.mistakes if other != kind} for kind in net.mistakes]
    return all(_apart(net, made) for made in [{}, *less]) and any(
        np.abs(one).max() > TINY for one in _taken(_copy(net))
    )


def _apart(net: HandWritten, mistakes: dict[str, Any]) -> bool:
    """Whether the mistakes at hand and some others make another gradient, which is not zero."""
    least = 1e-2 if net.dtype == "float32" else 1e-5
    sides = [_taken(_copy(net, made)) for made in (net.mistakes, mistakes)]
    floor = 1e-4 * max(float(np.linalg.norm(values)) for values in sides[1])
    return any(
        np.linalg.norm(one - other) > least * np.linalg.norm(one) + floor for one, other in zip(*sides, strict=True)
    )


def _copy(net: HandWritten, mistakes: dict[str, Any] | None = None) -> HandWritten:
    return replace(net, mistakes=net.mistakes if mistakes is None else mistakes)


def _taken(net: HandWritten) -> list[Floats]:
    if net.rate is None:
        return net.gradients()
    before = [values.astype(float) for values in net.parameters]
    net.update()
    return [(old - new) / net.rate for old, new in zip(before, net.parameters, strict=True)]


CASES = {0: 120, 1: 120, 2: 120, 3: 60}
"""How many networks with so many mistakes."""


def outcome(net: HandWritten) -> str:
    """What a check comes to: ``right``, ``named``, ``otherwise`` (with what was done among the alternatives or not)."""
    report = gradcheck(**net.asked())
    if report.right:
        return "right"
    if not report.explained:
        return "unnamed"
    return "named" if sorted(one.kind for one in report.mistakes) == sorted(net.mistakes) else "otherwise"


def counted(number: int, cases: int) -> Counter[str]:
    """The outcomes of so many random networks with so many mistakes."""
    return Counter(outcome(drawn(10 * seed + number, number)) for seed in range(cases))
