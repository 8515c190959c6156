"""A loaded Keras model that shows, call by call, what enters each layer, its pre-activations and its outputs.

Each layer of the model is given a ``call`` of its own that notes what passes through it, and each activation that a
layer applies to its sums one that notes these. Nothing else of the model is touched: Keras runs it as it would anyway.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mlpdoctor.core.errors import legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.engine.keras_guard import Refused
from mlpdoctor.engine.keras_load import Model
from mlpdoctor.engine.keras_start import start

Tensor = Any
"""A tensor of Keras's backend."""

ACTING = frozenset(
    {
        "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Dense",
        "DepthwiseConv1D", "DepthwiseConv2D", "EinsumDense", "SeparableConv1D", "SeparableConv2D",
    }
)  # fmt: skip
"""Layers of Keras's own that end in ``self.activation(sums)``."""
PURE = frozenset({"Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"})
"""Layers that are an activation and nothing else: what enters them are the pre-activations."""


@dataclass(frozen=True, eq=False)
class Call:
    """What one call of a layer was given and made of it."""

    inputs: Sequence[Tensor]
    before: Tensor
    after: Tensor


@dataclass(frozen=True, eq=False)
class Seen:
    """One run of the model: the call of every node, and the outputs."""

    calls: Sequence[Call]
    outputs: Sequence[Tensor]


class _Notes(threading.local):
    """What is noted in one thread while the model runs."""

    calls: dict[int, list[Call]] | None = None
    sums: list[Tensor]
    watch: Callable[[Tensor], None] | None = None
    training = False


