"""What each operation of ONNX is as a layer of Keras, and those that only compute with constants."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.network import Shape, Stored
from mlpdoctor.readers.models.onnx_builder import MATRIX, Builder, Given, Tensor, name_of, unknown
from mlpdoctor.readers.models.onnx_constants import axes_of, constant, option
from mlpdoctor.readers.models.onnx_messages import OnnxNode

EPSILON = 1e-5
"""What ONNX adds to a variance where the file says nothing."""
OPEN = -1
"""A length that follows from the others."""

Operation: TypeAlias = Callable[[Builder, OnnxNode, Sequence[Given]], Given]


def _dense(builder: Builder, node: OnnxNode, entering: Given, kernel: Stored, bias: Stored | None) -> Tensor:
    source = builder.settle(entering, node.operator)
    builder.widen(source, len(kernel))
    entered = builder.shape(entering)
    if not entered or entered[-1] != len(kernel):
        raise ValueError(f"{entered} enters a kernel of the shape {kernel.shape}")
    units = kernel.shape[1]
    config = {"units": units, "activation": "linear", "use_bias": bias is not None}
    weights = {"kernel": kernel} | ({} if bias is None else {"bias": np.broadcast_to(bias, (1, units)).reshape(units)})
    return builder.layer("Dense", name_of(node, "dense", node.inputs[1:]), config, (source,), weights)


def _gemm(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    kernel = constant(node, given, 1)
    if node.options.get("transA") or kernel.ndim != MATRIX:
        raise unknown(node)
    kernel = kernel.T if node.options.get("transB") else kernel
    alpha, beta = option(node, "alpha", 1.0), option(node, "beta", 1.0)
    bias = constant(node, given, 2) if len(given) > MATRIX and len(node.inputs[2]) else None
    return _dense(
        builder,
        node,
        given[0],
        kernel if alpha == 1 else alpha * kernel,
        bias if bias is None or beta == 1 else beta * bias,
    )


def _matmul(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    kernel = constant(node, given, 1)
    if kernel.ndim != MATRIX or not isinstance(given[0], Tensor):
        raise unknown(node)
    return _dense(builder, node, given[0], kernel, None)


def _batch_normalization(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    source = builder.settle(given[0], node.operator)
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = {name: constant(node, given, place) for place, name in enumerate(names, 1)}
    if len(builder.shape(given[0])) != 1 or any(array.shape != builder.shape(given[0]) for array in weights.values()):
        raise unknown(node)
    config = {"axis": -1, "epsilon": option(node, "epsilon", EPSILON)}
    name = name_of(node, "batch_normalization", node.inputs[1:])
    return builder.layer("BatchNormalization", name, config, (source,), weights)


def _layer_normalization(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    source = builder.settle(given[0], node.operator)
    weights = {"gamma": constant(node, given, 1)}
    config = {"axis": -1, "epsilon": option(node, "epsilon", EPSILON), "center": len(given) > MATRIX}
    if len(given) > MATRIX:
        weights["beta"] = constant(node, given, 2)
    if len(node.outputs) > 1 or any(array.shape != builder.shape(given[0])[-1:] for array in weights.values()):
        raise unknown(node)
    name = name_of(node, "layer_normalization", node.inputs[1:])
    return builder.layer("LayerNormalization", name, config, (source,), weights)


def _softmax(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    axis, rank = int(option(node, "axis", OPEN)), len(builder.shape(given[0])) + 1
    if axis not in {OPEN, rank - 1}:
        raise unknown(node)
    source = builder.settle(given[0], node.operator)
    name = "softmax" if node.operator == "Softmax" else "log_softmax"
    return builder.layer("Activation", name, {"activation": name}, (source,))


def _parametric_relu(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    source, slope = builder.settle(given[0], node.operator), constant(node, given, 1).reshape(-1)
    width = builder.shape(given[0])[-1]
    if len(builder.shape(given[0])) != 1 or len(slope) not in {1, width}:
        raise unknown(node)
    config = {"shared_axes": [1]} if len(slope) == 1 else {}
    return builder.layer("PReLU", name_of(node, "prelu", node.inputs[1:]), config, (source,), {"alpha": slope})


def _concat(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    axis = int(option(node, "axis", OPEN))
    if axis == 0 or not all(isinstance(one, Tensor) for one in given):
        raise unknown(node)
    sources = tuple(builder.settle(one, node.operator) for one in given)
    return builder.layer("Concatenate", name_of(node, "concatenate"), {"axis": axis}, sources)


def _embedding(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    """Rows of a stored table, by number."""
    table, places = given[0], given[1]
    if isinstance(table, Tensor) or not isinstance(places, Tensor) or table.ndim != MATRIX or node.options.get("axis"):
        raise unknown(node)
    source = builder.settle(places, node.operator)
    config = {"input_dim": len(table), "output_dim": table.shape[1]}
    name = name_of(node, "embedding", node.inputs[:1])
    found = builder.layer("Embedding", name, config, (source,), {"embeddings": table})
    return builder.layer("Flatten", "flatten", {}, (found.position,)) if source in builder.bare else found


def _reduce_sum(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    """The sum of the products of two rows, which is how a recommender scores a pair."""
    product = given[0]
    if not isinstance(product, Tensor) or product.function is not None or axes_of(node, given) not in {(1,), (OPEN,)}:
        raise unknown(node)
    made = builder.nodes[product.position]
    if made.layer.kind != "Multiply" or len(builder.shape(product)) != 1:
        raise unknown(node)
    return builder.layer("Dot", name_of(node, "dot"), {"axes": 1, "normalize": False}, made.sources)


def _flatten(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Given:
    if int(option(node, "axis", 1)) != 1:
        raise unknown(node)
    return _reshaped(builder, node, given[0], (OPEN,))


def _reshape(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Given:
    shape = builder.shape(given[0])
    if isinstance(given[0], Tensor) and given[0].position in builder.bare:
        return _column(builder, node, given[0], (1,) * (constant(node, given, 1).size - 1))
    target = [int(length) for length in constant(node, given, 1).reshape(-1)][1:]  # the first is the number of rows
    for place, length in enumerate(target):
        if length == 0 and place < len(shape):
            target[place] = shape[place] or OPEN
    return _reshaped(builder, node, given[0], tuple(target))


def _squeeze(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Given:
    """Axes of one number come or go; what stays one number a row stays one column."""
    shape, axes = builder.shape(given[0]), axes_of(node, given)
    if 0 in axes or None in shape:
        raise unknown(node)
    rank = len(shape) + 1
    kept = [
        length for place, length in enumerate(shape, 1) if not (place in axes or place - rank in axes) or length != 1
    ]
    return _reshaped(builder, node, given[0], tuple(length or OPEN for length in kept) or (1,))


def _unsqueeze(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Given:
    shape, axes = list(builder.shape(given[0])), axes_of(node, given)
    if isinstance(given[0], Tensor) and given[0].position in builder.bare:
        return _column(builder, node, given[0], axes)
    rank = len(shape) + 1 + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        if axis == 0:
            raise unknown(node)
        shape.insert(axis - 1, 1)
    return _reshaped(builder, node, given[0], tuple(length or OPEN for length in shape))


def _column(builder: Builder, node: OnnxNode, given: Tensor, axes: Sequence[int]) -> Tensor:
    """One number a row as a column."""
    if tuple(axes) not in {(1,), (OPEN,)}:
        raise unknown(node)
    return builder.layer("Reshape", name_of(node, "reshape"), {"target_shape": [1]}, (given.position,))


def _reshaped(builder: Builder, node: OnnxNode, given: Given, target: Shape) -> Given:
    if not isinstance(given, Tensor):
        raise unknown(node)
    shape = builder.shape(given)
    if target in {shape, (OPEN,)} and len(shape) == 1:
        return given
    source = builder.settle(given, node.operator)
    if target == (OPEN,):
        return builder.layer("Flatten", name_of(node, "flatten"), {}, (source,))
    return builder.layer("Reshape", name_of(node, "reshape"), {"target_shape": list(target)}, (source,))


def _scaler(builder: Builder, node: OnnxNode, given: Sequence[Given]) -> Tensor:
    """A scaler of scikit-learn at the front of a pipeline: ``(x - offset) * scale``."""
    source = builder.settle(given[0], node.operator)
    offset, scale = np.asarray(node.options["offset"], np.float64), np.asarray(node.options["scale"], np.float64)
    config = {"scale": (scale + 0 * offset).tolist(), "offset": (-offset * scale).tolist()}
    builder.widen(source, offset.size)
    return builder.layer("Rescaling", name_of(node, "scaler"), config, (source,))


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "Gemm": _gemm,
        "MatMul": _matmul,
        "BatchNormalization": _batch_normalization,
        "LayerNormalization": _layer_normalization,
        "Softmax": _softmax,
        "LogSoftmax": _softmax,
        "PRelu": _parametric_relu,
        "Scaler": _scaler,
        "Concat": _concat,
        "Gather": _embedding,
        "Flatten": _flatten,
        "Reshape": _reshape,
        "ReduceSum": _reduce_sum,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
    }
)
"""Operations on tensors, by name."""
