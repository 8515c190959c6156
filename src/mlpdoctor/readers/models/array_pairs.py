"""Which arrays are a layer's kernel and bias: told by their names, or by their order and shapes."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.layers_spec import LayersSpec

HOW = "save them with numpy.savez('weights.npz', W1=W1, b1=b1, W2=W2, b2=b2)"
KERNELS, BIASES = ("w", "k", "coef", "theta"), ("b", "intercept")
"""How the names of kernels and of biases begin."""
TORCH = ".weight"
"""How PyTorch calls a kernel, which it stores as (outputs, inputs)."""
MATRIX = 2


@dataclass(frozen=True, eq=False)
class Pair:
    """The arrays of one layer, by name; the bias is None where there is none."""

    kernel: str
    bias: str | None


def pairs(arrays: Mapping[str, Stored], spec: LayersSpec) -> list[Pair]:
    """Kernel and bias of each layer: as the spec names them, as their own names say, or by their order and shapes."""
    number = len(spec.layers)
    if all(layer.kernel is not None for layer in spec.layers):
        return [Pair(_there(arrays, layer.kernel or ""), layer.bias and _there(arrays, layer.bias))
                for layer in spec.layers]  # fmt: skip
    names = sorted(arrays, key=_natural)
    roles = {name: _role(name) for name in names}
    if None not in roles.values():
        pairs = _by_names([name for name in names if roles[name] == "kernel"],
                          [name for name in names if roles[name] == "bias"], arrays)  # fmt: skip
    else:
        pairs = _by_order(names, arrays)
    if len(pairs) != number:
        raise ModelFileError(
            f"--layers names {_count(number, 'activation')}, and there are {_count(len(pairs), 'kernel')}"
            f" ({_listed([pair.kernel for pair in pairs], arrays)}); expected one for each"
        )
    return pairs


def _there(arrays: Mapping[str, Stored], name: str) -> str:
    if name not in arrays:
        raise ModelFileError(f"holds no array {name}; found {_listed(arrays, arrays)}")
    return name


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts W2 before W10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def _role(name: str) -> str | None:
    words = [word for word in re.split(r"[./\[\]'\"]+", name.lower()) if word and not word.isdigit()]
    last = words[-1] if words else ""
    if last.startswith(BIASES):
        return "bias"
    return "kernel" if last.startswith(KERNELS) else None


def _by_names(kernels: Sequence[str], biases: Sequence[str], arrays: Mapping[str, Stored]) -> list[Pair]:
    """Those that have the same numbers, or the same beginning, in their names."""
    own = {_place(name): name for name in biases}
    places = [_place(name) for name in kernels]
    lost = [name for place, name in own.items() if place not in places]
    if lost or len(own) < len(biases) or len(set(places)) < len(kernels):
        raise ModelFileError(
            f"cannot tell which bias belongs to which kernel among {_listed(arrays, arrays)}; number them alike"
            " (W1, b1), or name them in a file: --layers layers.toml"
        )
    return [Pair(name, own.get(place)) for name, place in zip(kernels, places, strict=True)]


def _place(name: str) -> str:
    """What the names of a layer's kernel and bias share: the numbers, else what stands before the last dot."""
    return ".".join(re.findall(r"\d+", name)) or re.split(r"[./]\w+$", name)[0] * ("." in name or "/" in name)


def _by_order(names: Sequence[str], arrays: Mapping[str, Stored]) -> list[Pair]:
    """Kernel, bias, kernel, bias; all kernels, then all biases; or kernels alone: the first that fits the shapes."""
    half = len(names) // 2
    ways: list[list[Pair]] = []
    if len(names) % 2 == 0:
        ways.append([Pair(*names[2 * place : 2 * place + 2]) for place in range(half)])
        ways.append([Pair(kernel, bias) for kernel, bias in zip(names[:half], names[half:], strict=True)])
    ways.append([Pair(name, None) for name in names])
    for pairs in ways:
        if _fits(arrays, pairs, transposed=False) or _fits(arrays, pairs, transposed=True):
            return pairs
    raise ModelFileError(
        f"cannot tell kernels from biases among {_listed(names, arrays)}; expected kernel, bias, kernel, bias, each"
        f" kernel with as many rows as the one before has columns; or {HOW}"
    )


def _fits(arrays: Mapping[str, Stored], pairs: Sequence[Pair], *, transposed: bool) -> bool:
    shapes = [arrays[pair.kernel].shape for pair in pairs]
    if any(len(shape) != MATRIX for shape in shapes):
        return False
    sides = [shape[::-1] if transposed else shape for shape in shapes]
    follow = all(before[1] == after[0] for before, after in pairwise(sides))
    return follow and all(
        pair.bias is None or (arrays[pair.bias].size == side[1] and max(arrays[pair.bias].shape, default=1) == side[1])
        for pair, side in zip(pairs, sides, strict=True)
    )


def transposed(arrays: Mapping[str, Stored], pairs: Sequence[Pair], spec: LayersSpec) -> bool:
    """Whether kernels are stored as (outputs, inputs): as the spec says, as PyTorch names them, or as shapes tell."""
    ways = [way for way in (False, True) if _fits(arrays, pairs, transposed=way)]
    if spec.transposed is not None:
        ways = [way for way in ways if way is spec.transposed]
    if not ways:
        names = [name for pair in pairs for name in (pair.kernel, pair.bias) if name is not None]
        raise ModelFileError(
            f"the shapes do not follow each other: {_listed(names, arrays)}; expected kernels of shape (inputs,"
            " outputs), each with as many rows as the one before has columns, and biases of as many numbers as outputs"
        )
    return ways[-1] if all(pair.kernel.endswith(TORCH) for pair in pairs) else ways[0]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _listed(names: Sequence[str] | Mapping[str, Stored], arrays: Mapping[str, Stored]) -> str:
    shown = 12
    told = [f"{name} {arrays[name].shape}" for name in list(names)[:shown]]
    return ", ".join(told) + (", ..." if len(names) > shown else "")
