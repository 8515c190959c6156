"""D704: features that never vary."""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Number, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import listing, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import AT_THE_CONSTANT, LossPosition, severity
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.facts.network.padding import Sequences
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.moments import CellCounts
from mlpdoctor.statistics.rows import RowSample

SHOWN, WRITTEN = 100, 12
"""More columns than anybody reads; names in a line of code, beyond which one that finds them by itself is shorter."""
MANY = 0.25
"""Share of the features, all at the largest number of the table: white borders of images are less than that."""
ARRAY = re.compile(r"x\[\d+\]")
"""What the columns of an array without names are called."""


@check(
    "D704",
    Severity.ERROR,
    "the same in all {rows} rows: {which}{of}",
    stage=Stage.DATA,
    milder={Severity.NOTE: Part.NOTHING},
    worsens="any",
    untreatable="a constant column teaches nothing and harms little; leave it out of the file",
)
def constant_feature(
    factor: TargetFactor,
    passes: Passes,
    cells: CellCounts,
    sample: RowSample,
    position: LossPosition | None,
    entrance: Entrance | None,
    sequences: Sequences | None,
    *,
    steeper: float = 16.0,
) -> Iterator[Evidence]:
    """Features with the same value in every row.

    Why it matters
        Such a column tells nothing apart: it adds the same number to every row, and the bias does that already. Often
        it was filtered on, or filled by mistake. A Normalization layer divides it by zero, so that a later row with
        another value enters as a huge number. When no feature varies there is nothing to learn from.
    How to fix it
        Drop the columns; of sequences cut the padding. When all are constant, look at how the file was made.
    When it stays silent
        Columns that vary at all, such as a one-hot column that is rarely 1; a file of a single row. As long as other
        features vary it is a note: border pixels of images are constant in good data, too. It is a warning where the
        columns are so large that the loss bends several times as much along their weights as along any others, and the
        model is not done: a learning rate that suits the other features is then too high. So it is where two columns
        or more, a quarter of all, are at the largest number of the table. What is 0 only in float32 is left to D701.
    How sure
        Measured: each column is compared with its first row. When all are constant it is proved that no weights do
        better than the best constant: equal rows get equal predictions. How much the loss bends is the largest
        eigenvalue of the matrix of products of the inputs, with the columns and without.
    """
    width = factor.features
    spread = np.abs(factor.triangle[:, 1 : 1 + width]).max(axis=0)
    still = np.flatnonzero((spread == 0) & ~cells.vanished[:width])
    if factor.rows < 2 or not len(still):  # noqa: PLR2004  a single row varies in nothing
        return
    names = passes.dataset.feature_names
    which = listing([f"{names[k]} = {short(float(factor.origin[k]))}" for k in still])
    numbers: dict[str, Number] = {
        "of": f" ({len(still)} of {width} features)" if width > 1 else "",
        "columns": len(still),
        "width": width,
        "which": which,
        "rows": factor.rows,
        "values": {names[k]: float(factor.origin[k]) for k in still[:SHOWN]},
    }
    if len(still) == width:
        yield Evidence(
            numbers=numbers,
            certainty=Certainty.PROVED,
            why=f"All {factor.rows:,} rows enter alike: the network predicts the same for each, whatever its weights.",
            remedy=Remedy("look at how the file was made: the columns that vary were lost", "df.nunique()"),
            explains=None if position is None else position.share(position.constant),
            strength=1.0,
            verdict=f"There is nothing to learn from: no feature varies over the {factor.rows:,} rows, so the network "
            "has to predict the same for all of them.",
        )
        return
    times = _steeper(factor, still) if entrance is not None and all(door.raw for door in entrance.doors) else 1.0
    bends, lost = times >= steeper, _at_the_top(factor.origin[still], sample.features)
    why, zeros = _why(factor.origin[still], factor.rows), not factor.origin[still].any()
    padding = sequences.padded(still.tolist()) if sequences is not None and zeros else None
    told = "leave them out, here and in training; it changes the width of the input"
    remedy = padding or Remedy(told, _drop(names, still))
    verdict = f"A feature that never varies is large beside the others ({which}): the loss bends {short(times, 2)} "
    verdict += "times as much along its weights as along any others, and it tells nothing."
    if lost:
        verdict = f"{lost} of {width} features tell nothing: each is {short(float(sample.features.max()))} in every "
        verdict += "row, the largest number of all features. Clipping columns of larger numbers leaves just that."
        remedy = Remedy("see what was done to these columns: scale each by its own range rather than clip it")
    elif bends:
        why += f" But it is large: the loss bends {short(times, 2)} times as much as without it."
    at_rest = lost and position is not None and position.of_constant(position.model) >= AT_THE_CONSTANT
    near = Severity.WARNING if at_rest else Severity.NOTE  # there is nothing more to learn once so much is lost
    yield Evidence(
        numbers={**numbers, "steeper": times, "at_the_top": lost},
        certainty=Certainty.MEASURED,
        severity=severity(position, far=Severity.WARNING, near=near) if bends or lost else Severity.NOTE,
        why=why,
        remedy=remedy,
        strength=len(still) / width,
        verdict=verdict,
    )


def _at_the_top(values: Array, features: Array) -> int:
    """How many never vary and are the largest number of all, which is not 0: 0 where that is less than a quarter."""
    found = int((values == (top := features.max())).sum())
    return found if top != 0 and found >= max(2, MANY * features.shape[1]) else 0


def _steeper(factor: TargetFactor, still: npt.NDArray[np.intp]) -> float:
    """How many times as much the squares of ``[1, X]`` add up to along their longest direction as without columns."""
    moved = factor.uncentred[:, : 1 + factor.features]
    longest, rest = (np.linalg.norm(part, 2) for part in (moved, np.delete(moved, 1 + still, axis=1)))
    return float(np.square(longest / rest))


def _why(values: Array, rows: int) -> str:
    if (values == 0).all():
        return (
            f"With 0 in all {rows:,} rows a column gives its weights no gradient. Where it is one of a one-hot set, it "
            "is a category that these rows do not hold."
        )
    return f"Such a column adds the same number to all {rows:,} rows, which the bias does already."


def _drop(names: tuple[str, ...], still: npt.NDArray[np.intp]) -> str:
    if all(ARRAY.fullmatch(name) for name in names):
        listed = [int(k) for k in still] if len(still) <= WRITTEN else "np.ptp(x, axis=0) == 0"
        return f"x = np.delete(x, {listed}, axis=1)"
    if len(still) > WRITTEN:
        return "df = df.loc[:, df.nunique() > 1]"
    return f"df = df.drop(columns={[names[k] for k in still]})"
