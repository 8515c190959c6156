"""Runs a network through Keras, for the layers that the NumPy engine does not know; shows the same values."""

import importlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import Array, Key, Layer, Network
from mlpdoctor.engine.keras_load import EXACT, exactly
from mlpdoctor.engine.keras_machine import Tensor
from mlpdoctor.engine.keras_ready import Run, Runner, Shared, array_of, made_ready, tensors
from mlpdoctor.engine.keras_start import DEFAULT, stdout_apart
from mlpdoctor.engine.tape import Cotangents, LayerGradients, Tape, split
from mlpdoctor.nn.layers.family import Variable

See = Callable[[int, Array, Array], None]

MOST_CELLS = 1 << 24
"""Numbers that the layers make of the rows that are run at a time, 64 MiB in float32."""


class KerasEngine:
    """The forward and the backward pass of any network that Keras can load.

    Numbers are float64 where every layer of the model can compute in it, else of the model's own type; rows of heavy
    models are run forward in their own type as well.

    Attributes:
        network: with the shapes and weights that only Keras knows.
        precision: of the numbers in gradients.
        coarse: whether that is less than float64.
        blind: why there are no gradients; None where there are.
        products: multiplications that one row costs, about.
    """

    def __init__(self, network: Network, shared: Shared, *, moved: Mapping[Key, Array], training: bool) -> None:
        """Use ``followed`` to make one from a file."""
        self.network, self._shared, self._moved, self.training = network, shared, moved, training
        self.precision, self.products = shared.exact.precision, shared.products
        self.coarse = self.precision != EXACT
        backend = shared.keras.backend.backend()
        self.blind = None if backend == DEFAULT else f"gradients are taken by TensorFlow, and Keras runs on {backend}"
        probe = shared.exact.machine.probe
        self._cells = sum(math.prod(int(side) for side in call.after.shape[1:]) for call in probe.calls)

    @classmethod
    def followed(cls, network: Network, custom: Mapping[str, Any] | None = None, live: object = None) -> "KerasEngine":
        """The engine for a network that was read from a file, or from a model in memory.

        Args:
            network: as the reader sees it.
            custom: the user's own classes and functions by name.
            live: the model in memory, of which a copy is run; None for the one in the file.

        Raises:
            InputError: Keras is not installed, or cannot or may not load the model; the message says why.
        """
        return cls(*made_ready(network, custom or {}, live), moved={}, training=False)

    def forward(self, features: Array, see: See | None = None) -> list[Array]:
        """The outputs of the network for a block of rows; as ``NumpyEngine.forward``.

        Where ``see`` says by its ``nodes`` which it wants, or there is none, rows are run in parts that take little
        memory.
        """
        nodes = range(len(self.network.nodes)) if see is not None else range(0)
        wanted: Iterable[int] = getattr(see, "nodes", nodes)
        height = len(features)
        if not self.training and len(list(wanted)) < len(self.network.nodes):
            height = max(MOST_CELLS // max(self._cells, 1), 1)
        parts = [self._part(features[k : k + height], wanted) for k in range(0, max(len(features), 1), max(height, 1))]
        for place in sorted(wanted):
            if see is not None:
                see(place, *(_joined([shown[place][k] for shown, _ in parts]) for k in (0, 1)))
        return [_joined([outputs[k] for _, outputs in parts]) for k in range(len(self.network.outputs))]

    def _part(self, features: Array, wanted: Iterable[int]) -> tuple[dict[int, tuple[Array, Array]], list[Array]]:
        """Some rows: sums and outputs of the nodes that are wanted, and the answers."""
        runner = self._shared.quick
        given = self._given(runner, features)
        with self._running(runner, _moved(runner, self._moved)):
            seen = runner.machine.run(given, training=self.training)
        shown: dict[int, tuple[Array, Array]] = {}
        for place in wanted:
            call = seen.calls[place]
            after = array_of(call.after)
            shown[place] = (after if call.before is call.after else array_of(call.before), after)
        return shown, [array_of(output) for output in seen.outputs]

    def record(self, features: Array) -> Tape:
        """Run a block of rows forward and keep everything, for ``pull``."""
        runner = self._shared.exact
        given = self._given(runner, features)
        trained = _moved(runner, self.weights)
        rest = _moved(runner, {key: values for key, values in self._moved.items() if key not in trained})
        with _tensorflow().GradientTape(persistent=True, watch_accessed_variables=False) as own:
            watch = _watching(own)
            for tensor in (*trained.values(), *given):
                watch(tensor)
            with self._running(runner, {**rest, **trained}):
                seen = runner.machine.run(given, watch=watch, training=self.training)
        arrays: dict[int, Array] = {}

        def array(tensor: Tensor) -> Array:  # each is there once, however many layers it enters
            if id(tensor) not in arrays:
                arrays[id(tensor)] = array_of(tensor)
            return arrays[id(tensor)]

        tape = Tape(
            inputs=[[array(one) for one in call.inputs] for call in seen.calls],
            before=[array(call.before) for call in seen.calls],
            after=[array(call.after) for call in seen.calls],
        )
        with self._shared.turn:
            self._shared.runs[tape] = Run(own, seen, given, trained)
        return tape

    def pull(self, tape: Tape, cotangents: Cotangents) -> LayerGradients:
        """From the gradient at some nodes to that of every weight and value; as ``NumpyEngine.pull``."""
        run, ops = self._shared.runs[tape], self._shared.keras.ops
        calls = run.seen.calls
        targets = [calls[place].before for place in cotangents.before] + [calls[p].after for p in cotangents.after]
        outer = [
            ops.convert_to_tensor(values, target.dtype)
            for values, target in zip([*cotangents.before.values(), *cotangents.after.values()], targets, strict=True)
        ]
        befores = [call.before for call in calls]
        with self._shared.turn, stdout_apart():
            found = run.gradients.gradient(targets, [*run.trained.values(), *befores, *run.given], outer)
            arrays = [None if one is None else array_of(_tensorflow().convert_to_tensor(one)) for one in found]
        weights, count = {}, len(run.trained)
        for (key, own), values in zip(run.trained.items(), arrays, strict=False):
            weights[key] = np.zeros(tuple(own.shape)) if values is None else values
        return LayerGradients(weights, arrays[count : count + len(befores)], arrays[count + len(befores) :])

    @property
    def weights(self) -> dict[Key, Array]:
        """The weights that training may change, in float64."""
        return {
            (layer.name, name): np.asarray(values, np.float64)
            for layer in self.network.layers
            if layer.trainable
            for name, values in layer.weights.items()
            if (variable := self._shared.exact.variables.get((layer.name, name))) is not None and variable.trainable
        }

    @property
    def trained(self) -> list[tuple[Layer, Variable]]:
        """The weights that training may change, in the order in which an optimizer keeps them."""
        runner = self._shared.exact
        keys = {id(variable): key for key, variable in runner.variables.items()}
        layers = {layer.name: layer for layer in self.network.layers}
        found = [(keys[id(one)], one) for one in runner.machine.model.trainable_variables if id(one) in keys]
        return [(layers[layer], Variable(name, tuple(one.shape))) for (layer, name), one in found]

    def at(self, weights: Mapping[Key, Array], *, training: bool | None = None) -> "KerasEngine":
        """The same network with other values for some of its weights."""
        moved = {key: values for key, values in weights.items() if key in self._shared.exact.variables}
        return KerasEngine(
            self.network.with_layers(lambda layer: layer.with_weights(moved)) if moved else self.network,
            self._shared,
            moved={**self._moved, **moved},
            training=self.training if training is None else training,
        )

    @contextmanager
    def _running(self, runner: Runner, moved: Mapping[Key, Tensor]) -> Iterator[None]:
        """Keras's turn: with these values for its variables, in one precision, silent, and its complaints in words."""
        shared = self._shared
        mapping = [(runner.variables[key], values) for key, values in moved.items()]
        with shared.turn, exactly(runner.precision), warnings.catch_warnings(), stdout_apart():
            warnings.simplefilter("ignore")
            try:
                with shared.keras.StatelessScope(state_mapping=mapping):
                    yield
            except InputError:
                raise
            except Exception as fault:
                reason = " ".join(str(fault).split())[:200]
                raise InputError(f"{self.network.file}: Keras cannot run it on these rows: {reason}") from fault

    def _given(self, runner: Runner, features: Array) -> list[Tensor]:
        return tensors(runner.machine.model, self._shared.keras, split(self.network, features))


def _moved(runner: Runner, weights: Mapping[Key, Array]) -> dict[Key, Tensor]:
    """Values for variables, as tensors of their type."""
    to = runner.machine.keras.ops.convert_to_tensor
    return {key: to(values, str(runner.variables[key].dtype)) for key, values in weights.items()}


def _tensorflow() -> Any:  # noqa: ANN401  a module
    return importlib.import_module("tensorflow")


def _watching(own: Any) -> Callable[[Tensor], None]:  # noqa: ANN401  TensorFlow's tape
    def watch(tensor: Tensor) -> None:
        if tensor.dtype.is_floating:
            own.watch(tensor)

    return watch


def _joined(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
