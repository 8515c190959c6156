"""Gradients as an optimizer clips them before it uses them."""

import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from mlpdoctor.core.network import Array, Config
from mlpdoctor.nn.layers.config_values import number

K = TypeVar("K")


def clip(gradients: Mapping[K, Array], options: Config) -> tuple[Mapping[K, Array], float | None]:
    """Clip by the norm of each weight, else by the norm of all, else by value, as Keras does.

    Returns:
        The gradients, and their size after over their size before: the norm of all together, or with ``clipvalue``
        the largest value; 1 when clipping changes nothing, None when there is none.
    """
    by_norm, by_all, by_value = limits(options)
    if by_norm is not None:
        kept = {key: gradient * _factor(_norm(gradient), by_norm) for key, gradient in gradients.items()}
        return kept, _ratio(norm(kept), norm(gradients))
    if by_all is not None:
        factor = _factor(norm(gradients), by_all)
        return {key: gradient * factor for key, gradient in gradients.items()}, factor
    if by_value is not None:
        cut = {key: np.clip(gradient, -by_value, by_value) for key, gradient in gradients.items()}
        return cut, _ratio(_largest(cut), _largest(gradients))
    return gradients, None


def limits(options: Config) -> tuple[float | None, float | None, float | None]:
    """``clipnorm``, ``global_clipnorm`` and ``clipvalue`` where they are set."""
    norm_of_each, norm_of_all, value = (
        number(options.get(name), 0.0) for name in ("clipnorm", "global_clipnorm", "clipvalue")
    )
    return norm_of_each or None, norm_of_all or None, value or None


def largest_kept(options: Config) -> float:
    """The largest value that a gradient can have after clipping; infinite without clipping."""
    return next((limit for limit in limits(options) if limit is not None), math.inf)


def norm(gradients: Mapping[K, Array]) -> float:
    """The Euclidean norm of all gradients together."""
    return math.hypot(*(_norm(gradient) for gradient in gradients.values()))


def _norm(gradient: Array) -> float:
    largest = float(np.abs(gradient).max(initial=0.0))
    if not largest > 0:
        return 0.0
    # Squares must not overflow, and BLAS would start threads for what takes a few microseconds.
    return largest * math.sqrt(float(np.square(gradient / largest).sum()))


def _largest(gradients: Mapping[K, Array]) -> float:
    return max((float(np.abs(gradient).max(initial=0.0)) for gradient in gradients.values()), default=0.0)


def _factor(size: float, limit: float) -> float:
    return limit / size if size > limit else 1.0


def _ratio(after: float, before: float) -> float:
    return after / before if before > 0 else 1.0
