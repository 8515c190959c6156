"""From a Keras configuration, of Keras 2, Keras 3 or R keras, to a blueprint."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import KERAS_3, Config, Layer
from mlpdoctor.readers.models.keras_calls import (
    Argument,
    Blueprint,
    Reference,
    arguments,
    call_of,
    has_constant,
    references,
    shape_of,
)


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


KERAS_MODULES = {"keras", "tf_keras", "tensorflow"}


def parse_model(spec: Config, keras: int, prefix: str = "", *, trainable: bool = True) -> Blueprint:
    """A model's blueprint from its serialized object.

    Args:
        spec: the object with ``class_name`` and ``config``.
        keras: major version of the Keras that wrote it.
        prefix: path of the enclosing models, ``body/``.
        trainable: False inside a frozen model.

    Raises:
        ModelFileError: where the configuration describes no graph of layers.
    """
    config = spec.get("config")
    if isinstance(config, list):  # Sequential before Keras 2.2.3
        config = {"layers": config}
    if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
        raise ModelFileError(
            f"the model is of the class {spec.get('class_name')}, whose file does not tell its graph "
            "of layers; mlpdoctor reads Sequential and Functional models, so rebuild it as one of these and "
            "save that"
        )
    name = str(config.get("name") or spec.get("name") or "model")
    trainable = trainable and config.get("trainable", True) is not False
    members: dict[str, Layer | Blueprint] = {}
    for item in config["layers"]:
        member = _member(item, keras, prefix, trainable=trainable)
        key = own_name(item)
        if key in members:
            raise ModelFileError(f"two layers of '{name}' are called '{key}'; names must differ")
        members[key] = member
    kind = str(spec.get("class_name", "Functional")).rpartition(">")[2]
    if "input_layers" in config:
        return _functional(name, kind, keras, config, members)
    return chain(Blueprint(name, kind, members, {}, (), ()), {**spec, "config": config}, prefix)


def _member(item: Config, keras: int, prefix: str, *, trainable: bool) -> Layer | Blueprint:
    config = item["config"]
    name = prefix + own_name(item)
    if isinstance(config, list) or (isinstance(config, Mapping) and isinstance(config.get("layers"), list)):
        return parse_model(item, keras, f"{name}/", trainable=trainable)
    if not isinstance(config, Mapping):
        raise ModelFileError(f"layer '{name}' has no configuration; the file is damaged, re-save the model")
    kind, registered = _identity(item, config, keras)
    if any(has_constant(call) for call in item.get("inbound_nodes") or ()):
        kind = f"{kind} on a constant"
    return Layer(
        name=name,
        kind=kind,
        config=config,
        weights={},
        trainable=trainable and config.get("trainable", True) is not False,
        keras=keras,
        registered=registered,
    )


def _identity(item: Config, config: Config, keras: int) -> tuple[str, str | None]:
    """The kind of layer, and the registered name of a class that is not Keras's own."""
    kind, module = str(item["class_name"]), item.get("module")
    package, _, kind = kind.rpartition(">")
    if package:
        return kind, f"{package}>{kind}"
    if module is not None and str(module).split(".")[0] not in KERAS_MODULES:
        return kind, str(item.get("registered_name") or f"{module}>{kind}")
    # keras.ops.add makes an operation of the class Add, which is not layers.Add; HDF5 files tell no module,
    # but an operation has neither a number type nor a trainable flag.
    untold = module is None and keras >= KERAS_3 and not {"trainable", "dtype"} & config.keys()
    in_ops = (untold or ".ops." in str(module)) and kind != "InputLayer"
    return (f"ops.{kind}" if in_ops else kind), None


def _functional(name: str, kind: str, keras: int, config: Config, members: dict[str, Layer | Blueprint]) -> Blueprint:
    inputs, outputs = arguments(config["input_layers"]), arguments(config["output_layers"])
    calls = {
        (own_name(item), number): call_of(arguments(node), item.get("build_config"))
        for item in config["layers"]
        for number, node in enumerate(item.get("inbound_nodes") or ())
    }
    keys = tuple(argument.key for argument in outputs if argument.key is not None)
    model = Blueprint(name, kind, members, calls, references(inputs), references(outputs), keys)
    if keras < KERAS_3:
        return _counted_from_zero(model)
    # Keras 3 counts the making of a Functional model as its first call, but in its lists of outputs alone.
    functional = {own_name(item) for item in config["layers"] if "input_layers" in item["config"]}
    return replace(model, outputs=_shifted(model.outputs, dict.fromkeys(functional, 1)))


def _counted_from_zero(model: Blueprint) -> Blueprint:
    """Counts calls from zero.

    Keras 2 gives a nested model a first call of its own, its making, which is counted but not listed. Every
    listed call is referred to, so the surplus of the largest reference over the list is what to take off.
    """
    listed = Counter(member for member, _ in model.calls)
    used = [source for call in model.calls.values() for source in call.sources]
    largest: dict[str, int] = {}
    for source in [*used, *model.inputs, *model.outputs]:
        largest[source.member] = max(source.call, largest.get(source.member, 0))
    surplus = {member: max(0, top - max(listed[member] - 1, 0)) for member, top in largest.items()}
    calls = {key: replace(call, sources=_shifted(call.sources, surplus)) for key, call in model.calls.items()}
    ends = _shifted(model.inputs, surplus), _shifted(model.outputs, surplus)
    return replace(model, calls=calls, inputs=ends[0], outputs=ends[1])


def _shifted(sources: tuple[Reference, ...], surplus: Mapping[str, int]) -> tuple[Reference, ...]:
    return tuple(source._replace(call=source.call - surplus.get(source.member, 0)) for source in sources)
