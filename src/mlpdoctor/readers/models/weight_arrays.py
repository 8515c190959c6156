"""Reads the arrays of a hand-written network, in memory, .npz or safetensors: kernels and biases told apart."""

import contextlib
import json
import math
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlpdoctor.core.errors import ModelFileError, legible
from mlpdoctor.core.network import ArrayOptions, Layer, Network, Node, Optimizer, Stored
from mlpdoctor.core.report_model import MODEL
from mlpdoctor.nn.losses.registry import named
from mlpdoctor.readers.bounded_stream import reason
from mlpdoctor.readers.models.array_pairs import HOW, TORCH, Pair, pairs, transposed
from mlpdoctor.readers.models.keras_training import RATES
from mlpdoctor.readers.models.layers_spec import LayersSpec, read_spec

HEADER_LIMIT = 1 << 24
"""Bytes of the header; one array takes about a hundred."""
TYPES: Mapping[str, str] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1", "BOOL": "?",
}  # fmt: skip
HEADER = 8


def is_safetensors(head: bytes) -> bool:
    """Whether a file with these first bytes is one: the length of its header, and an object of JSON."""
    if len(head) <= HEADER:
        return False
    (length,) = struct.unpack("<Q", head[:HEADER])
    return 1 < length <= HEADER_LIMIT and head[HEADER : HEADER + 200].lstrip().startswith(b"{")


