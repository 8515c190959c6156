"""D711: targets that are the same in every row."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import listing, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments

LEAST_ROWS = 2
"""One row is the same as itself; see D710."""
ANSWERED = 0.01
"""A model within a hundredth of the constant, or of one where the constant is small, has found it."""


@check(
    "D711",
    Severity.ERROR,
    "{names}: the same in all {rows} rows",
    clears="a constant target",
    stage=Stage.DATA,
    untreatable="targets that are all the same leave nothing to learn",
)
def constant_target(
    targets: TargetMoments, passes: Passes, heads: Heads | None, outputs: OutputMoments | None
) -> Iterator[Evidence]:
    """Targets that are the same in every row.

    Why it matters
        A target that never changes can be had without looking at the inputs: the last bias alone predicts it, and
        whatever loss is reached says nothing about the network. It usually means that another column was taken for
        the target, that rows were filtered down to one class, or that an export filled the column with a default.
    How to fix it
        Check which column is the target, and how the rows were chosen.
    When it stays silent
        One-hot columns of classes that do not occur, as long as two classes do; a table of a single row. One constant
        column among targets that vary is a note, and so is a model that already gives the constant as it should.
    How sure
        Measured: the least and the greatest value of each target on all rows.
    """
    same = targets.low == targets.high
    if targets.rows < LEAST_ROWS or not same.any():
        return
    everything = bool(same.all())
    classes = heads is not None and any(head.loss.joint for head in heads.heads)
    if classes and not everything:
        return
    names, values = passes.dataset.target_names, targets.low
    constant = [k for k in range(len(same)) if same[k]]
    answered = everything and _answered(heads, outputs, targets)
    shown = listing([f"{names[k]} is {short(float(values[k]))}" for k in constant])
    yield Evidence(
        numbers={
            "names": shown,
            "rows": targets.rows,
            "columns": len(same),
            "constant_columns": len(constant),
            "values": {names[k]: float(values[k]) for k in constant[:100]},
            "answered": answered,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.ERROR if everything and not answered else Severity.NOTE,
        why=_why(everything=everything, answered=answered),
        remedy=_remedy(names, constant, everything=everything),
        strength=len(constant) / len(same),
        verdict=f"There is nothing to learn in this file: {shown} in all {targets.rows:,} rows, so a bias alone "
        "predicts it.",
    )


def _answered(heads: Heads | None, outputs: OutputMoments | None, targets: TargetMoments) -> bool:
    """Whether a model of numbers gives the constant already."""
    if heads is None or outputs is None or any(head.takes is TargetKind.CLASS for head in heads.heads):
        return False
    if len(outputs.mean) != len(targets.mean):
        return False
    off = np.maximum(np.abs(outputs.low - targets.low), np.abs(outputs.high - targets.low))
    return bool((off <= ANSWERED * np.maximum(np.abs(targets.low), 1.0)).all())


def _why(*, everything: bool, answered: bool) -> str:
    if not everything:
        return "These columns can be had without looking at the inputs, and they make the mean loss look better."
    if answered:
        return "The model gives this value for every row, as it should; its loss says nothing about anything else."
    return "The best constant predicts every row perfectly, so no loss on these rows says what the network can do."


def _remedy(names: tuple[str, ...], constant: list[int], *, everything: bool) -> Remedy:
    if everything:
        return Remedy(
            f"check that {listing([names[k] for k in constant])} is the column you mean to predict, and how the rows "
            "were chosen",
            "df.nunique()  # columns with more than one value can be learned",
        )
    columns = ", ".join(repr(names[k]) for k in constant[:8])
    return Remedy("leave these columns out of the targets", f"df = df.drop(columns=[{columns}])")
