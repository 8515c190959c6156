"""Runs a network forward in NumPy, in float64 and inference mode, and shows each layer's values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mlpdoctor import threads
from mlpdoctor.errors import InputError
from mlpdoctor.layers.activation import LINEAR, Activation
from mlpdoctor.layers.family import LayerFamily
from mlpdoctor.layers.registry import family_of, obstacle
from mlpdoctor.network import Array, Layer, Network, Shape

See = Callable[[int, Array, Array], None]
"""Called with a node's position, its pre-activations and its outputs; the arrays are not to be changed."""


class UnsupportedLayer(InputError):  # noqa: N818 - it says what is there, as Keras's own names do
    """The network holds layers that this engine cannot follow; the message names each with the reason."""


class NumpyEngine:
    """The forward pass of a network of known layers."""

    def __init__(self, network: Network) -> None:
        """Prepares the passes: all weights are turned to float64 once.

        Raises:
            UnsupportedLayer: where a layer's kind, or its activation, is unknown.
        """
        problems = [f"layer '{layer.name}' {reason}" for layer in network.layers if (reason := obstacle(layer))]
        if problems:
            raise UnsupportedLayer(f"mlpdoctor cannot follow this model: {'; '.join(problems)}")
        self.network = network
        self._steps = _steps(network)
        self._last_use = {source: place for place, node in enumerate(network.nodes) for source in node.sources}
        self._last_use |= dict.fromkeys(network.outputs, len(network.nodes))

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
        values: dict[int, Array] = dict(zip(self.network.inputs, self._split(features), strict=True))
        # Weights from a diverged training overflow; that is a finding, not a warning.
        with np.errstate(all="ignore"), threads.all_of_them():
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

    def _split(self, features: Array) -> list[Array]:
        shapes = [self.network.nodes[place].shape for place in self.network.inputs]
        if len(shapes) == 1 and _width(shapes[0]) is None:
            return [features.reshape(len(features), *_settled(shapes[0], features.shape[1]))]
        widths = [_width(shape) for shape in shapes]
        if None in widths:
            raise InputError("the model has several inputs, one of which has no fixed length")
        known = [width or 0 for width in widths]
        if sum(known) != features.shape[1]:
            raise InputError(f"the model takes {sum(known)} features, but got {features.shape[1]}")
        starts = np.cumsum([0, *known])
        return [
            features[:, start : start + width].reshape(len(features), *(length or 0 for length in shape or ()))
            for start, width, shape in zip(starts, known, shapes, strict=False)
        ]


def _steps(network: Network) -> list[tuple[Layer, LayerFamily, Activation]]:
    ready: dict[int, tuple[Layer, LayerFamily, Activation]] = {}
    for layer in network.layers:
        weights = {name: np.asarray(values, dtype=np.float64) for name, values in layer.weights.items()}
        exact = replace(layer, weights=weights)
        family = family_of(exact)
        if family is not None:
            ready[id(layer)] = (exact, family, family.activation(exact))
    return [ready[id(node.layer)] for node in network.nodes]


def _width(shape: Shape | None) -> int | None:
    return None if shape is None or None in shape else math.prod(length or 0 for length in shape)


def _settled(shape: Shape | None, width: int) -> Sequence[int]:
    """An input's shape with its one open axis as long as the columns make it."""
    if shape is None:
        return (width,)
    fixed = math.prod(length for length in shape if length is not None)
    if list(shape).count(None) != 1 or not fixed or width % fixed:
        raise InputError(f"the model takes inputs of the shape {shape}, which {width} features do not fill")
    return [width // fixed if length is None else length for length in shape]
