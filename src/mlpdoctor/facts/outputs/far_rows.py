"""Rows whose targets, or whose errors, lie so far out that a few of them decide the loss."""

from functools import partial

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.regression import OutputQuartiles, Quartiles, Regression
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.heads import Heads
from mlpdoctor.statistics.losses_and_targets import LossPeaks, LossSums, TargetExtremes
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.rows import RowSample
from mlpdoctor.statistics.views import Rows

LEAST_ROWS = 20
"""Of fewer rows each one carries much of the loss."""
UNSURE = 30.0
"""Quartiles of few rows may lie too close together: of so many rows, values have to be twice as far out."""
FEW = 0.01
"""One row in a hundred; at most as many as are kept to be shown."""
COPIES = 3
"""So often the same far value is a code, not a measurement."""
MOST_CODED = 0.2
"""A value in more rows than this is part of what there is to learn."""
GAP = 0.5
"""Nothing else lies in the outer half of the way from the median to a code: a cap has values next to it."""
AS_LARGE = 0.25
"""A value that is as far from zero as the others are on the other side, to a quarter, is an end of their range."""
WORTH_SHOWING = 0.01
"""Rows that carry a hundredth of the loss each are shown beside those that carry most of it."""
TAIL = 6.0
"""Values that are no farther out than this on a logarithmic scale are the tail of amounts, not errors."""


@dataclass(frozen=True, eq=False)
class FarRows:
    """Far rows of one part of the loss.

    Attributes:
        kind: ``code`` for one value in several rows, ``target`` or ``error`` for values that differ.
        rows: how many there are.
        share: of the loss that they carry.
        numbers: of the rows, from 0 on.
        values: their targets.
        distance: of the nearest of them from the median, in spreads.
        spread: of the bulk of the targets.
    """

    kind: str
    rows: int
    share: float
    numbers: Array
    values: Array
    distance: float
    spread: float

    def tail(self, logarithm: Quartiles | None) -> bool:
        """Whether they are the tail of amounts: ordinary on a logarithmic scale."""
        return (
            self.kind != "code"
            and logarithm is not None
            and logarithm.spread > 0
            and bool((logarithm.distance(np.log1p(self.values)) <= TAIL).all())
        )


@dataclass(frozen=True, eq=False)
class OutlierSearch:
    """What reads far rows of one part after another, with thresholds that are the user's."""

    regression: Regression
    objective: Objective
    extremes: TargetExtremes
    moments: TargetMoments
    peaks: LossPeaks
    sums: LossSums
    quartiles: OutputQuartiles
    sample: RowSample
    position: LossPosition
    never_trained: bool

    @property
    def learned(self) -> bool:
        """Whether the model has brought the loss down whatever single rows do."""
        return not self.never_trained and self.position.low

    def of(self, k: int, most: float, far: float) -> FarRows | None:
        """The far rows of one part of the regression.

        Args:
            k: position of the part.
            most: share of the loss from which they decide it.
            far: distance from the median, in spreads of the bulk.
        """
        place, column = self.regression.places[k], self.regression.columns[k]
        bulk = self.quartiles.targets[k]
        if column >= len(self.extremes.low) or place >= len(self.peaks.values) or bulk.spread <= 0:
            return None
        far *= 1 + UNSURE / self.moments.rows
        found = _coded(self.extremes, self.moments, self.sample, column, bulk, far)
        if found is not None or self.learned:
            return found
        if self.never_trained:
            return _far_targets(self.regression, k, self.extremes, self.moments, self.sample, bulk, most, far)
        return _far_errors(self.objective, place, self.peaks, self.sums, self.quartiles.errors[k], bulk, most, far)


@fact
def outlier_search(
    regression: Regression,
    objective: Objective,
    extremes: TargetExtremes,
    moments: TargetMoments,
    peaks: LossPeaks,
    sums: LossSums,
    quartiles: OutputQuartiles,
    sample: RowSample,
    position: LossPosition,
    training: Training,
) -> OutlierSearch | Absent:
    """Put together what the search reads."""
    if moments.rows < LEAST_ROWS:
        return Absent(f"{moments.rows} rows are too few: each one carries much of the loss", applicable=False)
    return OutlierSearch(
        regression, objective, extremes, moments, peaks, sums, quartiles, sample, position, training.never
    )


