"""Sequential models: a chain of layers, whose entry each version of Keras tells in another place."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from mlpdoctor.errors import ModelFileError
from mlpdoctor.network import Config, Layer
from mlpdoctor.readers.keras_blueprint import Blueprint, Reference
from mlpdoctor.readers.keras_calls import Argument, call_of, shape_of


def own_name(item: Config) -> str:
    """A serialized layer's name within its model."""
    name = item.get("name")
    if name is None and isinstance(item["config"], Mapping):
        name = item["config"].get("name")
    return str(name or item["class_name"])


def chain(model: Blueprint, spec: Config, prefix: str) -> Blueprint:
    """The model with each member called on the one before.

    Args:
        model: its name and members.
        spec: the serialized model.
        prefix: path of the enclosing models.
    """
    items = {own_name(item): item for item in spec["config"]["layers"]}
    if not items:
        raise ModelFileError(f"the model '{model.name}' has no layers; add some and save it again")
    members = model.members
    first = next(iter(members.values()))
    if not (isinstance(first, Layer) and first.kind == "InputLayer"):
        entry = f"{model.name}_input"
        config = {"batch_shape": _entry(next(iter(items.values())), first, spec)}
        members = {entry: Layer(prefix + entry, "InputLayer", config, weights={}), **members}
    calls = {
        (member, 0): call_of([Argument(Reference(before, 0, 0), None, None)], items[member].get("build_config"))
        for before, member in pairwise(members)
    }
    names = list(members)
    ends = (Reference(names[0], 0, 0),), (Reference(names[-1], 0, 0),)
    return replace(model, members=members, calls=calls, inputs=ends[0], outputs=ends[1])


def _entry(item: Config, first: Layer | Blueprint, spec: Config) -> object:
    """The batch shape of a model without an InputLayer, wherever the file may tell it."""
    own: Config = {}
    if isinstance(first, Layer):
        own = first.config
    elif first.inputs and isinstance(inner := first.members.get(first.inputs[0].member), Layer):
        own = inner.config
    places: list[object] = [own.get("batch_input_shape"), own.get("batch_shape")]
    places.append(spec["config"].get("build_input_shape"))
    builds = (spec.get("build_config"), item.get("build_config"))
    places += [built.get("input_shape") for built in builds if isinstance(built, Mapping)]
    return next((place for place in places if shape_of(place)), None)
