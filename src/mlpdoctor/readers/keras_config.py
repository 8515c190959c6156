"""From a Keras configuration, of Keras 2, Keras 3 or R keras, to a blueprint."""

from collections.abc import Mapping
from dataclasses import replace

from mlpdoctor.errors import ModelFileError
from mlpdoctor.network import KERAS_3, Config, Layer
from mlpdoctor.readers.keras_blueprint import Blueprint, Reference
from mlpdoctor.readers.keras_calls import arguments, call_of, has_constant, references
from mlpdoctor.readers.keras_sequential import chain, own_name

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
        return _functional(name, kind, config, members)
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


def _functional(name: str, kind: str, config: Config, members: dict[str, Layer | Blueprint]) -> Blueprint:
    inputs, outputs = arguments(config["input_layers"]), arguments(config["output_layers"])
    calls = {}
    for item in config["layers"]:
        for number, node in enumerate(item.get("inbound_nodes") or ()):
            calls[own_name(item), number] = call_of(arguments(node), item.get("build_config"))
    model = Blueprint(name, kind, members, calls, references(inputs), references(outputs))
    return _renumbered(model, tuple(str(argument.key) for argument in outputs if argument.key is not None))


def _renumbered(model: Blueprint, output_keys: tuple[str, ...]) -> Blueprint:
    """Counts calls from zero.

    Keras 2 gives a nested model a first call of its own, its making, which is counted but not listed. Every
    listed call is referred to, so the surplus of the largest reference over the list is what to take off.
    """
    used = [source for call in model.calls.values() for source in call.sources] + [
        *model.inputs,
        *model.outputs,
    ]
    largest: dict[str, int] = {}
    for source in used:
        largest[source.member] = max(source.call, largest.get(source.member, 0))
    listed: dict[str, int] = dict.fromkeys(model.members, 0)
    for member, _ in model.calls:
        listed[member] += 1
    surplus = {member: max(0, top - max(listed.get(member, 0) - 1, 0)) for member, top in largest.items()}

    def shift(sources: tuple[Reference, ...]) -> tuple[Reference, ...]:
        return tuple(source._replace(call=source.call - surplus[source.member]) for source in sources)

    calls = {key: replace(call, sources=shift(call.sources)) for key, call in model.calls.items()}
    return replace(
        model, calls=calls, inputs=shift(model.inputs), outputs=shift(model.outputs), output_keys=output_keys
    )
