"""What an operation of ONNX is given as constants, and the operations that only compute with constants."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.onnx_builder import Given, Tensor, unknown
from mlpdoctor.readers.models.onnx_messages import OnnxNode, Value


def constant(node: OnnxNode, given: Sequence[Given], place: int) -> Stored:
    """An input that must be a constant: a network that computes its weights is no perceptron."""
    if place >= len(given) or isinstance(given[place], Tensor):
        raise unknown(node)
    found = given[place]
    return found if isinstance(found, np.ndarray) else np.asarray(found)


def _numbers(value: Value | None) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,)
    return tuple(int(one) for one in value) if isinstance(value, tuple) else ()


def option(node: OnnxNode, name: str, default: float) -> float:
    """A number among the options of an operation."""
    value = node.options.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def axes_of(node: OnnxNode, given: Sequence[Given]) -> tuple[int, ...]:
    """The axes of an operation, which older files have among its options and newer ones among its inputs."""
    stored = [int(one) for one in constant(node, given, 1).reshape(-1)] if len(given) > 1 else ()
    return tuple(stored) or _numbers(node.options.get("axes"))


def _constant(node: OnnxNode, _: Sequence[Stored]) -> Stored:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in node.options:
            return np.asarray(node.options[name])
    raise unknown(node)


def _transpose(node: OnnxNode, given: Sequence[Stored]) -> Stored:
    return np.transpose(given[0], _numbers(node.options.get("perm")) or None)


def _gathered(node: OnnxNode, given: Sequence[Stored]) -> Stored:
    return np.take(given[0], given[1].astype(np.int64), int(option(node, "axis", 0)))


def _joined(node: OnnxNode, given: Sequence[Stored]) -> Stored:
    return np.concatenate(given, int(option(node, "axis", 0)))


def _unsqueezed(node: OnnxNode, given: Sequence[Stored]) -> Stored:
    return np.expand_dims(given[0], tuple(axes_of(node, given)))


def _given_shape(_: OnnxNode, given: Sequence[Stored]) -> Stored:
    shape = [int(length) for length in given[1].reshape(-1)]
    if math.prod(shape) > given[0].size:
        raise ModelFileError("this ONNX file reshapes an array to more numbers than it has; export it again")
    return given[0].reshape(shape)


FOLDED: Mapping[str, Callable[[OnnxNode, Sequence[Stored]], Stored]] = MappingProxyType(
    {
        "Constant": _constant,
        "Transpose": _transpose,
        "Gather": _gathered,
        "Concat": _joined,
        "Unsqueeze": _unsqueezed,
        "Reshape": _given_shape,
    }
)
"""Operations on constants alone, by name."""
