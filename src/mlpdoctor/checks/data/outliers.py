"""D709: a few rows that carry most of the loss."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import coefficient, count, listing, percent, quoted, short
from mlpdoctor.engine.passes import flat
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.quartiles import OutputQuartiles, Quartiles
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.extremes import LossPeaks, TargetExtremes
from mlpdoctor.statistics.loss_sums import LossSums
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.row_sample import RowSample

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
TAIL = 6.0
"""Values that are no farther out than this on a logarithmic scale are the tail of amounts, not errors."""
LEARNED = 0.5
"""The model's typical error is half the spread of the targets or less: the other rows have been learned."""
WORTH_SHOWING = 0.01
"""Rows that carry a hundredth of the loss each are shown beside those that carry most of it."""
HARMLESS = 0.05
"""A model that has brought the loss so far down, as a share of the constant's, is not held up by single rows."""
EFFICIENT = 1.345
"""Huber's delta in standard deviations, which costs five percent where there are no outliers (Huber, 1981)."""


@dataclass(frozen=True, eq=False)
class Found:
    """Far rows of one part of the loss."""

    kind: str
    rows: int
    share: float
    numbers: Array
    values: Array
    distance: float
    spread: float


@check(
    "D709",
    Severity.WARNING,
    "{few} {share} of the {loss}{of}: {shown}",
    clears="outliers",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
    untreatable="whether a far row is a mistake or the point only their owner knows; look at the rows named",
)
def outliers(
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
    *,
    most_of_the_loss: float = 0.5,
    far: float = 10.0,
) -> Iterator[Evidence]:
    """A few rows that carry most of the loss.

    Why it matters
        A squared error counts a row that is a hundred times farther off ten thousand times as much. A handful of typing
        errors, or a code such as -999 for a missing value, then decides the loss, its gradient and the scale that
        targets are divided by, and the other rows hardly count. The loss looks stuck at the price of these rows.
    Remedy
        Look at the rows. Drop codes and errors; where the values are real use Huber's loss, or the logarithm of
        amounts.
    Stays quiet on
        Heavy tails that the model has learned, tables of fewer than 20 rows, losses of ratios and logarithms, classes.
        Amounts that are ordinary on a logarithmic scale are a note, and so are far rows beside which the model has
        learned the others.
    Certainty
        Measured: the loss of every row. Before training, the distance of every target from the mean. The spread of
        the other rows is taken from a sample.
    References
        Huber and Ronchetti, Robust Statistics, 2009.
    """
    rows = moments.rows
    if rows < LEAST_ROWS:
        return
    far *= 1 + UNSURE / rows
    for k, (place, column) in enumerate(zip(regression.places, regression.columns, strict=True)):
        bulk = quartiles.targets[k]
        if column >= len(extremes.low) or place >= len(peaks.values) or bulk.spread <= 0:
            continue
        found = _coded(extremes, moments, sample, column, bulk, far)
        learned = not training.never and position.of_constant(position.model) <= HARMLESS
        if found is None and not learned:
            if training.never:
                found = _far_targets(regression, k, extremes, moments, sample, bulk, most_of_the_loss, far)
            else:
                error = quartiles.errors[k]
                found = _far_errors(objective, place, peaks, sums, error, bulk, most_of_the_loss, far)
        if found is None:
            continue
        yield _evidence(found, regression, objective, quartiles, k, rows, untrained=training.never, learned=learned)


def _coded(
    extremes: TargetExtremes, moments: TargetMoments, sample: RowSample, column: int, bulk: Quartiles, far: float
) -> Found | None:
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
        if coded.mean() > MOST_CODED or ((others - inner) * np.sign(code - bulk.median) > 0).any():
            continue
        rows = int(same.sum()) if not same.all() else max(round(float(coded.mean()) * moments.rows), int(same.sum()))
        carried = rows * (code - moments.mean[column]) ** 2 / moments.squared[column]
        return Found("code", rows, min(float(carried), 1.0), numbers[same], values[same], 0.0, bulk.spread)
    return None


