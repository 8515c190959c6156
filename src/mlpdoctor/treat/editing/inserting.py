"""Putting layers into a model and taking them out."""

from mlpdoctor.treat.editing.editable_spec import EditableSpec, Place, members, own_name
from mlpdoctor.treat.editing.edits import EditError, InsertAfter, InsertBefore, Json, NewLayer, Remove
from mlpdoctor.treat.editing.graph_edits import Source, call_on, calls, output_names, reroute, source_of, tensors

BY_OUTPUT = ("loss", "loss_weights", "metrics", "weighted_metrics")
"""What ``compile`` may be given as a dictionary by names of outputs."""


def insert_after(editable: EditableSpec, edit: InsertAfter) -> None:
    """Put a layer behind another, at each of its calls."""
    place = editable.find(edit.layer)
    item = _item(editable, place, edit.new)
    name, listed = own_name(item), members(place.model)
    where = listed.index(place.item) + 1
    ending = place.name in output_names(place.model)
    if place.graph:
        for node in (tensor for other in listed for tensor in tensors(calls(other))):
            if node["keras_history"][0] == place.name:
                source_of(node)  # refuses a layer of several outputs
        times = max(len(calls(place.item)), 1)  # an input is not called
        item["inbound_nodes"] = [call_on(Source(place.name, call), _shape(place, call)) for call in range(times)]
        reroute(place.model, lambda source: Source(name, source.call) if source.layer == place.name else source)
    listed.insert(where, item)
    if ending and not place.prefix:
        _renamed(editable, place.name, name)


def insert_before(editable: EditableSpec, edit: InsertBefore) -> None:
    """Put a layer in front of another, at each of its calls."""
    place = editable.find(edit.layer)
    if place.kind == "InputLayer":
        raise EditError(f"nothing can stand before the input '{edit.layer}'")
    item = _item(editable, place, edit.new)
    name, listed = own_name(item), members(place.model)
    if place.graph:
        item["inbound_nodes"] = []
        for number, call in enumerate(calls(place.item)):
            taken = list(tensors(call))
            if len(taken) != 1:
                raise EditError(f"layer '{edit.layer}' takes {len(taken)} tensors, so nothing single stands before it")
            item["inbound_nodes"].append(call_on(source_of(taken[0]), taken[0].get("shape")))
            taken[0]["keras_history"] = [name, number, 0]
    listed.insert(listed.index(place.item), item)


def remove(editable: EditableSpec, edit: Remove) -> None:
    """Take a layer out."""
    place = editable.find(edit.layer)
    listed = members(place.model)
    if place.kind == "InputLayer":
        raise EditError(f"'{edit.layer}' is an input of the model")
    if len([item for item in listed if item["class_name"] != "InputLayer"]) == 1:
        raise EditError(f"'{edit.layer}' is the only layer of its model")
    ending = place.name in output_names(place.model)
    if place.graph:
        before = []
        for call in calls(place.item):
            taken = list(tensors(call))
            if len(taken) != 1:
                raise EditError(f"layer '{edit.layer}' takes {len(taken)} tensors, none of which can stand for it")
            before.append(source_of(taken[0]))
        reroute(place.model, lambda source: before[source.call] if source.layer == place.name else source, place.name)
        left = before[0].layer
    else:
        left = own_name(listed[listed.index(place.item) - 1])
    listed.remove(place.item)
    for path in [path for path in editable.weights if path == place.path or path.startswith(f"{place.path}/")]:
        del editable.weights[path]
    if ending and not place.prefix:
        _renamed(editable, place.name, left)


def _item(editable: EditableSpec, place: Place, new: NewLayer) -> dict[str, Json]:
    """The new layer as a model lists it; its weights go into the draft."""
    taken = {own_name(item) for item in members(place.model)}
    name = new.name or free_name(new.kind, taken)
    if name in taken:
        raise EditError(f"there is a layer '{name}' already")
    item: dict[str, Json] = {
        "module": "keras.layers",
        "class_name": new.kind,
        "config": {"name": name, **new.options},
        "registered_name": None,
    }
    if place.graph:
        item["name"] = name
    if new.weights:
        editable.weights[place.prefix + name] = dict(new.weights)
    return item


def free_name(kind: str, taken: set[str]) -> str:
    """A name in Keras's manner: ``normalization``, ``normalization_1``, ..."""
    base = "".join(f"_{c.lower()}" if c.isupper() and k and not kind[k - 1].isupper() else c.lower()
                   for k, c in enumerate(kind))  # fmt: skip
    number = 0
    while (name := f"{base}_{number}" if number else base) in taken:
        number += 1
    return name


def _shape(place: Place, call: int) -> Json:
    """The shape of what a layer's call gives, as far as the model tells it; Keras works it out again."""
    for other in members(place.model):
        for node in tensors(calls(other)):
            if node["keras_history"] == [place.name, call, 0]:
                return node.get("shape")
    width = place.config.get("units")  # nobody takes it: an output
    return place.config.get("batch_shape") or [None, width]


def _renamed(editable: EditableSpec, old: str, new: str) -> None:
    """Let what ``compile`` was given by name of an output go by its new name."""
    for key in BY_OUTPUT:
        by_name = editable.compiled.get(key)
        if isinstance(by_name, dict) and "class_name" not in by_name and old in by_name:
            editable.compiled[key] = {new if name == old else name: value for name, value in by_name.items()}
