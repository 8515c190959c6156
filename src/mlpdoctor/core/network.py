"""A saved network as plain data: no framework type, no code, nothing that runs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass, twin

Array: TypeAlias = npt.NDArray[np.float64]
Stored: TypeAlias = npt.NDArray[Any]
"""An array as the file holds it, in the file's own number type."""
Config: TypeAlias = Mapping[str, Any]
"""A Keras configuration: JSON values by name."""
KERAS_3 = 3
"""The major version with which Keras changed some names and a few activation functions."""
Key: TypeAlias = tuple[str, str]
"""Names one weight: the layer's name and the weight's, ``("dense", "kernel")``."""
Shape: TypeAlias = tuple[int | None, ...]
"""A tensor's shape without the batch axis; None is an axis of any length."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer with its own weights; a layer used twice is one Layer in two nodes.

    Attributes:
        name: unique in the network; inside a nested model it is a path, ``body/dense``.
        kind: the Keras class name, ``Dense``.
        config: the layer's Keras configuration as the file spells it.
        weights: arrays by their Keras names (``kernel``, ``bias``, ``moving_mean``, ...), by number when the
            kind is unknown; empty when the file holds none.
        trainable: False when the layer, or a model around it, is frozen.
        keras: major version of the Keras that wrote the file: a few activations changed between 2 and 3.
        registered: the registered name of a class that is not Keras's own, such as ``my_package>Mixer``;
            None for a built-in layer.
    """

    name: str
    kind: str
    config: Config
    weights: Mapping[str, Stored] = field(default_factory=dict)
    trainable: bool = True
    keras: int = 3
    registered: str | None = None

    @property
    def short_name(self) -> str:
        """Its name without those of the models around it, as code calls it."""
        return self.name.rpartition("/")[2]

    def with_weights(self, values: Mapping[Key, Stored]) -> "Layer":
        """The same layer with other values for those of its weights that are named."""
        return twin(self, weights={name: values.get((self.name, name), old) for name, old in self.weights.items()})


@dataclass(frozen=True, eq=False)
class Node:
    """One call of a layer: which layer, on the outputs of which earlier nodes, giving which shape.

    Attributes:
        layer: the layer called.
        sources: positions in ``Network.nodes`` whose outputs enter, in the order of the call.
        shape: shape of the output without the batch axis, or None where a layer of an unknown kind hides it.
    """

    layer: Layer
    sources: tuple[int, ...]
    shape: Shape | None


@dataclass(frozen=True)
class LossConfig:
    """A loss as the file names it: ``mse``, ``MeanSquaredError``, with the options it was made with."""

    name: str
    options: Config = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Optimizer:
    """What the file remembers of training.

    Attributes:
        name: the Keras class name, ``Adam``.
        options: its configuration, as compiled.
        iterations: updates ever made; None when the file holds no optimizer state.
        learning_rate: the rate at the time of saving; None when it follows a schedule that no variable holds.
        slots: arrays by layer name, weight name and slot name: ``slots["dense"]["kernel"]["velocity"]``.
        undealt: all its variables, in order and with their names in the file, where layers of unknown kinds leave open
            which is of which weight.
        floatx: Keras's default number type where the file was made, that of the variable which holds the rate; None
            where there is no such variable.
    """

    name: str
    options: Config = field(default_factory=dict)
    iterations: int | None = None
    learning_rate: float | None = None
    slots: Mapping[str, Mapping[str, Mapping[str, Stored]]] = field(default_factory=dict)
    undealt: tuple[tuple[str, Stored], ...] = ()
    floatx: str | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """A saved model: layers in topological order, weights, losses and optimizer.

    Attributes:
        name: the model's own name.
        nodes: calls in an order in which every source comes before its use. Nested models are unfolded.
        inputs: positions of the input nodes, in the model's order of inputs.
        outputs: positions of the nodes that are the model's outputs, in order.
        output_names: one name an output, as Keras names them in the log.
        losses: one for each output, None where the model was saved without one.
        loss_weights: the factor of each output's loss in the total.
        optimizer: None when the model was saved without being compiled.
        file: the path given by the user.
        format: the kind of file, for people: ``Keras 3 archive``.
        keras_version: as the file states it, or None.
        metrics: those of each output, as the file spells them: ``accuracy``, or the class ``BinaryAccuracy``.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    output_names: tuple[str, ...]
    losses: tuple[LossConfig | None, ...]
    loss_weights: tuple[float, ...]
    optimizer: Optimizer | None
    file: str
    format: str
    keras_version: str | None = None
    metrics: tuple[tuple[str, ...], ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Each layer once, in the order of first use."""
        return tuple({id(node.layer): node.layer for node in self.nodes}.values())

    def with_layers(self, change: Callable[[Layer], Layer]) -> "Network":
        """The same network with every layer changed; one that is used twice stays one layer."""
        anew = {id(layer): change(layer) for layer in self.layers}
        return twin(self, nodes=tuple(twin(node, layer=anew[id(node.layer)]) for node in self.nodes))

    @property
    def input_width(self) -> int | None:
        """How many numbers enter for one row, all inputs together; None when a length is open."""
        widths = self.input_widths
        return None if None in widths else sum(width or 0 for width in widths)

    @property
    def input_widths(self) -> tuple[int | None, ...]:
        """How many numbers enter each input for one row; None where a length is open."""
        return tuple(row_width(self.nodes[position].shape) for position in self.inputs)

    @property
    def output_widths(self) -> tuple[int | None, ...]:
        """How many numbers each output has for one row; None where a length is open or unknown."""
        return tuple(row_width(self.nodes[position].shape) for position in self.outputs)


def row_width(shape: Shape | None) -> int | None:
    """How many numbers a row has in this shape; None where an axis is open."""
    return None if shape is None or None in shape else math.prod(side or 0 for side in shape)


@dataclass(frozen=True)
class ArrayOptions:
    """A hand-written network, as far as its arrays do not tell.

    Attributes:
        layers: the activation of each layer from the input on, ``tanh,linear``; or the path of a ``.toml`` or ``.json``
            file that says so.
        optimizer: its name, ``sgd``; None where it is not known.
        learning_rate: of the optimizer; None for its default.
    """

    layers: str
    optimizer: str | None = None
    learning_rate: float | None = None
