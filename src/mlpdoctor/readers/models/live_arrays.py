"""Reads a hand-written network whose arrays are in memory: in a list, a dictionary, or lists of these."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import ArrayOptions, Network, Stored
from mlpdoctor.readers.models.layers_spec import read_spec
from mlpdoctor.readers.models.live_keras import NAME
from mlpdoctor.readers.models.weight_arrays import NUMBERS, floats, network_of_arrays


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
        raise ModelFileError(f"{NAME}: holds no arrays; expected [W1, b1, W2, b2]")
    try:
        arrays = dict(_leaves(given, NAME, top=True))
        return network_of_arrays(NAME, arrays, spec)
    except ModelFileError as fault:
        raise ModelFileError(f"{NAME}: {fault}") from fault


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
