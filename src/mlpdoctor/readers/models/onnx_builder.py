"""The layers of an ONNX graph as they are made: each name of the graph is a constant, or a function of one layer."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer, Node, Shape, Stored
from mlpdoctor.nn.layers.properties import families
from mlpdoctor.readers.models.onnx_functions import ELEMENTWISE, Function, layer_of
from mlpdoctor.readers.models.onnx_messages import OnnxNode

MATRIX = 2
NAMES = {"LeakyReLU": "leaky_relu", "ReLU": "re_lu"}
"""What Keras calls such layers."""
KNOWN = "Gemm, MatMul, Add, activations, BatchNormalization, LayerNormalization, Concat"


@dataclass(frozen=True, eq=False)
class Tensor:
    """What a name of the graph stands for, where it is computed from a row.

    Attributes:
        position: of the node that it comes from.
        function: what is applied to each number of that node's output; None for nothing.
        operator: the last operation, where there is a function.
        parts: what that operation was applied to.
    """

    position: int
    function: Function | None = None
    operator: str = ""
    parts: "tuple[Given, ...]" = ()


Given: TypeAlias = Tensor | Stored


def unknown(node: OnnxNode) -> ModelFileError:
    """What is said of an operation that is not read."""
    return ModelFileError(
        f"this ONNX model uses {node.operator}, and mlpdoctor reads plain perceptrons from ONNX ({KNOWN}); for this "
        "one build the same network in Keras, give it the weights, and save it with model.save('model.keras')"
    )


@dataclass(eq=False)
class Builder:
    """Makes layers in an order in which every source comes before its use.

    Attributes:
        nodes: those made so far.
        bare: inputs of one axis, by position, as the file describes them: one number a row. Keras has no such thing, so
            that they are columns here.
    """

    nodes: list[Node] = field(default_factory=list)
    bare: dict[int, str] = field(default_factory=dict)
    _settled: dict[int, tuple[Tensor, int]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def elementwise(self, node: OnnxNode, given: Sequence[Given]) -> Given:
        """An operation on each number by itself, put off until it is known what the chain of them is."""
        function, options = ELEMENTWISE[node.operator], node.options
        tensors = [one for one in given if isinstance(one, Tensor)]
        if not tensors:
            return function([np.asarray(one, np.float64) for one in given if not isinstance(one, Tensor)], options)
        wide = [one for one in given if not isinstance(one, Tensor) and self._by_column(one, tensors[0])]
        if wide or len({one.position for one in tensors}) > 1:
            return self._merged(node, given)
        held = tuple(one for one in given if isinstance(one, Tensor) or one.size == 1)

        def applied(z: Array) -> Array:
            return function([_applied(one, z) for one in held], options)

        return Tensor(tensors[0].position, applied, node.operator, tuple(given))

    def _by_column(self, constant: Stored, beside: Tensor) -> bool:
        """Whether a constant holds one number for each column, as a bias does; one for a single column included."""
        base = self.nodes[beside.position].layer
        bias = beside.function is None and base.kind == "Dense" and "bias" not in base.weights
        return constant.size > 1 or (bias and constant.ndim > 0 and constant.size == 1)

    def _merged(self, node: OnnxNode, given: Sequence[Given]) -> Tensor:
        """An operation on two tensors, or on one and a number for each of its columns, as a layer."""
        if len(given) != MATRIX or node.operator not in {"Add", "Sub", "Mul", "Div"}:
            raise unknown(node)
        first, second = given
        if isinstance(first, Tensor) and isinstance(second, Tensor):
            kind = {"Add": "Add", "Sub": "Subtract", "Mul": "Multiply"}.get(node.operator)
            if kind is None:
                raise unknown(node)
            sources = (self.settle(first, node.operator), self.settle(second, node.operator))
            return self.layer(kind, name_of(node, kind.lower()), {}, sources)
        tensor, constant = (first, second) if isinstance(first, Tensor) else (second, first)
        if not isinstance(tensor, Tensor) or isinstance(constant, Tensor):
            raise unknown(node)
        row = np.asarray(constant, np.float64).reshape(-1)
        one, zero = np.ones(len(row)), np.zeros(len(row))
        if tensor is first:
            scale, offset = {"Add": (one, row), "Sub": (one, -row), "Mul": (row, zero), "Div": (one / row, zero)}[
                node.operator
            ]
        else:
            ways = {"Add": (one, row), "Sub": (-one, row), "Mul": (row, zero)}
            if node.operator not in ways:
                raise unknown(node)
            scale, offset = ways[node.operator]
        if self.shape(tensor)[-1] != len(row) or constant.size != (constant.shape or (1,))[-1]:
            raise unknown(node)
        config = {"scale": scale.tolist(), "offset": offset.tolist()}
        return self.layer("Rescaling", name_of(node, "rescaling"), config, (self.settle(tensor, ""),))

    def settle(self, given: Given, wanted: str) -> int:
        """The position of the node that puts a tensor out, made where there is none yet."""
        if not isinstance(given, Tensor):
            raise ModelFileError(f"the ONNX operation {wanted} works on a constant; export the model again")
        if given.function is None:
            return given.position
        if id(given) not in self._settled:
            found = layer_of(given.function)
            if found is not None:
                kind, config = found
                name = str(config.get("activation", NAMES.get(kind, kind.lower())))
                made = self.layer(kind, name, config, (given.position,))
            else:
                made = self._in_parts(given)
            self._settled[id(given)] = given, made.position  # kept, so that no other comes to have its id
        return self._settled[id(given)][1]

    def _in_parts(self, given: Tensor) -> Tensor:
        """A function that Keras has no name for, one operation after the other."""
        node = OnnxNode(given.operator, "", (), (), {})
        tensors = [one for one in given.parts if isinstance(one, Tensor)]
        if len(tensors) == len(given.parts) == MATRIX:
            return self._merged(node, given.parts)
        inner = tensors[0] if tensors else given
        if len(given.parts) == 1 or inner.function is None:
            raise unknown(node)
        width = self.shape(inner)[-1] or 1
        spread = [one if isinstance(one, Tensor) else np.full(width, one.reshape(-1)[0]) for one in given.parts]
        return self._merged(node, spread)

    def widen(self, position: int, width: int) -> None:
        """Settle how many numbers an input has, where the file leaves that open and the first kernel tells."""
        node = self.nodes[position]
        if node.layer.kind == "InputLayer" and node.shape == (None,):
            layer = replace(node.layer, config={**node.layer.config, "batch_shape": (None, width)})
            self.nodes[position] = Node(layer, (), (width,))

    def shape(self, given: Given) -> Shape:
        """Of a tensor, without the batch axis; of a constant its own."""
        if not isinstance(given, Tensor):
            return given.shape
        shape = self.nodes[given.position].shape
        return () if shape is None else shape

    def layer(
        self,
        kind: str,
        name: str,
        config: Mapping[str, Any],
        sources: tuple[int, ...],
        weights: Mapping[str, Stored] | None = None,
    ) -> Tensor:
        """A layer on the outputs of others; its shape is worked out."""
        shapes = [self.nodes[source].shape or () for source in sources]
        shape = families()[kind].output_shape(config, shapes)
        return self.add(kind, name, config, sources, shape, weights)

    def add(
        self,
        kind: str,
        name: str,
        config: Mapping[str, Any],
        sources: tuple[int, ...],
        shape: Shape,
        weights: Mapping[str, Stored] | None = None,
    ) -> Tensor:
        """A layer of a known shape, under a name of its own."""
        unique, number = name, 1
        while unique in self._names:
            unique, number = f"{name}_{number}", number + 1
        self._names.add(unique)
        self.nodes.append(Node(Layer(unique, kind, {"name": unique, **config}, dict(weights or {})), sources, shape))
        return Tensor(len(self.nodes) - 1)


def name_of(node: OnnxNode, otherwise: str, arrays: Sequence[str] = ()) -> str:
    """What a layer is called: as its arrays are, ``net.0`` for ``net.0.weight``, or as the exporter's path says."""
    for name in arrays:
        own, dot, last = name.replace("/", ".").rpartition(".")
        if dot and own and last.lower() in {"weight", "kernel", "bias"}:
            return f"{otherwise}_{own}" if own.isdigit() else own
    parts = [part for part in node.name.split("/") if part and part != node.operator]
    if not parts or parts[-1].startswith("node_") or node.name == node.operator:
        return otherwise
    return f"{otherwise}_{parts[-1]}" if parts[-1].isdigit() else parts[-1]


def _applied(given: Given, z: Array) -> Array:
    """A part of a chain of functions, of the numbers that enter the chain."""
    if not isinstance(given, Tensor):
        return np.asarray(given, np.float64).reshape(-1)[:1].reshape(())
    return z if given.function is None else given.function(z)
