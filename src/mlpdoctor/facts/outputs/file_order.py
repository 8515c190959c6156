"""Whether the rows of a file come in an order, by which column, and what its last fifth lacks."""

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.generalisation import Unseen
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.statistics.losses_and_targets import TargetCounts
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.rows import RowOrder

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
FEWEST_CHUNKS = 20
"""So many means that only rise, or only fall, are no chance."""


@dataclass(frozen=True)
class SortedBy:
    """A feature that only rises, or only falls, from the top of the file to its end.

    Attributes:
        feature: its position.
        head: its least and greatest value in the first four fifths of the rows.
        tail: the same in the last fifth.
    """

    feature: int
    head: tuple[float, float]
    tail: tuple[float, float]


APART = 0.25
"""Means that differ by less than a quarter of the standard deviation are the same to a reader."""


class Order(StrEnum):
    """What shows that the rows are in an order."""

    CLASSES = "classes missing at the end"
    FEATURE = "a feature that only rises or only falls"
    END = "another mean at the end"
    TENTHS = "a mean that changes"


@dataclass(frozen=True)
class FileOrder:
    """The order of the rows.

    Attributes:
        rows: that are usable.
        target: the target column that is most in order.
        share: of its variance that lies between tenths of the file, beyond what chance gives; 0 if in doubt.
        head_mean: its mean in the first four fifths of the rows.
        tail_mean: in the last fifth.
        deviation: its standard deviation.
        tenths: its mean in each tenth.
        classes: whether the targets are class labels.
        missing: the classes that the last fifth lacks, although a shuffled file would hardly do so.
        by: a feature that the rows are sorted by, or None.
    """

    rows: int
    target: int
    share: float
    head_mean: float
    tail_mean: float
    deviation: float
    tenths: tuple[float, ...]
    classes: bool
    missing: tuple[str, ...]
    by: SortedBy | None

    @property
    def case(self) -> Order:
        """What shows it best."""
        if self.missing:
            return Order.CLASSES
        if self.by is not None:
            return Order.FEATURE
        return Order.END if abs(self.tail_mean - self.head_mean) >= APART * self.deviation else Order.TENTHS


@fact
def file_order(
    order: RowOrder,
    moments: TargetMoments,
    counts: TargetCounts,
    passes: Passes,
    heads: Heads | None,
    unseen: Unseen | None,
) -> FileOrder | Absent:
    """Look for an order in every target and every feature."""
    if unseen is not None and unseen.shuffled:
        return Absent("train_test_split shuffled the rows", applicable=False)
    rows = int(order.rows.sum())
    if rows < LEAST_ROWS:
        return Absent(f"{rows} rows are too few to tell an order from chance", applicable=False)
    shares = [_in_order(order, moments, k) for k in range(order.targets)]
    k = int(np.argmax(shares))
    end = _end(order)
    tail, head = (float(order.sums[part, k].sum() / order.rows[part].sum()) for part in (end, ~end))
    classes = heads is not None and all(_labels(one.takes, counts) for one in heads.heads)
    return FileOrder(
        rows=rows,
        target=k,
        share=shares[k],
        head_mean=head,
        tail_mean=tail,
        deviation=float(moments.deviation[k]),
        tenths=tuple(float(mean) for mean in _tenths(order, k)[1]),
        classes=classes,
        missing=tuple(_missing(order, counts, end, passes.dataset.target_names)) if classes else (),
        by=_sorted_by(order, end),
    )


def _sorted_by(order: RowOrder, end: Chosen) -> SortedBy | None:
    """The first feature whose means only rise, or only fall, from chunk to chunk."""
    seen = order.rows > 0
    if seen.sum() < FEWEST_CHUNKS:
        return None
    for column in range(order.targets, order.sums.shape[1]):
        steps = np.diff(order.sums[seen, column] / order.rows[seen])
        if steps.any() and ((steps >= 0).all() or (steps <= 0).all()):
            head, tail = (
                (float(order.low[part, column].min()), float(order.high[part, column].max())) for part in (~end, end)
            )
            return SortedBy(column - order.targets, head, tail)
    return None


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
    if order.targets > 1:
        sums = order.sums[:, : order.targets].sum(axis=0)
        absent = (sums > 0) & (order.sums[end, : order.targets].sum(axis=0) == 0)
        held = [(names[k], int(sums[k])) for k in np.flatnonzero(absent)]
    elif (column := counts.columns[0]) is not None:
        low, high = order.low[end, 0].min(), order.high[end, 0].max()
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