def read_safetensors(path: str, max_bytes: int) -> dict[str, Stored]:
    """All arrays by name.

    Args:
        path: of the file.
        max_bytes: the file may not be larger.

    Raises:
        ModelFileError: it is damaged or too large.
    """
    size = Path(path).stat().st_size
    if size > max_bytes:
        raise ModelFileError(f"has {size:,} bytes; --max-bytes allows {max_bytes:,}")
    content = memoryview(Path(path).read_bytes())
    (length,) = struct.unpack("<Q", content[:HEADER])
    try:
        header = json.loads(bytes(content[HEADER : HEADER + length]))
        values = content[HEADER + length :]
        return {
            legible(name): _array(told, values)
            for name, told in header.items()
            if name != "__metadata__" and told["dtype"] in TYPES
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise ModelFileError(f"is damaged or cut short ({type(fault).__name__}); copy or download it again") from fault


def _array(told: Mapping[str, Any], content: memoryview) -> Stored:
    dtype, shape = told["dtype"], told["shape"]
    start, end = (int(place) for place in told["data_offsets"])
    if not isinstance(shape, list) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise ValueError("no shape")
    if not 0 <= start <= end <= len(content):
        raise ValueError("bytes beyond the end of the file")
    found = np.frombuffer(content[start:end], TYPES[str(dtype)])
    if len(found) != math.prod(shape):
        raise ValueError("another number of bytes than the shape asks for")
    if dtype == "BF16":
        found = (found.astype(np.uint32) << 16).view(np.float32)
    return found.reshape(shape)


MAX_BYTES = 4 << 30
MOST_ARRAYS = 2000
NUMBERS = "fiu"
"""Kinds of NumPy's types that are taken as weights."""
ARRAYS = "arrays"
"""Where the configuration of a layer keeps the names of its kernel and its bias as the user has them."""
DEFAULT_RATE = 1e-3


def read_arrays(path: str, options: ArrayOptions, *, max_bytes: int = MAX_BYTES) -> Network:
    """The network whose weights are in a file of arrays.

    Args:
        path: a ``.npz`` or a safetensors file.
        options: its activations, and its optimizer.
        max_bytes: the arrays may not be larger in memory.

    Raises:
        ModelFileError: the file is not as expected, or its arrays are not those of such a network.
        UsageError: the options are not.
    """
    spec = read_spec(options)
    try:
        return network_of_arrays(path, _arrays(path, max_bytes), spec)
    except ModelFileError as fault:
        raise ModelFileError(f"{path}: {fault}") from fault


def network_of_arrays(path: str, arrays: Mapping[str, Stored], spec: LayersSpec) -> Network:
    """The network whose weights are these arrays of numbers.

    Args:
        path: where they are from, for reports.
        arrays: kernels and biases by their names.
        spec: what is said of the layers.

    Raises:
        ModelFileError: they are not those of such a network.
    """
    found = pairs(arrays, spec)
    return _network(path, arrays, found, spec, transposed=transposed(arrays, found, spec))


def _arrays(path: str, max_bytes: int) -> dict[str, Stored]:
    arrays = _stored(path, max_bytes)
    for name, values in arrays.items():
        if values.dtype.kind not in NUMBERS:
            raise ModelFileError(f"the array {name} holds {values.dtype}; expected numbers; {HOW}")
    if not arrays:
        raise ModelFileError(f"holds no arrays; {HOW}")
    return {name: floats(values) for name, values in arrays.items()}


def _stored(path: str, max_bytes: int) -> dict[str, Stored]:
    with contextlib.suppress(OSError), Path(path).open("rb") as stream:
        if is_safetensors(stream.read(HEADER + 200)):
            return read_safetensors(path, max_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except OSError as fault:
        raise ModelFileError(f"cannot be read: {fault.strerror}") from fault
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as fault:
        raise ModelFileError(f"is no .npz file of arrays, which --layers is for; {HOW}") from fault
    size = sum(member.file_size for member in members)
    if len(members) > MOST_ARRAYS or size > max_bytes:
        raise ModelFileError(f"holds {len(members):,} arrays of {size:,} bytes; --max-bytes allows {max_bytes:,}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {legible(name): np.asarray(stored[name]) for name in stored.files}
    except Exception as fault:
        raise ModelFileError(f"cannot be read as arrays of numbers ({reason(fault)}); {HOW}") from fault


def floats(values: Stored) -> Stored:
    """The array itself where it holds floats, whole numbers as float64."""
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _network(
    path: str, arrays: Mapping[str, Stored], pairs: Sequence[Pair], spec: LayersSpec, *, transposed: bool
) -> Network:
    kernels = [arrays[pair.kernel].T if transposed else arrays[pair.kernel] for pair in pairs]
    entering = kernels[0].shape[0]
    names = [pair.kernel.removesuffix(TORCH) for pair in pairs]
    first = next(name for name in ("input", "input_of_network") if name not in names)
    nodes = [Node(Layer(first, "InputLayer", {"batch_shape": (None, entering), "name": first}), (), (entering,))]
    for number, (name, pair, kernel, layer) in enumerate(zip(names, pairs, kernels, spec.layers, strict=True)):
        weights = {"kernel": kernel} | ({} if pair.bias is None else {"bias": arrays[pair.bias].reshape(-1)})
        units = kernel.shape[1]
        config: dict[str, Any] = {"name": name, "units": units, "activation": layer.activation}
        config["use_bias"] = pair.bias is not None
        # By hand biases begin at zero as a rule: where all of them are still there, nothing has been trained.
        config["bias_initializer"] = "zeros"
        config |= {ARRAYS: (pair.kernel, pair.bias), "transposed": transposed}
        nodes.append(Node(Layer(name, "Dense", config, weights), (number,), (units,)))
    return Network(
        name="hand-written",
        nodes=tuple(nodes),
        inputs=(0,),
        outputs=(len(nodes) - 1,),
        output_names=(nodes[-1].layer.name,),
        losses=(None if spec.loss is None else named(spec.loss),),
        loss_weights=(1.0,),
        optimizer=_optimizer(spec),
        file=path,
        format=_told(pairs, transposed=transposed),
        metrics=((),),
    )


def _told(pairs: Sequence[Pair], *, transposed: bool) -> str:
    """Which array was taken for what."""
    layers = ", ".join(pair.kernel + (f" with {pair.bias}" if pair.bias else " without a bias") for pair in pairs)
    return f"arrays: {layers}" + ("; kernels are transposed, stored as (outputs, inputs)" if transposed else "")


def _optimizer(spec: LayersSpec) -> Optimizer | None:
    if spec.optimizer is None:
        return None
    rate = spec.learning_rate or RATES.get(spec.optimizer, DEFAULT_RATE)
    return Optimizer(spec.optimizer, {"name": spec.optimizer, "learning_rate": rate}, None, rate)


def is_arrays(thing: object) -> bool:
    """Whether something may hold the arrays of a network."""
    return isinstance(thing, list | tuple | Mapping)


def read_array_list(given: object, options: ArrayOptions) -> Network:
    """The network whose weights are given arrays, which are not copied.

    Args:
        given: ``[W1, b1, W2, b2]``, ``[(W1, b1), (W2, b2)]``, or dictionaries of arrays by their names.
        options: its activations, and its optimizer.

    Raises:
        ModelFileError: they are not the arrays of such a network.
    """
    spec = read_spec(options)
    if not given:
        raise ModelFileError(f"{MODEL}: holds no arrays; expected [W1, b1, W2, b2]")
    try:
        arrays = dict(_leaves(given, MODEL, top=True))
        return network_of_arrays(MODEL, arrays, spec)
    except ModelFileError as fault:
        raise ModelFileError(f"{MODEL}: {fault}") from fault


def _leaves(given: Any, name: str, *, top: bool) -> Iterator[tuple[str, Stored]]:  # noqa: ANN401
    """All arrays, under the expression by which they are reached; those of a dictionary under their own names."""
    if isinstance(given, Mapping):
        for key, member in given.items():
            yield from _leaves(member, str(key) if top else f"{name}[{str(key)!r}]", top=False)
    elif isinstance(given, list | tuple):
        for place, member in enumerate(given):
            yield from _leaves(member, f"{name}[{place}]", top=False)
    else:
        values = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
        if values.dtype.kind not in NUMBERS or not values.ndim:
            what = f"an array of {values.dtype}" if values.ndim and values.dtype.kind != "O" else type(given).__name__
            raise ModelFileError(f"{name} is {what}; expected arrays of numbers: [W1, b1, W2, b2]")
        yield name, floats(values)
