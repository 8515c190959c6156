"""The calls in a functional model's configuration: who is called on whose outputs.

Keras 3 writes a call as ``{"args": [...], "kwargs": {...}}`` with tensors that tell their history, ``[layer, call,
output]``, and the ends of a model as such lists alone. It counts the making of a nested functional model as its first
call, but in the list of the outer model's outputs only.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from mlpdoctor.treat.editing.editable_spec import members, own_name
from mlpdoctor.treat.editing.edits import EditError, Json

TENSOR = "__keras_tensor__"
HISTORY = 3
"""Layer, call and number of the output."""


class Source(NamedTuple):
    """The output of one call of a layer, counted from 0."""

    layer: str
    call: int


def tensors(node: Json) -> Iterator[dict[str, Json]]:
    """The tensors passed in a call, each as its configuration, open for changes."""
    if isinstance(node, dict):
        if node.get("class_name") == TENSOR:
            yield node["config"]
        else:
            for value in node.values():
                yield from tensors(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from tensors(value)


def source_of(tensor: dict[str, Json]) -> Source:
    """Where a tensor comes from."""
    layer, call, which = tensor["keras_history"]
    if which:
        raise EditError(f"layer '{layer}' has several outputs")
    return Source(str(layer), int(call))


def calls(item: dict[str, Json]) -> list[Json]:
    """A layer's calls."""
    found: list[Json] = item.get("inbound_nodes") or []
    return found


def ends(listed: Json) -> Iterator[list[Any]]:
    """The references in a model's list of inputs or outputs, each open for changes."""
    if isinstance(listed, dict):
        for value in listed.values():
            yield from ends(value)
    elif isinstance(listed, list):
        if len(listed) == HISTORY and isinstance(listed[0], str) and isinstance(listed[1], int):
            yield listed
        else:
            for value in listed:
                yield from ends(value)


def reroute(model: dict[str, Json], change: Callable[[Source], Source], but: str | None = None) -> None:
    """Let everything in a model that takes one output take another.

    Args:
        model: configuration of a functional model.
        change: gives the output to take instead; the same one where nothing changes.
        but: the name of a layer whose own calls stay.
    """
    for item in members(model):
        if own_name(item) == but:
            continue
        for tensor in tensors(calls(item)):
            if tensor["keras_history"][2]:
                continue
            tensor["keras_history"] = [*change(source_of(tensor)), 0]
    made = _made_first(model)
    for end in ends(model["output_layers"]):
        if not end[2]:
            layer, call = change(Source(end[0], end[1] - made.get(end[0], 0)))
            end[:] = [layer, call + made.get(layer, 0), 0]


def _made_first(model: dict[str, Json]) -> dict[str, int]:
    """Members that are functional models, whose outputs are counted from 1 in the list of outputs."""
    return {own_name(item): 1 for item in members(model) if "input_layers" in item["config"]}


class Taken(NamedTuple):
    """What a call takes: whose output, and how many numbers in its last axis; None where that is not told."""

    source: Source
    width: int | None


def wiring(model: dict[str, Json]) -> dict[Source, list[Taken]]:
    """What each call in a model takes; in a chain, what the layer before gives."""
    listed = members(model)
    if "output_layers" not in model:
        return {
            Source(own_name(item), 0): [Taken(Source(own_name(before), 0), None)] for before, item in pairwise(listed)
        }
    return {
        Source(own_name(item), number): [Taken(source_of(one), _width(one)) for one in tensors(call)]
        for item in listed
        for number, call in enumerate(calls(item))
    }


def final(model: dict[str, Json]) -> list[Source]:
    """The calls whose outputs are the model's."""
    if "output_layers" not in model:
        return [Source(own_name(members(model)[-1]), 0)]
    made = _made_first(model)
    return [Source(end[0], end[1] - made.get(end[0], 0)) for end in ends(model["output_layers"])]


def _width(one: dict[str, Json]) -> int | None:
    shape = one.get("shape")
    return int(shape[-1]) if shape and shape[-1] is not None else None


def tensor(source: Source, shape: Json, dtype: str = "float32") -> dict[str, Json]:
    """One argument of a call."""
    return {"class_name": TENSOR, "config": {"shape": shape, "dtype": dtype, "keras_history": [*source, 0]}}


def call_on(source: Source, shape: Json) -> dict[str, Json]:
    """A call on one tensor."""
    return {"args": [tensor(source, shape)], "kwargs": {}}


def output_names(model: dict[str, Json]) -> list[str]:
    """The layers at a model's outputs, in order."""
    if "output_layers" in model:
        return [str(end[0]) for end in ends(model["output_layers"])]
    return [own_name(members(model)[-1])]
