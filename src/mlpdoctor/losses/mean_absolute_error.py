"""Mean absolute error."""

import numpy as np

from mlpdoctor.losses.loss import Loss
from mlpdoctor.network import Array


class MeanAbsoluteError(Loss):
    """The size of the error, ``keras.losses.MeanAbsoluteError``. The best constant is the median."""

    names = ("mae", "meanabsoluteerror")
    label = "mean absolute error"
    unit = "absolute"

    def of_errors(self, errors: Array) -> Array:
        """Absolute values, same shape."""
        return np.abs(errors)
