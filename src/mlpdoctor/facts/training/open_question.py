"""Whether there is anything to explain: a check that asks for this does not apply where it would only look away.

A check that passes says that its fault is not there, and the report then rules it out. Where a check has nothing to
say because the model does well or is broken, it must not pass but not apply: that is what it asks for these facts for.
"""

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.loss_position import LossPosition


@dataclass(frozen=True)
class FiniteLoss:
    """The loss of the saved weights is a number, as far as it is known."""

    position: LossPosition | None


@dataclass(frozen=True)
class OpenQuestion:
    """And the model has not come nine tenths of the way to what is known to be reachable."""

    position: LossPosition | None


@fact
def finite_loss(position: LossPosition | None) -> FiniteLoss | Absent:
    """Where the loss is no number the finding on that says why, and units and gradients tell nothing."""
    if position is not None and not position.finite:
        return Absent("the loss is not a number", applicable=False)
    return FiniteLoss(position)


@fact
def open_question(finite: FiniteLoss) -> OpenQuestion | Absent:
    """Where a model has learned what there is to learn nothing has kept it from doing so."""
    if finite.position is not None and finite.position.near:
        return Absent("the model has come most of the way to what is known to be reachable", applicable=False)
    return OpenQuestion(finite.position)
