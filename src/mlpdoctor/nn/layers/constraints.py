"""What Keras does to a weight with a constraint after each update: keras/src/constraints/constraints.py."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer
from mlpdoctor.nn.layers.config_values import axes, number

Constraint: TypeAlias = Callable[[Array], Array]

TINY = 1e-7
"""Keras's epsilon, which keeps a zero vector from being divided by its length."""


def constraint(layer: Layer, weight: str) -> Constraint | None:
    """The constraint on one weight of a layer; None without one, and for a class or function of the user's."""
    spec: Any = layer.config.get(f"{weight}_constraint")
    if isinstance(spec, str):
        spec = {"class_name": spec, "config": {}}
    if not isinstance(spec, Mapping):
        return None
    kind, config = str(spec.get("class_name")).lower().replace("_", ""), spec.get("config")
    if not isinstance(config, Mapping):
        config = {}
    if kind in ("nonneg", "nonnegative"):
        return partial(np.maximum, 0.0)
    limits = _limits(kind, config)
    return None if limits is None else partial(_within, config.get("axis", 0), *limits)


def _limits(kind: str, config: Config) -> tuple[float, float, float] | None:
    """The least and the largest length of the vectors, and how far towards them one update brings each."""
    if kind == "maxnorm":
        return 0.0, number(config.get("max_value"), 2.0), 1.0
    if kind == "unitnorm":
        return 1.0, 1.0, 1.0
    if kind == "minmaxnorm":
        low, high = number(config.get("min_value"), 0.0), number(config.get("max_value"), 1.0)
        return low, high, number(config.get("rate"), 1.0)
    return None


def _within(axis: object, low: float, high: float, rate: float, values: Array) -> Array:
    norms = np.sqrt(np.square(values).sum(axis=axes(axis, values.ndim), keepdims=True))
    wanted = rate * np.clip(norms, low, high) + (1 - rate) * norms
    bounded: Array = values * (wanted / (TINY + norms))
    return bounded
