"""O207: a loss that is meant for another kind of target."""

from collections.abc import Iterator
from dataclasses import replace

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.class_accuracy import ClassAccuracy
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check("O207", Severity.ERROR, "{place}{what}", stage=Stage.CONTRACT, disturbs=EVERYTHING, because="O206")
def loss_target_mismatch(
    contract: Contract, position: LossPosition | None, accuracy: ClassAccuracy | None
) -> Iterator[Evidence]:
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
        similar frequency are taken for class numbers; counts thin out towards their end. What a unit for each class
        would get right is cross-validated on up to 2,000 sampled rows.
    """
    for said in spoken(contract, "O207", position):
        if accuracy is None:
            yield said
        else:
            numbers = {"rounded_accuracy": accuracy.rounded, "accuracy_by_units": accuracy.by_units}
            yield replace(said, numbers={**said.numbers, **numbers}, why=f"{said.why} {accuracy.words}")
