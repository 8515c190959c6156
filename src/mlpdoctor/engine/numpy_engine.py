"""Runs a network forward in NumPy, in float64 and inference mode, and shows each layer's values."""

from collections.abc import Callable, Mapping
from copy import copy

import numpy as np

from mlpdoctor.core import threads
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import twin
from mlpdoctor.core.network import Array, Key, Layer, Network
from mlpdoctor.engine.tape import Cotangents, LayerGradients, Tape, split
from mlpdoctor.nn.layers.family import LINEAR, Activation, LayerFamily
from mlpdoctor.nn.layers.properties import families, obstacle

See = Callable[[int, Array, Array], None]
"""Called with a node's position, its pre-activations and its outputs; the arrays are not to be changed."""


class UnsupportedLayer(InputError):  # noqa: N818 - it says what is there, as Keras's own names do
    """The network holds layers that this engine cannot follow; the message names each with the reason."""


class NumpyEngine:
    """The forward and the backward pass of a network of known layers.

    Args:
        network: with its weights.
        training: whether layers that work otherwise in training do so: BatchNormalization by the moments of the rows
            it is given. Dropout and noise stay out: what is computed does not depend on chance.
    """

    blind: str | None = None
    coarse = False

    def __init__(self, network: Network, *, training: bool = False) -> None:
        """Prepares the passes: all weights are turned to float64 once.

        Raises:
            UnsupportedLayer: where a layer's kind, or its activation, is unknown.
        """
        problems = [f"layer '{layer.name}' {reason}" for layer in network.layers if (reason := obstacle(layer))]
        if problems:
            raise UnsupportedLayer(f"mlpdoctor cannot follow this model: {'; '.join(problems)}")
        self.network = network
        self.training = training
        self._steps = _steps(network, training=training)
        self._last_use = {source: place for place, node in enumerate(network.nodes) for source in node.sources}
        self._last_use |= dict.fromkeys(network.outputs, len(network.nodes))
        self._products = sum(int(np.size(values)) for layer in network.layers for values in layer.weights.values())

    def forward(self, features: Array, see: See | None = None) -> list[Array]:
        """The outputs of the network for a block of rows.

        Args:
            features: float64 of shape (rows, total width of all inputs); the columns are split over
                ``network.inputs`` in order and reshaped to each input's shape.
            see: shown every node's values in order.

        Returns:
            One array for each of ``network.outputs``, batch first.

        Raises:
            InputError: where the columns do not fit the inputs, or an id its embedding.
        """
        values: dict[int, Array] = dict(zip(self.network.inputs, split(self.network, features), strict=True))
        # Weights from a diverged training overflow; that is a finding, not a warning.
        with np.errstate(all="ignore"), threads.for_products(len(features) * self._products):
            for place, (node, (layer, family, activation)) in enumerate(
                zip(self.network.nodes, self._steps, strict=True)
            ):
                inputs = [values[source] for source in node.sources] or [values[place]]
                pre_activation = family.forward(layer, inputs)
                output = pre_activation if activation is LINEAR else activation.function(pre_activation)
                values[place] = output
                if see is not None:
                    see(place, pre_activation, output)
                for done in (*node.sources, place):
                    if self._last_use.get(done, place) == place:
                        values.pop(done, None)
        return [values[place] for place in self.network.outputs]

    def record(self, features: Array) -> Tape:
        """Run a block of rows forward and keep everything, for ``pull``; memory grows with all layers together."""
        values: list[Array] = []
        entering, before = [], []
        given = dict(zip(self.network.inputs, split(self.network, features), strict=True))
        with np.errstate(all="ignore"), threads.for_products(len(features) * self._products):
            for place, (node, (layer, family, activation)) in enumerate(
                zip(self.network.nodes, self._steps, strict=True)
            ):
                inputs = [values[source] for source in node.sources] or [given[place]]
                pre_activation = family.forward(layer, inputs)
                entering.append(inputs)
                before.append(pre_activation)
                values.append(pre_activation if activation is LINEAR else activation.function(pre_activation))
        return Tape(entering, before, values)

    def pull(self, tape: Tape, cotangents: Cotangents) -> LayerGradients:
        """Reverse-mode differentiation: from the gradient at some nodes to that of every weight and value.

        Args:
            tape: of ``record``.
            cotangents: the gradient of a scalar where it is read off, summed with what comes from elsewhere.
        """
        weights = self.weights
        found: dict[Key, Array] = {}
        after: list[Array | None] = [cotangents.after.get(place) for place in range(len(tape.after))]
        before: list[Array | None] = [None] * len(tape.after)
        features: dict[int, Array | None] = {}
        with np.errstate(all="ignore"), threads.for_products(len(tape.after[0]) * self._products):
            for place in reversed(range(len(tape.after))):
                node, (layer, family, activation) = self.network.nodes[place], self._steps[place]
                own, outer = cotangents.before.get(place), after[place]
                if outer is not None:
                    _add(found, layer, family.activation_gradients(layer, tape.before[place], outer))
                    through = outer if activation is LINEAR else activation.backward(tape.before[place], outer)
                    own = through if own is None else own + through
                before[place] = own
                if own is None:
                    features[place] = None
                    continue
                pulled, gradients = family.backward(layer, tape.inputs[place], own)
                _add(found, layer, gradients)
                if not node.sources:
                    features[place] = pulled[0]
                for source, values in zip(node.sources, pulled, strict=False):
                    known = after[source]
                    after[source] = values if known is None else known + values
                after[place] = None
        reached = {key: found[key] if key in found else np.zeros_like(values) for key, values in weights.items()}
        return LayerGradients(reached, before, [features.get(place) for place in self.network.inputs])

    @property
    def products(self) -> int:
        """Multiplications that a forward pass takes for one row, about: one for each weight."""
        return sum(values.size for values in self.weights.values())

    @property
    def weights(self) -> dict[Key, Array]:
        """The weights that training may change, in float64."""
        return {
            (layer.name, variable): layer.weights[variable]
            for layer, family, _ in self._steps
            if layer.trainable
            for variable in family.trained(layer)
        }

    def at(self, weights: Mapping[Key, Array], *, training: bool | None = None) -> "NumpyEngine":
        """The same network with other values for some of its weights; the rest is not looked at again."""
        moved = copy(self)
        moved.network = self.network.with_layers(lambda layer: layer.with_weights(weights))
        moved.training = self.training if training is None else training
        moved._steps = _steps(moved.network, training=moved.training)  # noqa: SLF001 - its own kind
        return moved


def _steps(network: Network, *, training: bool) -> list[tuple[Layer, LayerFamily, Activation]]:
    """What each node does; all layers are of known kinds."""
    ready: dict[int, tuple[Layer, LayerFamily, Activation]] = {}
    for layer in network.layers:
        exact = twin(layer, weights={name: np.asarray(own, np.float64) for name, own in layer.weights.items()})
        family = families()[layer.kind]
        acting = family.in_training(exact) if training else family
        ready[id(layer)] = (exact, acting, family.activation(exact))
    return [ready[id(node.layer)] for node in network.nodes]


def _add(found: dict[Key, Array], layer: Layer, gradients: Mapping[str, Array]) -> None:
    """Add up what the calls of a layer give; the arrays of a first call are its own and need no copy."""
    for name, values in gradients.items():
        key = (layer.name, name)
        if key in found:
            found[key] += values
        else:
            found[key] = values
