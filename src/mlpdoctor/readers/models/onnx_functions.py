"""Elementwise operations of ONNX, and which Keras activation a chain of them is, told from its values.

Exporters spell one activation in many ways: SiLU as ``z * sigmoid(z)``, GELU by way of ``erf``, softplus with a
threshold in single precision. So a chain of operations on one tensor is a function here, which is computed on a grid
and compared with those that Keras has.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activations.named import NAMED, activation_of
from mlpdoctor.nn.layers.activations.piecewise import relu
from mlpdoctor.nn.layers.activations.smooth import celu, elu
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.readers.models.onnx_messages import Value

Function: TypeAlias = Callable[[Array], Array]
Options: TypeAlias = Mapping[str, Value]

GRID = np.linspace(-11.97, 12.03, 1601)
"""Pre-activations at which two functions are compared; on no kink of any."""
EXACT = 1e-6
"""Of the values: constants such as a slope of 0.01 or the root of two are stored in single precision."""


def _number(options: Options, name: str, default: float) -> float:
    found = options.get(name, default)
    return float(found) if isinstance(found, int | float) else default


def _of(activation: Activation | None) -> Callable[[Sequence[Array], Options], Array]:
    def applied(given: Sequence[Array], _: Options) -> Array:
        return given[0] if activation is None else activation.function(given[0])

    return applied


def _clip(given: Sequence[Array], options: Options) -> Array:
    low = given[1] if len(given) > 1 else np.asarray(_number(options, "min", -np.inf))
    high = given[2] if len(given) > 2 else np.asarray(_number(options, "max", np.inf))  # noqa: PLR2004
    return np.minimum(np.maximum(given[0], low), high)


def _hard_sigmoid(given: Sequence[Array], options: Options) -> Array:
    return np.asarray(np.clip(_number(options, "alpha", 0.2) * given[0] + _number(options, "beta", 0.5), 0.0, 1.0))


def _gelu(given: Sequence[Array], options: Options) -> Array:
    if options.get("approximate") == "tanh":
        z = given[0]
        return np.asarray(0.5 * z * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3))))
    return NAMED["gelu"].function(given[0])


def _erf(given: Sequence[Array], _: Options) -> Array:
    from scipy.special import erf

    return np.asarray(erf(given[0]))


def _ufunc(function: Callable[..., Any]) -> Callable[[Sequence[Array], Options], Array]:
    def applied(given: Sequence[Array], _: Options) -> Array:
        return np.asarray(function(*given), dtype=np.float64)

    return applied


ELEMENTWISE: Mapping[str, Callable[[Sequence[Array], Options], Array]] = MappingProxyType(
    {
        "Relu": _of(NAMED["relu"]),
        "Sigmoid": _of(NAMED["sigmoid"]),
        "Tanh": _of(NAMED["tanh"]),
        "Softplus": _of(NAMED["softplus"]),
        "Softsign": _of(NAMED["softsign"]),
        "HardSwish": _of(NAMED["hard_silu"]),
        "Mish": _of(NAMED["mish"]),
        "Selu": lambda given, options: (
            _number(options, "gamma", 1.0507010221481323)
            * elu(_number(options, "alpha", 1.6732631921768188)).function(given[0])
        ),
        "Elu": lambda given, options: elu(_number(options, "alpha", 1.0)).function(given[0]),
        "Celu": lambda given, options: celu(_number(options, "alpha", 1.0)).function(given[0]),
        "LeakyRelu": lambda given, options: relu(_number(options, "alpha", 0.01)).function(given[0]),
        "Swish": lambda given, options: given[0] * NAMED["sigmoid"].function(_number(options, "alpha", 1.0) * given[0]),
        "Shrink": lambda given, options: np.where(
            np.abs(given[0]) > _number(options, "lambd", 0.5),
            given[0] - np.sign(given[0]) * _number(options, "bias", 0.0),
            0.0,
        ),
        "HardSigmoid": _hard_sigmoid,
        "Gelu": _gelu,
        "Erf": _erf,
        "Clip": _clip,
        "Where": lambda given, _: np.where(given[0] != 0, given[1], given[2]),
        "Add": _ufunc(np.add),
        "Sub": _ufunc(np.subtract),
        "Mul": _ufunc(np.multiply),
        "Div": _ufunc(np.divide),
        "Pow": _ufunc(np.power),
        "Min": _ufunc(np.minimum),
        "Max": _ufunc(np.maximum),
        "Greater": _ufunc(np.greater),
        "GreaterOrEqual": _ufunc(np.greater_equal),
        "Less": _ufunc(np.less),
        "LessOrEqual": _ufunc(np.less_equal),
        "Not": _ufunc(np.logical_not),
        "Abs": _ufunc(np.abs),
        "Neg": _ufunc(np.negative),
        "Sign": _ufunc(np.sign),
        "Exp": _ufunc(np.exp),
        "Log": _ufunc(np.log),
        "Sqrt": _ufunc(np.sqrt),
        "Reciprocal": _ufunc(np.reciprocal),
    }
)
"""Operations that work on each number by itself, of the arrays that enter and the options."""


def layer_of(function: Function) -> tuple[str, dict[str, Any]] | None:
    """Kind and configuration of the Keras layer that computes a function; None where there is none.

    A line becomes a Rescaling. What is saturated or clipped at values of its own becomes a ReLU with a ceiling.
    """
    with np.errstate(all="ignore"):
        values = function(GRID)
        if values.shape != GRID.shape or not np.isfinite(values).all():
            return None
        slope, start = np.polyfit(GRID, values, 1)
        if _same(values, slope * GRID + start):
            return "Rescaling", {"scale": _short(slope), "offset": _short(start)}
        for name, known in NAMED.items():
            if known.derivative is not None and _same(values, known.function(GRID)):
                return "Activation", {"activation": name}
        if _same(values, _gelu([GRID], {"approximate": "tanh"}), 5e-4):
            return "Activation", {"activation": "gelu"}
        below, above = float(function(np.array([-1.0]))[0]), float(function(np.array([1e4]))[0])
        for kind, config in (
            ("LeakyReLU", {"negative_slope": _short(-below)}),
            ("ELU", {"alpha": _short(below / np.expm1(-1.0))}),
            ("ReLU", {"max_value": _short(above)}),
        ):
            made = activation_of({"class_name": kind, "config": config})
            if made is not None and _same(values, made.function(GRID)):
                return kind, config
    return None


def _same(one: Array, other: Array, tolerance: float = EXACT) -> bool:
    return bool(np.all(np.abs(one - other) <= tolerance * np.maximum(1.0, np.abs(other))))


def _short(number: float) -> float:
    """A number as it was written before it was stored in single precision."""
    return float(f"{number:.7g}") + 0.0
