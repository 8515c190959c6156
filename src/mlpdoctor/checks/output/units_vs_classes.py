"""O206: a number of output units that is not the number of classes."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check(
    "O206",
    Severity.ERROR,
    "{place}{what}",
    stage=Stage.CONTRACT,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="O205",
)
def units_vs_classes(contract: Contract, position: LossPosition | None) -> Iterator[Evidence]:
    """A number of output units that is not the number of classes.

    Why it matters
        A class without a unit cannot be predicted. A single unit tells two classes apart and no more. One target
        column beside several units is compared with each of them, without a word from Keras.
    How to fix it
        One unit for each class and a softmax; for two classes one unit and a sigmoid will do.
    When it stays silent
        Two units for two classes. Units without a class are a note: rows of that class may be missing from this
        file.
    How sure
        Measured: the distinct labels of all rows are counted.
    """
    yield from spoken(contract, "O206", position)
