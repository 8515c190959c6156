"""A Keras model as its configuration tells it: layers by name, and who is called on whose output."""

from collections.abc import Iterator
from dataclasses import field
from typing import NamedTuple

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Layer, Shape


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
