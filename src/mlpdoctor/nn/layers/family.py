"""What mlpdoctor has to know about a kind of Keras layer and of activation, and how files spell numbers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Config, Layer, Shape


def number(value: object, default: float) -> float:
    """A number, also one that Keras 2 wrote as a serialized NumPy scalar; None is the default.

    Raises:
        ValueError: there are several, or none; the readers refuse such files.
    """
    return default if value is None else float(array(value).item())


def array(value: object) -> Array:
    """Numbers as an array, also those that Keras wrote as ``__numpy__`` or ``__tensor__`` objects."""
    if isinstance(value, Mapping):
        inner: Any = value.get("config", value)
        value = inner["value"] if isinstance(inner, Mapping) else inner
    return np.asarray(value, dtype=np.float64)


def axes(value: object, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, with the batch as axis 0, from an int or a list.

    Args:
        value: what the configuration holds.
        rank: number of axes with the batch.

    Raises:
        ValueError: there is no such axis.
    """
    listed: Any = value if isinstance(value, (list, tuple)) else [value]
    return tuple(one_axis(axis, rank) for axis in listed)


def one_axis(value: Any, rank: int) -> int:  # noqa: ANN401  JSON
    """An axis counted from the front; arguments and errors as above."""
    axis = int(value)
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis}, where there are {rank}")
    return axis % rank


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation function with the properties the rules reason from.

    Attributes:
        name: the Keras name, ``relu``.
        function: the value, float64 in and out; same shape, except for ``glu``, which halves an axis.
        derivative: the slope at each pre-activation; None where the function works on whole rows (softmax).
        kinks: where a continuous piecewise linear function changes its piece; empty for a linear one, None
            for a function that is not piecewise linear or that jumps.
        bounds: the closed interval that holds all values, whatever training makes of weights of its own.
        gated: whether the function is exactly zero on a whole half line, so that a unit can be dead.
        saturating: whether the function levels off on both sides, so that a unit can be stuck there.
        rectified: whether it passes what is positive about as it is and drops most of the rest, so that a signal loses
            about half of its size: relu and its kin, the smooth ones too.
        normalising: whether the values of a row share one total, so that each grows at the cost of the others.
        pullback: the vector-Jacobian product of a function that works on whole rows, from pre-activations and
            cotangents; None where the derivative says it all.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array] | None
    kinks: tuple[float, ...] | None = None
    bounds: tuple[float, float] = (-np.inf, np.inf)
    gated: bool = False
    saturating: bool = False
    rectified: bool = False
    normalising: bool = False
    pullback: Callable[[Array, Array], Array] | None = None

    def backward(self, z: Array, cotangent: Array) -> Array:
        """The gradient with respect to the pre-activations ``z``, from that with respect to the function's values."""
        if self.pullback is not None:
            return self.pullback(z, cotangent)
        if self.derivative is None:
            raise NotImplementedError(self.name)
        return cotangent * self.derivative(z)

    @property
    def affine(self) -> bool:
        """Whether the function is a straight line."""
        return self.kinks == ()


LINEAR = Activation("linear", function=lambda z: z, derivative=np.ones_like, kinks=())


Pull: TypeAlias = tuple[Sequence[Array], Mapping[str, Array]]
"""Gradients with respect to the inputs of a layer, and to its weights by name."""


@dataclass(frozen=True)
class Variable:
    """A weight that a layer owns: Keras name, shape, and whether the optimizer may change it."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True


class LayerFamily(ABC):
    """Layers that work alike.

    A layer is ``activation(forward(inputs))``: what it does to its inputs, then the function it applies to
    each result. A layer without an activation has the linear one, and a pure activation layer has the
    identity for its forward. The split is what lets one rule look at the pre-activations of every kind of
    layer.

    Attributes:
        kinds: the Keras class names of the family.
        affine: whether ``forward`` (without the activation) is an affine map of all inputs together, whatever
            the weights; in inference mode, so BatchNormalization and Dropout count.
        learned: whether ``forward`` mixes features by a trained kernel, as Dense does.
        renormalises: whether the numbers behind it are of about size one again, whatever enters.
        fixed: names of weights that no optimizer changes.
    """

    kinds: ClassVar[tuple[str, ...]]
    affine: ClassVar[bool] = True
    learned: ClassVar[bool] = False
    renormalises: ClassVar[bool] = False
    fixed: ClassVar[tuple[str, ...]] = ()

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:  # noqa: ARG002
        """The weights such a layer owns, in the order in which Keras creates and saves them."""
        return ()

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:  # noqa: ARG002
        """The output's shape without the batch axis, from the inputs' shapes."""
        return shapes[0]

    @abstractmethod
    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        """The layer's map in inference mode, float64, before its activation; axis 0 is the batch."""

    @abstractmethod
    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        """The vector-Jacobian product of ``forward``: from the gradient with respect to what it returns.

        Args:
            layer: with its weights.
            inputs: as ``forward`` got them.
            cotangent: the gradient of a scalar with respect to what ``forward`` returned, in its shape.

        Returns:
            The gradient with respect to each input, in its shape, and to each trainable weight by name; zeros for an
            input that no gradient goes back to.
        """

    def activation_gradients(self, layer: Layer, z: Array, cotangent: Array) -> Mapping[str, Array]:  # noqa: ARG002
        """The gradient with respect to weights of the activation itself, as PReLU has them, by name.

        Args:
            layer: with its weights.
            z: the pre-activations.
            cotangent: the gradient with respect to what the activation returned.
        """
        return {}

    def in_training(self, layer: Layer) -> "LayerFamily":  # noqa: ARG002
        """How the layer works in training, apart from chance."""
        return self

    def trained(self, layer: Layer) -> tuple[str, ...]:
        """Names of the layer's weights that an optimizer changes while the layer is trainable."""
        return tuple(name for name in layer.weights if name not in self.fixed)

    def activation(self, layer: Layer) -> Activation:  # noqa: ARG002
        """The function applied to what ``forward`` returns."""
        return LINEAR

    def obstacle(self, layer: Layer) -> str | None:
        """What in this layer's configuration puts it beyond the family, for the user; or None.

        A quantized or LoRA layer keeps its class name but holds other weights.
        """
        dtype = layer.config.get("dtype")
        if isinstance(dtype, Mapping):
            policy = dtype.get("config")
            dtype = policy.get("name") if isinstance(policy, Mapping) else None
            source = policy.get("source_name") if isinstance(policy, Mapping) else None
            if source is not None:
                return "is quantized"
        if "_from_" in str(dtype) or layer.config.get("quantization_config"):
            return "is quantized"
        if layer.config.get("lora_rank"):
            return "holds LoRA weights"
        return None


def weight(layer: Layer, name: str) -> Array:
    """One of the layer's weights in float64; no copy when it is so already."""
    return np.asarray(layer.weights[name], dtype=np.float64)
