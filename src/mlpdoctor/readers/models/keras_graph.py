"""From a blueprint to one flat graph: nested models are unfolded and calls put in topological order."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import field

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Node, Shape
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.readers.models.keras_calls import Blueprint, Call, Reference

NODE_LIMIT = 20_000
"""Calls in a network, ten times those of the deepest networks that people train, worked out in ten seconds. A small
file of models nested in pairs could unfold to any number."""

CallKey = tuple[str, int]


@dataclass
class Graph:
    """The calls of a network as they are unfolded.

    Attributes:
        nodes: calls, sources before uses.
        inputs: positions of the input nodes.
        outputs: positions of the output nodes.
        fed: shapes of the inputs of each layer's first call, by the layer's identity.
    """

    nodes: list[Node] = field(default_factory=list)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    fed: dict[int, list[Shape | None]] = field(default_factory=dict)


def unfold(model: Blueprint) -> Graph:
    """The network of a model.

    Raises:
        ModelFileError: where calls refer to layers that are missing, or to each other in a circle.
    """
    graph = Graph()
    ready = {}
    for source in model.inputs:
        member = model.members.get(source.member)
        if not isinstance(member, Layer):
            raise ModelFileError(f"the model's input '{source.member}' is not among its layers; re-save the model")
        ready[source.member, source.call] = [_append(graph, member, (), ())]
    graph.inputs = tuple(positions[0] for positions in ready.values())
    graph.outputs = tuple(_run(graph, model, ready))
    for place, node in enumerate(graph.nodes):
        if not node.sources and place not in graph.inputs and family_of(node.layer) is not None:
            raise ModelFileError(
                f"layer '{node.layer.name}' is called on nothing and is no input of the model; the file is damaged, "
                "re-save the model"
            )
    return graph


def _run(graph: Graph, model: Blueprint, done: dict[CallKey, list[int]]) -> list[int]:
    """Appends all calls of a model whose inputs are done, and returns the positions of its outputs."""
    order = {key: place for place, key in enumerate(model.calls)}
    waiting: dict[CallKey, int] = {}
    users: dict[CallKey, list[CallKey]] = {}
    for key, call in model.calls.items():
        if key in done:
            continue
        needed = {(source.member, source.call) for source in call.sources} - done.keys()
        waiting[key] = len(needed)
        for source in needed:
            users.setdefault(source, []).append(key)
    ready = [order[key] for key, count in waiting.items() if count == 0]
    keys = list(model.calls)
    heapq.heapify(ready)
    while ready:
        key = keys[heapq.heappop(ready)]
        done[key] = _call(graph, model, key, done)
        del waiting[key]
        for user in users.get(key, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                heapq.heappush(ready, order[user])
    if waiting:
        _explain(model, waiting, done)
    return [_position(model, output, done) for output in model.outputs]


def _explain(model: Blueprint, waiting: Mapping[CallKey, int], done: Mapping[CallKey, list[int]]) -> None:
    """Says why some calls can never be made: a source is missing, or they wait for each other."""
    held = model.calls.keys() | done.keys()
    for member, number in waiting:
        for source in model.calls[member, number].sources:
            if (source.member, source.call) not in held:
                raise ModelFileError(
                    f"layer '{member}' is called on '{source.member}', call {source.call}, which the file "
                    "does not hold; the file is damaged, re-save the model"
                )
    circle = sorted({member for member, _ in _circle(model, waiting)})
    some = ", ".join(circle[:5])
    said = f"the layers {some} are called on each other" if len(circle) > 1 else f"the layer {some} is called on itself"
    raise ModelFileError(f"{said} in a circle; the file is damaged, re-save the model")


def _circle(model: Blueprint, waiting: Mapping[CallKey, int]) -> list[CallKey]:
    """Calls that wait for each other: from use to source among those that wait, until one comes again."""
    path: dict[CallKey, None] = {}
    key = next(iter(waiting))
    while key not in path:
        path[key] = None
        sources = ((source.member, source.call) for source in model.calls[key].sources)
        key = next(source for source in sources if source in waiting)
    calls = list(path)
    return calls[calls.index(key) :]


def _position(model: Blueprint, source: Reference, done: dict[CallKey, list[int]]) -> int:
    positions = done.get((source.member, source.call))
    if positions is None:
        raise ModelFileError(f"'{source.member}', call {source.call}, is used but never called; re-save the model")
    if isinstance(model.members[source.member], Layer):
        return positions[0]  # only layers of unknown kinds have several outputs
    if not 0 <= source.tensor < len(positions):
        raise ModelFileError(f"'{source.member}' has no output {source.tensor}; re-save the model")
    return positions[source.tensor]


def _call(graph: Graph, model: Blueprint, key: CallKey, done: dict[CallKey, list[int]]) -> list[int]:
    member, call = model.members.get(key[0]), model.calls[key]
    if member is None:
        raise ModelFileError(f"'{key[0]}' is called but not among the layers; re-save the model")
    sources = tuple(_position(model, source, done) for source in call.sources)
    if isinstance(member, Layer):
        return [_append(graph, member, sources, call.shapes)]
    return _run(graph, member, {**_bound(member, call, sources)})


def _bound(model: Blueprint, call: Call, sources: Sequence[int]) -> dict[CallKey, list[int]]:
    """The nested model's inputs, tied to what it is called on; by name where a dictionary was passed."""
    if len(sources) != len(model.inputs):
        raise ModelFileError(
            f"the nested model '{model.name}' has {len(model.inputs)} inputs but is called on "
            f"{len(sources)}; re-save the model"
        )
    places = {entry.member: (entry.member, entry.call) for entry in model.inputs}
    if call.keys and set(call.keys) == places.keys():
        return {places[name]: [source] for name, source in zip(call.keys, sources, strict=True)}
    return {place: [source] for place, source in zip(places.values(), sources, strict=True)}


def _append(graph: Graph, layer: Layer, sources: tuple[int, ...], told: Sequence[Shape | None]) -> int:
    if len(graph.nodes) >= NODE_LIMIT:
        raise ModelFileError(f"the model unfolds to more than {NODE_LIMIT:,} calls; is it meant to?")
    shapes: list[Shape | None] = [graph.nodes[source].shape for source in sources]
    for place, (shape, hint) in enumerate(zip(shapes, told, strict=False)):
        if shape is None and hint is not None:  # the output of an unknown layer, told by its user
            node = graph.nodes[sources[place]]
            graph.nodes[sources[place]] = Node(node.layer, node.sources, hint)
            shapes[place] = hint
    graph.fed.setdefault(id(layer), shapes)
    graph.nodes.append(Node(layer, sources, _shape(layer, shapes)))
    return len(graph.nodes) - 1


def _shape(layer: Layer, shapes: Sequence[Shape | None]) -> Shape | None:
    family = family_of(layer)
    known = [shape for shape in shapes if shape is not None]
    if family is None or len(known) < len(shapes):
        return None
    try:
        return family.output_shape(layer.config, known)
    except (ValueError, IndexError, TypeError, KeyError) as error:
        raise ModelFileError(
            f"layer '{layer.name}' ({layer.kind}) does not fit its inputs of the shapes "
            f"{', '.join(map(str, known))}: {error}; re-save the model"
        ) from error
