"""The loss of the saved weights, on all rows, in inference mode, without penalties."""

import numpy as np

from mlpdoctor.fact import fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.lean import dataclass
from mlpdoctor.statistics.loss_sums import LossSums


@dataclass(frozen=True)
class ModelLoss:
    """Mean loss of the saved weights, in total and for each part; not finite for a broken model."""

    total: float
    per_part: tuple[float, ...]

    @property
    def finite(self) -> bool:
        """Whether the model has a loss at all."""
        return bool(np.isfinite(self.total))


@fact
def model_loss(objective: Objective, sums: LossSums) -> ModelLoss:
    """The mean over rows."""
    per_part = tuple(float(value) for value in sums.mean)
    return ModelLoss(objective.total(per_part), per_part)
