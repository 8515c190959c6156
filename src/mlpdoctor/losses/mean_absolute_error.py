"""Mean absolute error."""
# ruff: noqa: D102 - AbsoluteLoss documents these methods

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.absolute import AbsoluteLoss
from mlpdoctor.network import Array


@dataclass(frozen=True)
class MeanAbsoluteError(AbsoluteLoss):
    """The size of the error, ``keras.losses.MeanAbsoluteError``. The best constant is the median."""

    names = ("mae", "meanabsoluteerror")
    label = "mean absolute error"

    def scale(self, targets: Array) -> Array:
        return np.ones_like(targets)
