"""Numbers and axes in Keras configurations, in all the spellings that files hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpdoctor.core.network import Array


def number(value: object, default: float) -> float:
    """A number, also one that Keras 2 wrote as a serialized NumPy scalar; None is the default.

    Raises:
        ValueError: there are several, or none; the readers refuse such files.
    """
    return default if value is None else float(array(value).item())


def array(value: object) -> Array:
    """Numbers as an array, also those that Keras wrote as ``__numpy__`` or ``__tensor__`` objects."""
    if isinstance(value, Mapping):
        inner: Any = value.get("config", value)
        value = inner["value"] if isinstance(inner, Mapping) else inner
    return np.asarray(value, dtype=np.float64)


def axes(value: object, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, with the batch as axis 0, from an int or a list.

    Args:
        value: what the configuration holds.
        rank: number of axes with the batch.

    Raises:
        ValueError: there is no such axis.
    """
    listed: Any = value if isinstance(value, (list, tuple)) else [value]
    return tuple(one_axis(axis, rank) for axis in listed)


def one_axis(value: Any, rank: int) -> int:  # noqa: ANN401  JSON
    """An axis counted from the front; arguments and errors as above."""
    axis = int(value)
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis}, where there are {rank}")
    return axis % rank
