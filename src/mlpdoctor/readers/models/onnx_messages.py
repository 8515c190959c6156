"""What an ONNX file says: nodes, stored arrays, inputs and outputs, within bounds; no file that it names is opened."""

import math
import struct
from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.errors import ModelFileError, legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.keras_graph import NODE_LIMIT
from mlpdoctor.readers.models.keras_hdf5 import Budget
from mlpdoctor.readers.protobuf import Bytes, fields, signed, varints

Value: TypeAlias = int | float | str | Stored | tuple[int, ...] | tuple[float, ...]
Shape: TypeAlias = tuple[int | None, ...]

INSIDE = "export it in one: torch.onnx.export(model, x, 'model.onnx', external_data=False)"
"""What keeps the weights in the file itself."""
BFLOAT16 = 16
TYPES: Mapping[int, str] = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8", 12: "<u4",
    13: "<u8", BFLOAT16: "<u2",
}  # fmt: skip
"""NumPy's names for the types of ``TensorProto.DataType`` that are read."""


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """One operation.

    Attributes:
        operator: its name, ``Gemm``.
        name: as the exporter called it; may be empty.
        inputs: names of the values it takes; an empty one is left out.
        outputs: names of those it gives.
        options: its attributes by name.
    """

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, Value]


@dataclass(eq=False)
class OnnxGraph:
    """The graph of a file.

    Attributes:
        producer: the program that wrote it, with its version.
        nodes: operations in an order in which every value is made before it is used.
        arrays: stored arrays by name.
        inputs: shapes by name, the batch axis included; None where the file leaves a length open, or the whole.
        outputs: names of the values that the model gives.
    """

    producer: str = ""
    nodes: list[OnnxNode] = field(default_factory=list)
    arrays: dict[str, Stored] = field(default_factory=dict)
    inputs: dict[str, Shape | None] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def read_messages(content: Bytes, budget: Budget) -> OnnxGraph:
    """The graph in the bytes of an ``.onnx`` file.

    Raises:
        ModelFileError: it is damaged, too large, or keeps its weights in another file.
    """
    graph, parts = OnnxGraph(), list[Bytes]()
    try:
        for number, part in fields(memoryview(content)):
            if number in {2, 3}:
                graph.producer = f"{graph.producer} {_text(part)}".strip()[:80]
            elif number == 7 and not isinstance(part, int):  # noqa: PLR2004 - ModelProto.graph
                parts.append(part)
        for part in parts:
            _graph(graph, part, budget)
    except (ValueError, struct.error) as fault:
        raise ModelFileError(f"this ONNX file is damaged or cut short ({fault}); export or download it again") from None
    if not graph.nodes:
        raise ModelFileError("this ONNX file is damaged or cut short (no operations); export or download it again")
    graph.inputs = {name: shape for name, shape in graph.inputs.items() if name not in graph.arrays}
    return graph


def _graph(graph: OnnxGraph, content: Bytes, budget: Budget) -> None:
    for number, part in fields(content):
        if isinstance(part, int):
            continue
        if number == 1:
            graph.nodes.append(_node(part, budget))
        elif number == 5:  # noqa: PLR2004 - GraphProto.initializer
            name, values = _tensor(part, budget)
            graph.arrays[name] = values
        elif number == 11:  # noqa: PLR2004 - GraphProto.input
            name, shape = _value(part)
            graph.inputs[name] = shape
        elif number == 12:  # noqa: PLR2004 - GraphProto.output
            graph.outputs.append(_value(part)[0])
        if len(graph.nodes) > NODE_LIMIT or len(graph.inputs) + len(graph.outputs) > NODE_LIMIT:
            raise ModelFileError(f"the file holds more than {NODE_LIMIT:,} operations; do not trust it")


def _node(content: Bytes, budget: Budget) -> OnnxNode:
    inputs, outputs, options = list[str](), list[str](), dict[str, Value]()
    name = operator = ""
    for number, part in fields(content):
        match number:
            case 1:
                inputs.append(_text(part))
            case 2:
                outputs.append(_text(part))
            case 3:
                name = _text(part)
            case 4:
                operator = _text(part)
            case 5 if not isinstance(part, int):
                key, value = _attribute(part, budget)
                options[key] = value
    return OnnxNode(operator, name, tuple(inputs), tuple(outputs), options)


