"""Who is called on whose output in a configuration, in the notations of Keras 2 and Keras 3."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Shape


class Reference(NamedTuple):
    """An output in a model's graph: which layer, which of its calls, which of the call's tensors."""

    member: str
    call: int
    tensor: int


@dataclass(frozen=True)
class Call:
    """One call of a layer or nested model.

    Attributes:
        sources: what it is called on, in order.
        keys: the names under which a dictionary passed them; empty for a list.
        shapes: shape of each source without the batch axis, where the file tells it.
    """

    sources: tuple[Reference, ...]
    keys: tuple[str, ...] = ()
    shapes: tuple[Shape | None, ...] = ()


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A Sequential or Functional model, nested models included.

    Attributes:
        name: the model's name.
        kind: its class name; archives name their folders after it.
        members: layers and nested models by name, in the order of ``model.layers``.
        calls: every call by layer name and number.
        inputs: the model's inputs, in order.
        outputs: the model's outputs, in order.
        output_keys: the keys of a dictionary of outputs, in order; empty for a list.
    """

    name: str
    kind: str
    members: "dict[str, Layer | Blueprint]"
    calls: dict[tuple[str, int], Call]
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]
    output_keys: tuple[str, ...] = field(default=())

    def layers(self) -> Iterator[Layer]:
        """All layers, those of nested models in their place."""
        for member in self.members.values():
            if isinstance(member, Blueprint):
                yield from member.layers()
            else:
                yield member


CONSTANT = "_CONSTANT_VALUE"
CONSTANTS = {"__tensor__", "__numpy__"}


class Argument(NamedTuple):
    """A tensor passed in a call: where it comes from, under which key of a dictionary, of which shape."""

    source: Reference
    key: str | None
    shape: Shape | None


def call_of(found: list[Argument], built: object) -> Call:
    """The call with these arguments.

    Args:
        found: the tensors passed.
        built: the layer's ``build_config``, which tells the shape of a single input.
    """
    shapes = [argument.shape for argument in found]
    if len(shapes) == 1 and shapes[0] is None and isinstance(built, Mapping):
        shapes = [shape_of(built.get("input_shape"))]
    keys = tuple(argument.key for argument in found if argument.key is not None)
    return Call(references(found), keys if len(keys) == len(found) else (), tuple(shapes))


def references(found: list[Argument]) -> tuple[Reference, ...]:
    """The sources alone."""
    return tuple(argument.source for argument in found)


def arguments(node: Any, key: str | None = None) -> list[Argument]:  # noqa: ANN401 - any JSON
    """All tensors of a call in order; dictionaries are read by sorted key, as Keras flattens them.

    Args:
        node: Keras 3: ``{"args": [...], "kwargs": {...}}``; Keras 2: nested lists of
            ``[layer, call, tensor, {keyword: ...}]``; also the list of a model's inputs or outputs.
        key: the key of the dictionary that holds it.
    """
    if isinstance(node, list):
        if _is_reference(node):
            layer, call, tensor, *rest = node
            own = [] if layer == CONSTANT else [Argument(Reference(layer, call, tensor), key, None)]
            return own + [more for keywords in rest if isinstance(keywords, Mapping) for more in _keywords(keywords)]
        return [argument for item in node for argument in arguments(item, key)]
    if not isinstance(node, Mapping):
        return []
    if node.get("class_name") == "__keras_tensor__":
        config = node["config"]
        layer, call, tensor = config["keras_history"]
        return [Argument(Reference(str(layer), int(call), int(tensor)), key, shape_of(config.get("shape")))]
    if "args" in node and "kwargs" in node:
        return arguments(node["args"]) + _keywords(node["kwargs"])
    return [argument for name in sorted(node) for argument in arguments(node[name], name)]


def _is_reference(node: list[Any]) -> bool:
    match node:
        case [str(layer), int(), tensor, *_]:
            return isinstance(tensor, int) or layer == CONSTANT
    return False


def _keywords(keywords: Mapping[str, Any]) -> list[Argument]:
    return [
        argument._replace(key=None)
        for name, value in keywords.items()
        if name != "mask"
        for argument in arguments(value)
    ]


def has_constant(node: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a call passes numbers beside tensors, which no built-in layer keeps in its weights."""
    if isinstance(node, list):
        return (bool(node) and node[0] == CONSTANT) or any(has_constant(item) for item in node)
    if not isinstance(node, Mapping):
        return False
    return node.get("class_name") in CONSTANTS or any(
        has_constant(value) for name, value in node.items() if name != "mask"
    )


def shape_of(batch_shape: object) -> Shape | None:
    """A shape without its batch axis, from the JSON list with it; None when it is no such list."""
    if not isinstance(batch_shape, (list, tuple)) or not batch_shape:
        return None
    if not all(length is None or isinstance(length, int) for length in batch_shape):
        return None
    return tuple(batch_shape)[1:]
