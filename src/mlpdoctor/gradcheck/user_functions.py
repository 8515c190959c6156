"""What the user's functions take and answer: called, looked through and refused in a line where they do not fit."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.errors import InputError

UserArray = npt.NDArray[np.floating[Any]]


def called(function: Callable[[], object] | None, name: str) -> object:
    """What a function of the user's returns.

    Raises:
        InputError: it raises something; the message says what and where.
    """
    assert function is not None  # noqa: S101
    try:
        with np.errstate(all="ignore"):
            return function()
    except InputError:
        raise
    except Exception as fault:
        where = traceback.extract_tb(fault.__traceback__)[-1]
        reason = " ".join(str(fault).split())[:200]
        raise InputError(f"{name} raised {type(fault).__name__}: {reason} (line {where.lineno})") from fault


def require_functions(loss: object, gradients: object, update: object, rate: object) -> None:
    """Refuse what is no function, and gradients beside an update."""
    if not callable(loss):
        raise InputError("loss must be a function without arguments that returns the loss at the present parameters")
    if (gradients is None) == (update is None):
        both = "both are" if gradients is not None else "neither is"
        raise InputError(f"give either gradients or update, and {both} given")
    for name, function in (("gradients", gradients), ("update", update)):
        if function is not None and not callable(function):
            raise InputError(f"{name} must be a function without arguments")
    if update is not None and (not isinstance(rate, int | float | np.number) or not np.isfinite(rate) or rate <= 0):
        raise InputError(f"update needs learning_rate, a number above 0 by which the change is divided; it is {rate!r}")


def leaves(source: object, name: str, *, top: bool, arrays: bool = True) -> Iterator[tuple[str, UserArray]]:
    """All arrays in lists and dicts, under names such as ``W1`` or ``parameters[0]``."""
    if isinstance(source, Mapping):
        for key, member in source.items():
            yield from leaves(member, f"{key}" if top else f"{name}[{key!r}]", top=False, arrays=arrays)
    elif isinstance(source, list | tuple):
        base = "parameters" if top else name
        for place, member in enumerate(source):
            yield from leaves(member, f"{base}[{place}]", top=False, arrays=arrays)
    elif isinstance(source, np.ndarray):
        yield ("parameters" if top else name), source
    elif not arrays and isinstance(source, int | float | np.number):
        yield ("parameters" if top else name), np.asarray(source, dtype=np.float64)
    else:
        raise InputError(f"{name} is of type {type(source).__name__}; NumPy arrays are expected, in a list or a dict")


def require_arrays(found: Mapping[str, UserArray]) -> None:
    """Refuse arrays that no gradient can be taken at."""
    if not found:
        raise InputError("there are no parameters: give the arrays of the network in a list or a dict")
    for name, values in found.items():
        if values.dtype not in (np.float32, np.float64):
            raise InputError(
                f"{name} holds {values.dtype}; a gradient is checked in float32 or float64: make it .astype(float)"
            )
        if not values.flags.writeable:
            raise InputError(f"{name} is read-only, and its entries must be changed to measure the gradient")
        if not values.size:
            raise InputError(f"{name} is empty, of shape {values.shape}")
        if not np.isfinite(values).all():
            raise InputError(f"{name} holds NaN or infinity: start from finite weights")
    for (one, values), (other, others) in combinations(found.items(), 2):
        if np.shares_memory(values, others):
            raise InputError(f"{one} and {other} are the same memory: give each array once")


def plain(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without its ones."""
    return tuple(length for length in shape if length != 1)


def wrong_shape(name: str, wanted: Sequence[int], found: Sequence[int]) -> str:
    """What to say of a gradient whose shape is not that of its parameter."""
    told = f"the gradient of {name} has shape {tuple(found)}, and {name} has shape {tuple(wanted)}"
    if len(found) == 2 and tuple(reversed(found)) == tuple(wanted):  # noqa: PLR2004
        return f"{told}: it is transposed"
    if len(found) == 2 and found[-1] == wanted[-1]:  # noqa: PLR2004
        return f"{told}: sum it over the rows, .sum(axis=0)"
    return f"{told}: the two must be equal"


def listed(names: Sequence[str]) -> str:
    """The first names, and whether there are more."""
    shown = 6
    return ", ".join(names[:shown]) + (", ..." if len(names) > shown else "")