def _attribute(content: Bytes, budget: Budget) -> tuple[str, Value]:
    """Name and value; what is a graph or a text of several lines is no option of the operations that are read."""
    name, value = "", 0  # type: tuple[str, Value]
    numbers, whole = list[float](), list[int]()
    for number, part in fields(content):
        if number == 1:
            name = _text(part)
        elif number == 3 and isinstance(part, int):  # noqa: PLR2004
            value = signed(part)
        elif number == 8:  # noqa: PLR2004
            whole += varints(part)
        elif isinstance(part, int):
            continue
        elif number == 2:  # noqa: PLR2004
            value = float(struct.unpack("<f", part)[0])
        elif number == 4:  # noqa: PLR2004
            value = _text(part)
        elif number == 5:  # noqa: PLR2004
            value = _tensor(part, budget)[1]
        elif number == 7:  # noqa: PLR2004
            numbers += np.frombuffer(part, "<f4").tolist()
    return name, tuple(whole) or tuple(numbers) or value


def _tensor(content: Bytes, budget: Budget) -> tuple[str, Stored]:
    """Name and values of a stored array."""
    found: dict[int, list[int | Bytes]] = {}
    for number, part in fields(content):
        found.setdefault(number, []).append(part)
    name = _text(found.get(8, [0])[-1])
    kind = next((part for part in found.get(2, ()) if isinstance(part, int)), 0)
    if found.get(13) or any(found.get(14, ())):
        raise ModelFileError(f"the weights of this ONNX file lie in another file, which is not opened; {INSIDE}")
    if kind not in TYPES:
        return name, np.zeros(0)  # a text, or a type of a few bits: what uses it says that it cannot be read
    shape = [length for part in found.get(1, ()) for length in varints(part)]
    if any(length < 0 for length in shape):
        raise ValueError(f"the array '{name}' has a length below zero")
    dtype, size = np.dtype(TYPES[kind]), math.prod(shape)
    budget.take(max(size, 1) * dtype.itemsize, f"the array '{name}'")
    values = _listed(found, budget, name)
    if values is not None:
        values = values.astype(np.uint16).view(dtype) if dtype.itemsize == 2 else values.astype(dtype)  # noqa: PLR2004
    else:  # float_data, raw_data, double_data
        raw = [part for number in (4, 9, 10) for part in found.get(number, ()) if not isinstance(part, int)]
        values = np.frombuffer(b"".join(raw), dtype)
    if len(values) != size:
        raise ValueError(f"the array '{name}' holds {len(values):,} of {size:,} numbers")
    if kind == BFLOAT16:  # the upper half of a float32
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return name, values.reshape(shape)


def _listed(found: Mapping[int, list[int | Bytes]], budget: Budget, name: str) -> Stored | None:
    """Numbers kept one by one: int32_data, int64_data, uint64_data; None where there are none."""
    parts = [part for number in (5, 7, 11) for part in found.get(number, ())]
    if not parts:
        return None
    budget.take(sum(8 if isinstance(part, int) else 8 * len(part) for part in parts), f"the array '{name}'")
    return np.array([number for part in parts for number in varints(part)], np.int64)


def _value(content: Bytes) -> tuple[str, Shape | None]:
    """Name and shape of an input or output: ValueInfoProto, then TypeProto, Tensor, TensorShapeProto, Dimension."""
    name, shape = "", None  # type: tuple[str, Shape | None]
    for number, part in fields(content):
        if number == 1:
            name = _text(part)
        elif number == 2:  # noqa: PLR2004
            for inner in _inside(part, 1):
                for lengths in _inside(inner, 2):
                    shape = tuple(_length(one) for one in _inside(lengths, 1))
    return name, shape


def _inside(content: int | Bytes, wanted: int) -> list[Bytes]:
    if isinstance(content, int):
        return []
    return [part for number, part in fields(content) if number == wanted and not isinstance(part, int)]


def _length(content: Bytes) -> int | None:
    found = [part for number, part in fields(content) if number == 1 and isinstance(part, int)]
    return found[0] if found and found[0] > 0 else None


def _text(part: int | Bytes) -> str:
    return "" if isinstance(part, int) else legible(bytes(part[:1000]).decode("utf-8", "replace"))
