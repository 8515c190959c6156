"""Mean absolute percentage error."""
# ruff: noqa: D102 - AbsoluteLoss documents these methods

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.absolute import AbsoluteLoss
from mlpdoctor.losses.loss import EPSILON
from mlpdoctor.network import Array


@dataclass(frozen=True)
class MeanAbsolutePercentageError(AbsoluteLoss):
    """The size of the error in percent of the target, ``keras.losses.MeanAbsolutePercentageError``.

    The best constant is the median in which each row counts as much as its target is small. A target of zero counts
    a thousand million times, because Keras divides by its epsilon there.
    """

    names = ("mape", "meanabsolutepercentageerror")
    label = "mean absolute percentage error"

    def scale(self, targets: Array) -> Array:
        return 100.0 / np.maximum(np.abs(targets), EPSILON)