class Machine:
    """A model that is run with its calls noted, one run at a time.

    Args:
        model: of Keras, not compiled.
        network: the same model as the reader sees it.
        sample: what enters each input for a few rows; it tells which call of a layer is which node.
    """

    def __init__(self, model: Model, network: Network, sample: Sequence[Tensor]) -> None:
        """Give the layers their own calls, and find each node of the network among them.

        Raises:
            Refused: a node of the network has no call of its own.
        """
        self.keras = start()
        self.model, self.network = model, network
        self.layers = dict(_members(self.keras, model))
        self._notes = _Notes()
        for layer in self.layers.values():
            self._listen(layer)
        calls, outputs = self._run(sample)
        self._places = self._found(calls, sample)
        self.probe = self._seen(calls, sample, outputs)
        for node, output in zip(network.outputs, outputs, strict=True):
            if self.probe.calls[node].after is not output:
                raise Refused(f"an output of it is not the first that '{network.nodes[node].layer.name}' gives")

    def run(
        self, inputs: Sequence[Tensor], *, watch: Callable[[Tensor], None] | None = None, training: bool = False
    ) -> Seen:
        """Run rows through the model.

        Args:
            inputs: what enters each input, batch first.
            watch: told of every tensor on the way, for gradients.
            training: whether BatchNormalization works by the moments of these rows; dropout and noise stay out.
        """
        calls, outputs = self._run(inputs, watch, training=training)
        return self._seen(calls, inputs, outputs)

    def _run(
        self, inputs: Sequence[Tensor], watch: Callable[[Tensor], None] | None = None, *, training: bool = False
    ) -> tuple[Mapping[int, list[Call]], list[Tensor]]:
        notes = self._notes
        calls: dict[int, list[Call]] = {}
        notes.calls, notes.sums, notes.watch, notes.training = calls, [], watch, training
        try:
            return calls, self.keras.tree.flatten(self.model(packed(self.model, inputs), training=False))
        finally:
            notes.calls = None

    def _seen(self, calls: Mapping[int, list[Call]], inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> Seen:
        entering = dict(zip(self.network.inputs, inputs, strict=True))
        found = []
        for node, place in enumerate(self._places):
            if place is None:
                found.append(Call([entering[node]], entering[node], entering[node]))
            else:
                found.append(calls[place[0]][place[1]])
        return Seen(found, outputs)

    def _listen(self, layer: Any) -> None:  # noqa: ANN401  a Keras layer or operation
        """Have a layer note its calls."""
        notes, keras, original = self._notes, self.keras, layer.call
        own = type(layer).__module__.partition(".")[0] == "keras"
        kind = type(layer).__name__ if own else ""
        if kind in ACTING and callable(getattr(layer, "activation", None)):
            _listen_to_activation(layer, notes)

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever the layer takes
            if notes.calls is None:
                return original(*args, **kwargs)
            if kind in PURE:
                args = (keras.ops.copy(args[0]), *args[1:])
            if notes.training and kind == "BatchNormalization":
                kwargs["training"] = True
            notes.sums.append(None)
            result = original(*args, **kwargs)
            sums = notes.sums.pop()
            entering = _tensors(keras, args, kwargs)
            # A layer that hands on what it got gets a tensor of its own, so that gradients there are its own too.
            got = {id(tensor) for tensor in entering}
            result = keras.tree.map_structure(lambda one: keras.ops.copy(one) if id(one) in got else one, result)
            after = keras.tree.flatten(result)[0]
            before = args[0] if kind in PURE else after if sums is None else sums
            if notes.watch is not None:
                notes.watch(before)
                notes.watch(after)
            notes.calls.setdefault(id(layer), []).append(Call(entering, before, after))
            return result

        layer.call = call

    def _found(self, calls: Mapping[int, list[Call]], inputs: Sequence[Tensor]) -> list[tuple[int, int] | None]:
        """For each node the layer that makes it and which of its calls; None for inputs."""
        entering = dict(zip(self.network.inputs, inputs, strict=True))
        places: list[tuple[int, int] | None] = []
        values: list[Tensor] = []
        taken: set[tuple[int, int]] = set()
        for position, node in enumerate(self.network.nodes):
            if position in entering:
                places.append(None)
                values.append(entering[position])
                continue
            layer = self.layers.get(node.layer.name)
            own = [] if layer is None else calls.get(id(layer), [])
            free = [k for k in range(len(own)) if (id(layer), k) not in taken]
            if len(own) > 1:
                # Which call of a shared layer it is, what enters tells.
                wanted = [id(values[source]) for source in node.sources]
                free = [k for k in free if _fits([id(tensor) for tensor in own[k].inputs], wanted)]
            if not free:
                raise Refused(f"Keras does not show what its layer '{node.layer.name}' does")
            place = (id(layer), free[0])
            taken.add(place)
            places.append(place)
            values.append(own[free[0]].after)
        return places


def packed(model: Model, inputs: Sequence[Tensor]) -> Any:  # noqa: ANN401  as the model takes it
    """What enters each input, in the list or dictionary that the model is called with."""
    keras = start()
    if isinstance(model, keras.Sequential) or not isinstance(model.input, list | tuple | dict):
        return inputs[0]
    return keras.tree.pack_sequence_as(model.input, list(inputs))


def _fits(entering: list[int], wanted: list[int]) -> bool:
    """Whether all that a node gets is among what a call got, in order."""
    rest = iter(entering)
    return all(one in rest for one in wanted)


def _listen_to_activation(layer: Any, notes: _Notes) -> None:  # noqa: ANN401  a Keras layer
    function = layer.activation

    def activation(sums: Tensor) -> Tensor:
        if notes.calls is not None and notes.sums:
            notes.sums[-1] = sums
        return function(sums)

    if getattr(function, "__name__", "") != "linear":
        layer.activation = activation


def _tensors(keras: Any, args: Any, kwargs: Mapping[str, Any]) -> list[Tensor]:  # noqa: ANN401
    """All tensors that a call is given, but for masks."""
    given = [args, [value for name, value in kwargs.items() if "mask" not in name]]
    return [value for value in keras.tree.flatten(given) if keras.ops.is_tensor(value)]


def _members(keras: Any, model: Model, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Every layer and operation of a model by its path, those of nested models in their place."""
    parts = model.layers if isinstance(model, keras.Sequential) else model.operations
    for part in parts:
        if isinstance(part, keras.Sequential) or (isinstance(part, keras.Model) and hasattr(part, "operations")):
            yield from _members(keras, part, f"{prefix}{legible(part.name)}/")
        elif type(part).__name__ != "InputLayer":
            yield prefix + legible(part.name), part
