"""D708: rows that come in the order of their targets."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import listing, percent, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.targets import TargetKind
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.row_order import RowOrder
from mlpdoctor.statistics.target_values import TargetCounts

Chosen = npt.NDArray[np.bool_]
"""Which chunks of the file are meant."""
LEAST_ROWS = 20
"""Below it a run of good luck looks like an order."""
BLOCKS = 10
"""Tenths of the file: an order that matters to a split or to an epoch shows in them."""
LAST = 0.2
"""The share at the end of the file that ``validation_split=0.2`` takes."""
CHANCE = 6.0
"""Standard errors from what shuffled rows show; one file in 10^9 gets there by chance."""
PERFECT = 0.8
"""Few rows cannot be that far from chance: they must come so near to perfect order; of 20 rows one in 5,000 does."""
UNLIKELY = 1e-3
"""Chance that a shuffled file would lack these classes at its end, below which the order is to blame."""


@check(
    "D708",
    Severity.WARNING,
    "the rows are in the order of {name}: {difference}",
    clears="the order of the rows",
    stage=Stage.DATA,
    untreatable="a trial shuffles the rows for both sides, so that their order costs neither anything",
)
def sorted_rows(
    order: RowOrder,
    moments: TargetMoments,
    counts: TargetCounts,
    passes: Passes,
    heads: Heads | None,
    position: LossPosition | None,
    *,
    ordered_share: float = 0.25,
) -> Iterator[Evidence]:
    """Rows that come in the order of their targets.

    Why it matters
        Keras's ``validation_split`` takes the last rows of the file before it shuffles anything. Where the targets
        are in order, the model is trained on one part of their range and judged on another: the validation loss says
        nothing, and early stopping acts on it. With ``shuffle=False``, or a generator that reads the file from the top,
        batches are all of a kind and each one undoes the last.
    Remedy
        Shuffle the rows once, before they are split.
    Stays quiet on
        Files of fewer than 20 rows, and orders that explain less than a quarter of the target's variance. It is a note
        for numbers, as in a curve sampled from left to right: ``fit`` shuffles by default. It is a warning for class
        labels in blocks, where the last fifth lacks classes, unless the model has learned in spite of it.
    Certainty
        Measured on all rows: the variance between tenths of the file, and the ratio of von Neumann, which for labels
        0 and 1 is the number of runs of Wald and Wolfowitz.
    References
        von Neumann, Distribution of the ratio of the mean square successive difference to the variance, 1941.
        Wald and Wolfowitz, On a test whether two samples are from the same population, 1940.
    """
    rows = int(order.rows.sum())
    if rows < LEAST_ROWS:
        return
    names = passes.dataset.target_names
    found = [_in_order(order, moments, k) for k in range(order.sums.shape[1])]
    k = int(np.argmax(found))
    if found[k] < ordered_share:
        return
    end = _end(order)
    tail, head = (float(order.sums[part, k].sum() / order.rows[part].sum()) for part in (end, ~end))
    classes = heads is not None and all(_labels(head.takes, counts) for head in heads.heads)
    missing = _missing(order, counts, end, names) if classes else []
    hurt = position is None or not position.trained or position.far
    name = "class" if classes and len(names) > 1 else names[k]
    difference = (
        f"the last fifth of the rows holds none of {listing(missing)}"
        if missing
        else f"its mean is {short(head, 3)} in the first four fifths of the rows and {short(tail, 3)} in the last"
    )
    yield Evidence(
        numbers={
            "name": name,
            "difference": difference,
            "rows": rows,
            "between_share": found[k],
            "head_mean": head,
            "tail_mean": tail,
            "missing_at_the_end": tuple(missing),
            "tenth_means": tuple(float(mean) for mean in _tenths(order, k)[1]),
        },
        certainty=Certainty.MEASURED,
        severity=Severity.WARNING if missing and hurt else Severity.NOTE,
        why=f"The place in the file alone explains {percent(found[k])} of its variance. validation_split=0.2 would "
        "take the last fifth as it is and judge the model on other targets than it was trained on.",
        remedy=Remedy("shuffle the rows once, before splitting them", "df = df.sample(frac=1, random_state=0)"),
        strength=min(found[k], 1.0),
        verdict=f"The rows are sorted by {name}: {difference}. Split or fed to the model in this order, training "
        "and validation see different targets; shuffle the rows first.",
    )


def _tenths(order: RowOrder, column: int) -> tuple[Array, Array]:
    """Rows and means of up to ten stretches of the file with about as many rows each."""
    seen = order.rows > 0
    rows, sums = order.rows[seen].astype(np.float64), order.sums[seen, column]
    place = np.minimum((np.cumsum(rows) - rows / 2) / rows.sum() * BLOCKS, BLOCKS - 1).astype(int)
    weight = np.bincount(place, rows, BLOCKS).astype(np.float64)
    full = weight > 0
    means: Array = np.bincount(place, sums, BLOCKS)[full] / weight[full]
    return weight[full], means


def _in_order(order: RowOrder, moments: TargetMoments, column: int) -> float:
    """The share of the target's variance between tenths of the file, beyond what chance gives; 0 if in doubt.

    Args:
        order: chunks of the file.
        moments: of the targets on all rows.
        column: which of them.
    """
    if moments.low[column] == moments.high[column]:
        return 0.0
    seen = order.rows > 0
    means = order.sums[seen, column] / order.rows[seen]
    spread = float(np.square(means - means.mean()).sum())
    if spread == 0:
        return 0.0
    ratio = float(np.square(np.diff(means)).sum()) / spread
    # Shuffled rows have a ratio of 2 with a standard deviation of 2 / sqrt(n), rows in perfect order one near 0.
    if (2 - ratio) * np.sqrt(len(means)) / 2 < min(CHANCE, PERFECT * np.sqrt(len(means))):
        return 0.0
    weight, tenths = _tenths(order, column)
    explained = float(weight @ np.square(tenths - moments.mean[column])) / float(moments.squared[column])
    return max(explained - (len(tenths) - 1) / float(weight.sum()), 0.0)


def _end(order: RowOrder) -> Chosen:
    """The chunks in the last fifth of the rows; the last one at least."""
    before = np.cumsum(order.rows) - order.rows
    end: Chosen = before >= (1 - LAST) * order.rows.sum()
    end[-1] = True
    return end


def _labels(kind: TargetKind, counts: TargetCounts) -> bool:
    """Whether the targets of a loss are class labels here."""
    if kind is TargetKind.CLASS or kind is TargetKind.SIGN:
        return True
    binary = (column is not None and column.keys() <= {0.0, 1.0} for column in counts.columns)
    return kind is TargetKind.UNIT and all(binary)


def _missing(order: RowOrder, counts: TargetCounts, end: Chosen, names: tuple[str, ...]) -> list[str]:
    """The classes that the last fifth lacks although a shuffled file would hardly do so."""
    rows, tail = int(order.rows.sum()), int(order.rows[end].sum())
    if order.sums.shape[1] > 1:
        sums = order.sums.sum(axis=0)
        absent = (sums > 0) & (order.sums[end].sum(axis=0) == 0)
        held = [(names[k], int(sums[k])) for k in np.flatnonzero(absent)]
    elif (column := counts.columns[0]) is not None:
        low, high = order.low[end].min(), order.high[end].max()
        held = [(f"class {value:g}", number) for value, number in column.items() if not low <= value <= high]
    else:
        return []
    lacking = min(sum(number for _, number in held), rows)
    return [name for name, _ in held] if held and _chance(rows, lacking, tail) < UNLIKELY else []


def _chance(rows: int, lacking: int, tail: int) -> float:
    """How likely the last rows of a shuffled file hold none of so many: hypergeometric."""
    if lacking + tail > rows:
        return 0.0
    return math.exp(_log_choose(rows - lacking, tail) - _log_choose(rows, tail))


def _log_choose(whole: int, part: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)
