"""Mean squared error."""

import numpy as np

from mlpdoctor.losses.loss import Loss
from mlpdoctor.network import Array


class MeanSquaredError(Loss):
    """The square of the error, ``keras.losses.MeanSquaredError``. The best constant is the mean."""

    names = ("mse", "meansquarederror")
    label = "mean squared error"
    unit = "squares"

    def of_errors(self, errors: Array) -> Array:
        """Squares, same shape."""
        return np.square(errors)