def _coded(
    extremes: TargetExtremes, moments: TargetMoments, sample: RowSample, column: int, bulk: Quartiles, far: float
) -> FarRows | None:
    """One value, far from all others, in several rows."""
    ends = (extremes.low[column], extremes.low_rows[column]), (extremes.high[column], extremes.high_rows[column])
    for values, numbers in ends:
        code = values[0]
        same = values == code
        if same.sum() < COPIES or float(bulk.distance(code)) < far:
            continue
        drawn = sample.targets[:, column]
        coded = drawn == code
        others = np.concatenate([values[~same], drawn[~coded]])
        inner = bulk.median + GAP * (code - bulk.median)
        beyond = ((others - inner) * np.sign(code - bulk.median) > 0).any()
        if beyond or coded.mean() > MOST_CODED or _ordinary_end(float(code), others):
            continue
        rows = int(same.sum()) if not same.all() else max(round(float(coded.mean()) * moments.rows), int(same.sum()))
        carried = rows * (code - moments.mean[column]) ** 2 / moments.squared[column]
        return FarRows("code", rows, min(float(carried), 1.0), numbers[same], values[same], 0.0, bulk.spread)
    return None


def _ordinary_end(code: float, others: Array) -> bool:
    """Whether a value is about as large as the others are on the other side: the end of a range such as -1 to 1."""
    across = float(np.max(-others if code > 0 else others))
    return across / (1 + AS_LARGE) <= abs(code) <= across * (1 + AS_LARGE)


def _far_targets(
    regression: Regression,
    k: int,
    extremes: TargetExtremes,
    moments: TargetMoments,
    sample: RowSample,
    bulk: Quartiles,
    most: float,
    far: float,
) -> FarRows | None:
    """Targets that carry most of the constant's loss."""
    column = regression.columns[k]
    values = np.concatenate([extremes.low[column], extremes.high[column]])
    numbers = np.concatenate([extremes.low_rows[column], extremes.high_rows[column]])
    numbers, first = np.unique(numbers, return_index=True)
    values = values[first]
    if regression.parts[k].loss.names[0] == "mse":
        cost, total = np.square(values - moments.mean[column]), float(moments.squared[column])
    else:
        cost = np.abs(values - bulk.median)
        total = float(np.abs(sample.targets[:, column] - bulk.median).mean()) * moments.rows
    order = np.argsort(-cost, kind="stable")
    return _few(cost[order], numbers[order], values[order], total, moments.rows, bulk, most, far, "target")


def _far_errors(
    objective: Objective,
    place: int,
    peaks: LossPeaks,
    sums: LossSums,
    error: Quartiles | None,
    bulk: Quartiles,
    most: float,
    far: float,
) -> FarRows | None:
    """Rows that carry most of the model's own loss."""
    cost, total = peaks.values[place], float(sums.sums[place])
    if error is None or not np.isfinite(total) or _how_many(cost, total, sums.rows, most) is None:
        return None
    limit = min(cost[_how_many(cost, total, sums.rows, most) or 0], max(WORTH_SHOWING * total, cost[-1]))
    engine = objective.passes.engine
    if engine is None:
        return None
    found = objective.passes.kept(partial(_costly, engine, objective.heads, place, limit))
    shown = [one for block in found for one in block]
    shown.sort(key=lambda one: (-one[0], one[1]))
    cost, numbers, targets = (np.array(part, np.float64) for part in zip(*shown, strict=True))
    return _few(cost, numbers, targets, total, sums.rows, bulk, most, far, "error")


def _costly(engine: Engine, heads: Heads, place: int, limit: float, rows: Rows) -> list[tuple[float, float, float]]:
    """Of the rows on which a part loses so much: their loss, number and target."""
    read = np.concatenate([flat(output) for output in engine.forward(rows.features)], axis=1)
    values = heads.values(rows.targets, read)[:, place]
    weighted = values if rows.weights is None else values * rows.weights
    own = heads.parts[place].targets(rows.targets)[:, 0]
    return [(weighted[i], rows.numbers[i], own[i]) for i in np.flatnonzero(weighted >= limit)]


def _how_many(cost: Array, total: float, rows: int, most: float) -> int | None:
    """The position of the row with which the most costly ones carry so much; None where they are no few."""
    carried = np.flatnonzero(np.cumsum(cost) >= most * total)
    allowed = max(1, min(len(cost), int(FEW * rows)))
    return int(carried[0]) if len(carried) and carried[0] < allowed else None


def _few(
    cost: Array,
    numbers: Array,
    values: Array,
    total: float,
    rows: int,
    bulk: Quartiles,
    most: float,
    far: float,
    kind: str,
) -> FarRows | None:
    """The far ones among the most costly rows, where these carry most of the total."""
    if total <= 0 or _how_many(cost, total, rows, most) is None:
        return None
    out = bulk.distance(values) >= far
    if float(cost[out].sum()) < most * total:
        return None
    share, distance = min(float(cost[out].sum()) / total, 1.0), float(bulk.distance(values[out]).min())
    return FarRows(kind, int(out.sum()), share, numbers[out], values[out], distance, bulk.spread)
