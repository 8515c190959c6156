"""O207: a loss that is meant for another kind of target."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check("O207", Severity.ERROR, "{place}{what}", stage=Stage.CONTRACT, disturbs=EVERYTHING, because="O206")
def loss_target_mismatch(contract: Contract, position: LossPosition | None) -> Iterator[Evidence]:
    """A loss that is meant for another kind of target.

    Why it matters
        A cross-entropy of amounts has no lowest value at the right prediction, and may fall without end. A squared
        error of labels trains, but a sure and wrong prediction costs little more than an unsure one, and of class
        numbers it makes amounts: 2 is not twice 1.
    How to fix it
        Amounts: a squared or absolute error. Labels: a cross-entropy. Counts: Poisson, or a squared error.
    When it stays silent
        Binary cross-entropy of numbers from 0 to 1, squared errors of counts, ratings and shares, tanh on -1
        and 1. A squared error of labels is a warning, and a note where the model does well.
    How sure
        Measured: the kind of target is told from all values, and said in the finding. Whole numbers from 0 of
        similar frequency are taken for class numbers; counts thin out towards their end.
    """
    yield from spoken(contract, "O207", position)
