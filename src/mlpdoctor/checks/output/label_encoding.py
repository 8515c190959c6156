"""O205: labels in a different encoding than the loss expects."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Evidence, Severity
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.contract import Contract, spoken


@check("O205", Severity.ERROR, "{place}{what}", stage=Stage.CONTRACT, disturbs=EVERYTHING)
def label_encoding(contract: Contract, position: LossPosition | None) -> Iterator[Evidence]:
    """Labels in a different encoding than the loss expects.

    Why it matters
        A class number beyond the last unit makes Keras stop, return NaN, or count the row as perfect, depending
        on the backend. Labels of -1 or 2 make a binary cross-entropy negative, and it falls without end. None
        of it looks like a wrong label in the log.
    How to fix it
        Count classes from 0 (y - 1), turn -1 and 1 into 0 and 1 ((y + 1) / 2), undo a division by 255, and give
        one-hot labels to the categorical and class numbers to the sparse cross-entropy.
    When it stays silent
        Labels 0 and 1 under a hinge, which Keras turns into -1 and 1 itself; soft labels; ratings from 1 to 5
        under a squared error.
    How sure
        Measured: every target of every row is looked at. Class numbers where one-hot labels are due, and the
        other way round, are read as what they are, so that the rest of the report stands.
    """
    yield from spoken(contract, "O205", position)
