"""What mlpdoctor has to know about an activation function."""

from collections.abc import Callable

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array


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
