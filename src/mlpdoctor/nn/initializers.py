"""Draws weights as Keras's initialisers do: the same distributions, other numbers."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from mlpdoctor.core.network import Array, Config
from mlpdoctor.nn.layers.family import array, number

CUT = 2.0
"""Truncated normal numbers are drawn again beyond so many standard deviations."""
LEFT_OF_SPREAD = 0.87962566103423978
"""The standard deviation of a normal distribution cut there."""
USUAL: Mapping[str, str] = {
    "kernel": "glorot_uniform",
    "depthwise_kernel": "glorot_uniform",
    "bias": "zeros",
    "beta": "zeros",
    "gamma": "ones",
    "alpha": "zeros",
    "embeddings": "uniform",
}
"""Keras's own defaults, for files that leave them out."""

Draw = Callable[[np.random.Generator, tuple[int, ...], Config], Array]


def draw(spec: object, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array | None:
    """Fresh values for one weight.

    Args:
        spec: the initialiser as the layer's configuration holds it; None for the usual one.
        name: the weight's.
        shape: the weight's.
        rng: where chance comes from.

    Returns:
        The values; None where the initialiser is not one of Keras's own.
    """
    if spec is None:
        spec = USUAL.get(name)
    config: Config = {}
    if isinstance(spec, Mapping):
        module = spec.get("module")
        if module is not None and str(module).split(".")[0] not in ("keras", "tf_keras"):
            return None
        inner = spec.get("config")
        config = inner if isinstance(inner, Mapping) else {}
        spec = spec.get("class_name")
    if not isinstance(spec, str) or ">" in spec:
        return None
    found = DRAWS.get(spec.replace("_", "").lower())
    return None if found is None else found(rng, shape, config)


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many numbers enter and leave a unit, as Keras counts them."""
    if len(shape) < 2:  # noqa: PLR2004
        width = float(shape[0]) if shape else 1.0
        return width, width
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


def _truncated(rng: np.random.Generator, shape: tuple[int, ...], mean: float, deviation: float) -> Array:
    values = rng.normal(size=shape)
    while (far := np.abs(values) > CUT).any():
        values[far] = rng.normal(size=int(far.sum()))
    return np.asarray(mean + deviation * values, np.float64)


def _scaled(scale: float, mode: str, distribution: str) -> Draw:
    def drawn(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:
        size = number(config.get("scale"), scale)
        enter, leave = fans(shape)
        by = {"fan_in": enter, "fan_out": leave}.get(str(config.get("mode", mode)), (enter + leave) / 2)
        variance = size / max(1.0, by)
        kind = str(config.get("distribution", distribution)).lower()
        if kind == "uniform":
            bound = math.sqrt(3 * variance)
            return rng.uniform(-bound, bound, shape)
        if kind == "untruncated_normal":
            return rng.normal(0.0, math.sqrt(variance), shape)
        return _truncated(rng, shape, 0.0, math.sqrt(variance) / LEFT_OF_SPREAD)

    return drawn


def _normal(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:
    return rng.normal(number(config.get("mean"), 0.0), number(config.get("stddev"), 0.05), shape)


def _truncated_normal(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:
    return _truncated(rng, shape, number(config.get("mean"), 0.0), number(config.get("stddev"), 0.05))


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:
    low, high = number(config.get("minval"), -0.05), number(config.get("maxval"), 0.05)
    return low + (high - low) * rng.random(shape)


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:
    rows, columns = math.prod(shape[:-1]), shape[-1] if shape else 1
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return np.asarray(number(config.get("gain"), 1.0) * (q if rows >= columns else q.T).reshape(shape), np.float64)


def _identity(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:  # noqa: ARG001
    return np.asarray(number(config.get("gain"), 1.0) * np.eye(shape[0], shape[-1]), np.float64)


def _constant(value: float) -> Draw:
    def drawn(rng: np.random.Generator, shape: tuple[int, ...], config: Config) -> Array:  # noqa: ARG001
        given = array(config.get("value", value))
        return np.full(shape, given) if given.size == 1 else np.resize(given, shape)

    return drawn


DRAWS: Mapping[str, Draw] = {
    "zeros": _constant(0.0),
    "zero": _constant(0.0),
    "ones": _constant(1.0),
    "one": _constant(1.0),
    "constant": _constant(0.0),
    "randomnormal": _normal,
    "normal": _normal,
    "truncatednormal": _truncated_normal,
    "randomuniform": _uniform,
    "uniform": _uniform,
    "orthogonal": _orthogonal,
    "orthogonalinitializer": _orthogonal,
    "identity": _identity,
    "identityinitializer": _identity,
    "variancescaling": _scaled(1.0, "fan_in", "truncated_normal"),
    "glorotuniform": _scaled(1.0, "fan_avg", "uniform"),
    "glorotnormal": _scaled(1.0, "fan_avg", "truncated_normal"),
    "heuniform": _scaled(2.0, "fan_in", "uniform"),
    "henormal": _scaled(2.0, "fan_in", "truncated_normal"),
    "lecununiform": _scaled(1.0, "fan_in", "uniform"),
    "lecunnormal": _scaled(1.0, "fan_in", "truncated_normal"),
}
"""By the names of classes and of functions, in lower case, without underscores."""
