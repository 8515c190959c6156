"""The loss of the saved weights, on all rows, in inference mode, without penalties."""

from dataclasses import dataclass

import numpy as np

from mlpdoctor.fact import fact
from mlpdoctor.facts.heads import Heads
from mlpdoctor.statistics.loss_sums import LossSums


@dataclass(frozen=True)
class ModelLoss:
    """Mean loss of the saved weights, in total and for each output column; not finite for a broken model."""

    total: float
    per_output: tuple[float, ...]

    @property
    def finite(self) -> bool:
        """Whether the model has a loss at all."""
        return bool(np.isfinite(self.total))


@fact
def model_loss(heads: Heads, sums: LossSums) -> ModelLoss:
    """The mean over rows."""
    per_output = tuple(float(value) for value in sums.mean)
    return ModelLoss(heads.total(per_output), per_output)
