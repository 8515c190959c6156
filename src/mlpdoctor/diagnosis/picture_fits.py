"""What a page shows of data and predictions: a sample of rows, the surface between them, confusions of classes."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Absent
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.pictures import Fit, Numbers, Surface
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine.passes import Engine
from mlpdoctor.facts.ladder.bounds import KnotBound
from mlpdoctor.facts.ladder.linear_floor import LinearFloor
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.class_record import tells_classes
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetValues

MOST_FITS = 4
"""Targets that are shown."""
BINS = 10
GRID, MAP = 201, 41
"""Points at which a prediction is drawn between the rows: along one feature; along either of two."""
MARGIN = 0.06
"""Beyond the data on either side, as a share of their range."""
MOST_JUDGED = 500
"""Features that are looked through for those that tell of the residuals."""
MOST_KINKS, MOST_BLOCKS = 16, 240


@dataclass(frozen=True, eq=False)
class Shown:
    """The rows that are shown.

    Attributes:
        features: shape (rows, features).
        targets: shape (rows, target columns).
        names: of the features.
        target_names: of the target columns.
    """

    features: Array
    targets: Array
    names: tuple[str, ...]
    target_names: tuple[str, ...]


def fits(rows: Shown, objective: Objective, engine: Engine, resolver: FactResolver) -> tuple[tuple[Fit, ...], int]:
    """Each target beside its prediction, as many as are shown; and how many there are."""
    values = resolver.get(TargetValues)
    linear, bound = resolver.get(LinearFloor), resolver.get(KnotBound)
    found: list[Fit] = []
    many = 0
    surface = _grid(rows.features)
    heads = objective.heads.heads
    block = objective.passes.block_rows
    read = read_by(heads, engine, rows.features, block)
    between = None if surface is None else read_by(heads, engine, _points(surface), block)
    place = 0
    for head in heads:
        classes = not isinstance(values, Absent) and tells_classes(head, values)
        encoded, own = head.targets(rows.targets), answers(head, head.read(read), classes=classes)
        single = classes and head.units > 1 and bool((encoded.sum(axis=1) == 1).all())
        width = 1 if single else head.units
        for unit in range(width):
            many += 1
            if len(found) >= MOST_FITS:
                continue
            part = place if head.loss.joint else place + unit
            truth = encoded.argmax(axis=1).astype(float) if single else encoded[:, unit]
            prediction = own.argmax(axis=1).astype(float) if single else own[:, unit]
            drawn = None
            if surface is not None and between is not None:
                over = answers(head, head.read(between), classes=classes)
                at = over.argmax(axis=1).astype(float) if single else over[:, unit]
                line = () if single else _line(head, linear, part, surface)
                pieces = () if classes or isinstance(bound, Absent) else _pieces(rows.features, truth, bound.kinks)
                drawn = Surface(surface.x, surface.y, _numbers(at), line, pieces)
            name = rows.target_names[head.column_of(unit)] if head.columns > unit or head.columns == 1 else head.name
            shown = _telling(rows.features, truth - prediction)
            found.append(
                Fit(
                    target=name,
                    inputs=rows.features.shape[1],
                    features=tuple(rows.names[k] for k in shown),
                    columns=tuple(_numbers(rows.features[:, k]) for k in shown),
                    truth=_numbers(truth),
                    prediction=_numbers(prediction),
                    classes=(head.units if single else 2) if classes else 0,
                    surface=drawn,
                )
            )
        place += 1 if head.loss.joint else head.units
    return tuple(found), many


def answers(head: OutputHead, read: Array, *, classes: bool) -> Array:
    """What an output predicts as people read it: probabilities of classes where it gives logits of them."""
    if not (head.behind or (classes and getattr(head.loss, "from_logits", False))):
        return read
    with np.errstate(all="ignore"):
        if head.loss.joint:
            grown = np.exp(read - read.max(axis=1, keepdims=True))
            shares: Array = grown / grown.sum(axis=1, keepdims=True)
            return shares
        return 1 / (1 + np.exp(-read))


def _line(head: OutputHead, linear: LinearFloor | Absent, part: int, surface: Surface) -> Numbers:
    """What the best affine predictor of one feature predicts on the grid."""
    if isinstance(linear, Absent) or surface.y or part >= len(linear.fits):
        return ()
    rows = linear.fits[part].coefficients
    if len(rows) != 1 or len(rows[0]) != 2:  # noqa: PLR2004  intercept and slope
        return ()
    raw = rows[0][0] + rows[0][1] * np.array(surface.x)
    loss = head.loss
    with np.errstate(all="ignore"):
        if isinstance(loss, ConvexLoss) and loss.link == "log":
            raw = np.exp(raw)
        elif isinstance(loss, ConvexLoss) and loss.link != "identity":
            raw = 1 / (1 + np.exp(-raw))
    return _numbers(raw)


def _grid(features: Array) -> Surface | None:
    width = features.shape[1]
    if width not in (1, 2):
        return None
    ends = []
    for column in features.T:
        low, high = float(column.min()), float(column.max())
        room = MARGIN * (high - low) or 1.0
        ends.append(np.linspace(low - room, high + room, GRID if width == 1 else MAP))
    return Surface(_numbers(ends[0]), () if width == 1 else _numbers(ends[1]))


def _points(surface: Surface) -> Array:
    if not surface.y:
        return np.array(surface.x)[:, None]
    x, y = np.meshgrid(surface.x, surface.y)
    return np.column_stack([x.ravel(), y.ravel()])


def _telling(features: Array, residual: Array) -> tuple[int, ...]:
    """All of one or two features; else those two whose bins tell the residuals apart best (the correlation ratio)."""
    width = features.shape[1]
    if width <= 2:  # noqa: PLR2004  as many as a figure has axes
        return tuple(range(width))
    centred = residual - residual.mean()
    total = float(np.square(centred).sum())
    if not total > 0:
        return (0, 1)
    ratio = np.zeros(width)
    for k in range(min(width, MOST_JUDGED)):
        order = np.argsort(features[:, k], kind="stable")
        if features[order[0], k] < features[order[-1], k]:
            bins = np.array_split(centred[order], min(BINS, len(order)))
            ratio[k] = sum(float(one.sum()) ** 2 / len(one) for one in bins if len(one)) / total
    first, second = np.argsort(-ratio, kind="stable")[:2]
    return int(first), int(second)


def _pieces(features: Array, truth: Array, kinks: int) -> tuple[tuple[float, float, float, float], ...]:
    """The separate lines, one more than kinks, that fit the rows best: what no line with these kinks gets below.

    Bellman's dynamic programming on the sorted rows, in blocks where they are many.
    """
    if kinks > MOST_KINKS or features.shape[1] != 1:
        return ()
    order = np.argsort(features[:, 0], kind="stable")
    blocks = np.array_split(order, min(len(order), MOST_BLOCKS))
    x, y = features[:, 0] - features[:, 0].mean(), truth
    sums = np.array([[len(b), x[b].sum(), y[b].sum(), x[b] @ x[b], x[b] @ y[b], y[b] @ y[b]] for b in blocks])
    total = np.vstack([np.zeros(6), sums.cumsum(axis=0)])
    n, sx, sy, xx, xy, yy = np.moveaxis(total[None, :, :] - total[:, None, :], 2, 0)
    n = np.maximum(n, 1)
    spread = xx - sx * sx / n
    slope = np.divide(xy - sx * sy / n, spread, out=np.zeros_like(spread), where=spread > 0)
    cost = np.maximum(yy - sy * sy / n - slope * (xy - sx * sy / n), 0.0)
    cost[np.tril_indices(len(cost))] = np.inf
    np.fill_diagonal(cost, 0.0)
    best, back = cost[0], []
    for _ in range(min(kinks, len(blocks) - 1)):
        ways = best[:, None] + cost
        back.append(ways.argmin(axis=0))
        best = ways.min(axis=0)
    ends = [len(blocks)]
    for step in reversed(back):
        ends.append(int(step[ends[-1]]))
    cuts = sorted({0, *ends})
    middle = float(features[:, 0].mean())
    return tuple(_piece(blocks, slice(a, b), (x, y), middle) for a, b in pairwise(cuts))


def _piece(
    blocks: Sequence[npt.NDArray[np.intp]], part: slice, at: tuple[Array, Array], middle: float
) -> tuple[float, float, float, float]:
    rows = np.concatenate(blocks[part])
    x, y = at[0][rows], at[1][rows]
    spread = float(np.square(x - x.mean()).sum())
    slope = float((x - x.mean()) @ y) / spread if spread > 0 else 0.0
    left, right = float(x.min()), float(x.max())
    return (
        left + middle,
        float(y.mean() + slope * (left - x.mean())),
        right + middle,
        float(y.mean() + slope * (right - x.mean())),
    )


def _numbers(values: Array) -> Numbers:
    return tuple(float(value) for value in values)