def _far_targets(
    regression: Regression,
    k: int,
    extremes: TargetExtremes,
    moments: TargetMoments,
    sample: RowSample,
    bulk: Quartiles,
    most: float,
    far: float,
) -> Found | None:
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
) -> Found | None:
    """Rows that carry most of the model's own loss."""
    cost, total = peaks.values[place], float(sums.sums[place])
    if error is None or not np.isfinite(total) or _how_many(cost, total, sums.rows, most) is None:
        return None
    limit = min(cost[_how_many(cost, total, sums.rows, most) or 0], max(WORTH_SHOWING * total, cost[-1]))
    part = objective.parts[place]
    shown: list[tuple[float, float, float]] = []
    for rows in objective.passes.rows():
        engine = objective.passes.engine
        if engine is None:
            return None
        read = np.concatenate([flat(output) for output in engine.forward(rows.features)], axis=1)
        values = objective.heads.values(rows.targets, read)[:, place]
        weighted = values if rows.weights is None else values * rows.weights
        own = part.targets(rows.targets)[:, 0]
        shown += [(weighted[i], rows.numbers[i], own[i]) for i in np.flatnonzero(weighted >= limit)]
    shown.sort(key=lambda one: (-one[0], one[1]))
    cost, numbers, targets = (np.array(part, np.float64) for part in zip(*shown, strict=True))
    return _few(cost, numbers, targets, total, sums.rows, bulk, most, far, "error")


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
) -> Found | None:
    """The far ones among the most costly rows, where these carry most of the total."""
    if total <= 0 or _how_many(cost, total, rows, most) is None:
        return None
    out = bulk.distance(values) >= far
    if float(cost[out].sum()) < most * total:
        return None
    distance = float(bulk.distance(values[out]).min())
    share = min(float(cost[out].sum()) / total, 1.0)
    return Found(kind, int(out.sum()), share, numbers[out], values[out], distance, bulk.spread)


def _evidence(
    found: Found,
    regression: Regression,
    objective: Objective,
    quartiles: OutputQuartiles,
    k: int,
    total: int,
    *,
    untrained: bool,
    learned: bool,
) -> Evidence:
    loss = regression.parts[k].loss.label
    name = objective.passes.dataset.target_names[regression.columns[k]]
    logarithm, error, bulk = quartiles.logarithms[k], quartiles.errors[k], quartiles.targets[k]
    tail = (
        found.kind != "code"
        and logarithm is not None
        and logarithm.spread > 0
        and bool((logarithm.distance(np.log1p(found.values)) <= TAIL).all())
    )
    others = not untrained and error is not None and error.spread <= LEARNED * bulk.spread
    shown = (
        f"{name} is {short(float(found.values[0]))} in each of them"
        if found.kind == "code"
        else listing(
            [f"{name} = {short(v)} in row {int(n) + 1:,}" for v, n in zip(found.values, found.numbers, strict=True)]
        )
    )
    typical = f"half of all rows have {name} within {short(0.675 * bulk.spread, 2)} of {short(bulk.median, 3)}"
    return Evidence(
        numbers={
            "few": f"{found.rows:,} of {total:,} rows {_carry(found.rows)}",
            "rows": found.rows,
            "total": total,
            "share": found.share,
            "loss": loss,
            "of": " of the best constant" if untrained or found.kind == "code" else "",
            "shown": shown,
            "kind": "tail" if tail else found.kind,
            "row_numbers": tuple(int(number) + 1 for number in found.numbers[:100]),
            "values": tuple(float(value) for value in found.values[:100]),
            "median": bulk.median,
            "spread": bulk.spread,
            "error_spread": None if error is None else error.spread,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE if tail or others or learned else Severity.WARNING,
        why=f"While {typical}, what lies far out decides the loss and its gradient."
        + (" The other rows have been learned all the same." if others else ""),
        remedy=_remedy(found, name, bulk if untrained or error is None else error, tail=tail),
        strength=found.share,
        verdict=_verdict(found, name, loss, total, untrained=untrained),
    )


def _remedy(found: Found, name: str, bulk: Quartiles, *, tail: bool) -> Remedy:
    if found.kind == "code":
        code = coefficient(float(found.values[0]))
        return Remedy(
            f"{code} looks like a code for a missing value: drop these rows, or fill them",
            f"df = df[df[{quoted(name)}] != {code}]",
        )
    if tail:
        return Remedy(
            f"{name} is an amount with a long tail: learn its logarithm, and turn predictions back with np.expm1",
            "y_train = np.log1p(y_train)",
        )
    delta = coefficient(EFFICIENT * bulk.spread)
    return Remedy(
        "look at these rows and drop those that are wrong; where they are right, use a loss they cannot decide alone",
        f"model.compile(optimizer, loss=keras.losses.Huber(delta={delta}))",
    )


def _verdict(found: Found, name: str, loss: str, total: int, *, untrained: bool) -> str:
    few = f"{count(found.rows, 'row')} of the {total:,}"
    if found.kind == "code":
        return (
            f"{few} have {name} = {short(float(found.values[0]))}, far from all others: it looks like a code for a "
            f"missing value, and it decides the {loss}."
        )
    carry = "will carry" if untrained else _carry(found.rows)
    return f"{few} {carry} {percent(found.share)} of the {loss}: the loss says little about the others."


def _carry(rows: int) -> str:
    return "carries" if rows == 1 else "carry"
