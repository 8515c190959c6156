"""Whether predictions go with the targets, and what they would cost with their level and their size put right.

A loss at or above the best constant's does not say that nothing was learned: a classifier that was trained with class
weights, or on oversampled rows, ranks rows well and puts all probabilities too high; one that is too sure of itself
ranks them well, too. Ranks tell this apart: the area under the ROC curve for classes (Mann and Whitney, On a test of
whether one of two random variables is stochastically larger than the other, 1947), Spearman's correlation for numbers.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.loss_position import FAR, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.nn.heads import Heads, Part
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.rows import RowSample

CHANCE = 2.0
"""Standard errors within which chance alone puts an order: in one model of twenty it is farther out."""
CLEAR = 3.0
"""Standard errors from which the predictions do order the rows."""
FACTORS = tuple(2.0 ** (power / 4) for power in range(-40, 13))
"""What logits are multiplied by to make them less, or more, sure."""
ROUNDS = 30
"""Steps in which the mean probabilities come to the shares of the classes."""
MOST_PARTS = 16
"""Of more parts those in which the best constant loses most show what there is to see; images would take minutes."""
MOST_CELLS = 1 << 19
"""Numbers looked at; of wide outputs fewer rows are."""
LEAST = 1e-12
"""No probability is taken to be nearer to 0 or 1 than this."""


@dataclass(frozen=True)
class PartOrder:
    """How the predictions of one part of the loss go with its targets.

    Attributes:
        name: of the part.
        classes: whether the targets are classes.
        value: Spearman's rank correlation; for classes twice the area under the ROC curve less one, which is the rank
            correlation of a class with a number.
        error: its standard error if the two had nothing to do with each other.
        spread: standard deviation of the predictions over that of the targets; of several units the largest.
        levels: mean prediction of each unit.
        goals: mean target of each unit.
        model: loss of the predictions as they are, on these rows.
        constant: loss of the best constant.
        shifted: loss with the mean of the predictions put right.
        scaled: loss with their size put right: logits that are surer, or less sure.
        calibrated: loss with both.
        shift: what to add to what the loss reads, after multiplying it.
        factor: what to multiply it by.
        layer: the layer whose bias the shift could be added to; None where there is none.
    """

    name: str
    classes: bool
    value: float
    error: float
    spread: float
    levels: tuple[float, ...]
    goals: tuple[float, ...]
    model: float
    constant: float
    shifted: float
    scaled: float
    calibrated: float
    shift: tuple[float, ...]
    factor: float
    layer: str | None = None


@dataclass(frozen=True)
class PredictionOrder:
    """The same for all parts whose targets vary, and for the loss as a whole.

    Attributes:
        parts: one a part.
        value: mean of the parts' by what the best constant loses in each.
        error: its standard error by chance, as if the parts went together.
        gained: what the calibrated predictions save against the best constant, as a share of the constant's loss.
        rows: that were looked at.
    """

    parts: tuple[PartOrder, ...]
    value: float
    error: float
    gained: float
    rows: int

    @property
    def classes(self) -> bool:
        """Whether all targets are classes, so that an area under the ROC curve says more."""
        return all(part.classes for part in self.parts)

    @property
    def unordered(self) -> bool:
        """Whether the order is what chance alone gives."""
        return abs(self.value) <= CHANCE * self.error

    @property
    def ordered(self) -> bool:
        """Whether predictions rise with the targets, beyond chance."""
        return self.value > CLEAR * self.error

    def learned(self, position: LossPosition) -> bool:
        """Whether the predictions, with level and size put right, come half of the way to the best known loss."""
        return self.ordered and self.gained >= FAR * (1 - position.of_constant(position.reach)) > 0

    @property
    def spread(self) -> float:
        """Standard deviation of the predictions over that of the targets, the largest."""
        return max(part.spread for part in self.parts)


@fact
def prediction_order(objective: Objective, sample: RowSample, position: LossPosition) -> PredictionOrder | Absent:
    """Run the sampled rows once more and compare their order with that of the targets."""
    if not position.no_better and not position.barely:
        return Absent("the model does better than any constant", applicable=False)
    passes, heads = objective.passes, objective.heads.heads
    if passes.engine is None:
        return Absent("the network cannot be run")
    if len(sample.features) * sum(head.units for head in heads) > MOST_CELLS:
        sample = sample.few
    read = read_by(heads, passes.engine, sample.features, passes.block_rows)
    if not np.isfinite(read).all():
        return Absent("the model's predictions are not finite")
    weights = np.ones(len(read)) if sample.weights is None else sample.weights
    judged = []
    for part in objective.parts:
        own = part.targets(sample.targets)
        size = part.weight * _constant(part, own, weights)
        if size > 0:
            judged.append((size, part, own))
    if not judged:
        return Absent("the targets are constant", applicable=False)
    judged = sorted(judged, key=lambda one: -one[0])[:MOST_PARTS]
    found = []
    for _, part, own in judged:
        units = part.head.read(read)
        found.append(_of(part, own, units if part.unit is None else units[:, [part.unit]], weights))
    whole = sum(size for size, _, _ in judged)
    shares = np.array([size for size, _, _ in judged]) / whole
    return PredictionOrder(
        tuple(found),
        float(shares @ [one.value for one in found]),
        float(shares @ [one.error for one in found]),
        sum(part.weight * (one.constant - one.calibrated) for (_, part, _), one in zip(judged, found, strict=True))
        / whole,
        len(read),
    )


def _constant(part: Part, targets: Array, weights: Array) -> float:
    """What the best constant loses on these rows above perfect predictions."""
    least = part.loss.best(np.zeros(len(targets), np.intp), targets, weights)[0, 0]
    return float(least - weights @ part.loss.nearest(targets, -np.inf, np.inf)[:, 0]) / float(weights.sum())


def _of(part: Part, targets: Array, read: Array, weights: Array) -> PartOrder:
    loss = part.loss
    logits = isinstance(loss, ConvexLoss) and loss.link == "logit"
    with np.errstate(all="ignore"):
        z = _logits(part, read) if logits else read
        shown = loss.answer(z) if logits and isinstance(loss, ConvexLoss) else read
        value, error, classes = _order(targets, shown)
        spread, own = shown.std(axis=0), targets.std(axis=0)

        def mean(cost: Array) -> float:
            return float(np.average(cost, weights=weights))

        model = mean(loss.values(targets, read)[:, 0])
        level = loss.best(np.zeros(len(targets), np.intp), targets, weights)[0, 0] / weights.sum()
        if logits and isinstance(loss, ConvexLoss):
            fits = _recalibrated(loss, targets, z, weights, mean)
        else:
            fits = _on_a_line(targets, read, weights, lambda moved: mean(loss.values(targets, moved)[:, 0]))
    shifted, scaled, calibrated, shift, factor = (model, model, model, (0.0,) * read.shape[1], 1.0)
    if fits is not None and np.isfinite(fits[:3]).all():
        shifted, scaled, calibrated, shift, factor = fits
    return PartOrder(
        name=part.name,
        classes=classes,
        value=value,
        error=error,
        spread=float((spread[own > 0] / own[own > 0]).max()),
        levels=tuple(float(level) for level in np.average(shown, axis=0, weights=weights)),
        goals=tuple(float(level) for level in np.average(targets, axis=0, weights=weights)),
        model=model,
        constant=float(level),
        shifted=min(shifted, model),
        scaled=min(scaled, model),
        calibrated=min(calibrated, model),
        shift=shift,
        factor=factor,
        layer=_biased(part, read.shape[1]) if factor == 1 else None,
    )


def _biased(part: Part, units: int) -> str | None:
    """The layer whose bias can take the shift of all its units."""
    layer = part.head.layer
    bias = layer.weights.get("bias")
    fits = layer.kind == "Dense" and bias is not None and bias.size == units and part.head.straight
    return layer.name if fits else None


def _logits(part: Part, read: Array) -> Array:
    """What stands before the sigmoid or softmax."""
    if part.head.behind or getattr(part.loss, "from_logits", False):
        return read
    return _logits_of(read, joint=part.loss.joint)


def _logits_of(probabilities: Array, *, joint: bool) -> Array:
    p = np.clip(probabilities, LEAST, 1 - LEAST)
    logits: Array = np.log(p) if joint else np.log(p) - np.log1p(-p)
    return logits


def _order(targets: Array, shown: Array) -> tuple[float, float, bool]:
    """The rank correlation, its standard error by chance, and whether it is about classes."""
    values = [np.unique(column) for column in targets.T]
    if all(len(own) <= 2 for own in values):  # noqa: PLR2004  a class that is there or not
        flags = targets > np.array([own.mean() for own in values])
        many = flags.sum(axis=0).astype(np.float64)
        usable = [k for k in range(targets.shape[1]) if 0 < many[k] < len(targets)]
        shares = many[usable] / many[usable].sum()
        found = np.array([_area(flags[:, k], shown[:, k]) for k in usable])
        rows = float(len(targets))
        errors = np.sqrt((rows + 1) / (12 * many[usable] * (rows - many[usable])))
        return float(shares @ (2 * found - 1)), float(shares @ (2 * errors)), True
    pairs = [(_ranks(targets[:, k]), _ranks(shown[:, k])) for k in range(targets.shape[1]) if np.ptp(targets[:, k]) > 0]
    found = np.array([_correlation(own, said) for own, said in pairs])
    return float(found.mean()), 1 / float(np.sqrt(max(len(targets) - 1, 1))), False


def _area(member: npt.NDArray[np.bool_], scores: Array) -> float:
    """The area under the ROC curve: how often a member is above another row, ties counted half."""
    inside = float(member.sum())
    return (float(_ranks(scores)[member].sum()) - inside * (inside + 1) / 2) / (inside * (len(member) - inside))


def _ranks(values: Array) -> Array:
    """Ranks from one on, ties at their mean."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(many)
    ranks: Array = (last - (many - 1) / 2)[place.ravel()]
    return ranks


def _correlation(first: Array, second: Array) -> float:
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


Fits = tuple[float, float, float, tuple[float, ...], float]


def _on_a_line(targets: Array, read: Array, weights: Array, cost: Callable[[Array], float]) -> Fits | None:
    """Numbers moved and stretched by least squares; None where they would have to be turned round."""
    y, p = targets[:, 0], read[:, 0]
    middle, level = float(np.average(y, weights=weights)), float(np.average(p, weights=weights))
    variance = float(np.average(np.square(p - level), weights=weights))
    factor = float(np.average((p - level) * (y - middle), weights=weights)) / variance if variance > 0 else 0.0
    if not factor > 0:
        return None
    shift = middle - factor * level
    tried = [cost(moved[:, None]) for moved in (p - level + middle, factor * p, factor * p + shift)]
    return (tried[0], tried[1], tried[2], (shift,), factor) if np.isfinite(tried).all() else None


def _recalibrated(
    loss: ConvexLoss, targets: Array, z: Array, weights: Array, mean: Callable[[Array], float]
) -> Fits | None:
    """Logits moved until mean probabilities are the classes' shares, multiplied by the best factor, and both.

    None where the loss adds a class of its own, for which there is no prediction.
    """
    frame = loss.frame(targets)
    if frame.shape != z.shape:
        return None

    def cost(logits: Array) -> float:
        return mean(loss.at(frame, logits))

    moved = _moved(loss, targets, z, weights)
    scaled = [cost(factor * z) for factor in FACTORS]
    both = [(factor, _moved(loss, targets, factor * z, weights)) for factor in FACTORS[::2]]
    costs = [cost(factor * z + shift) for factor, shift in both]
    factor, shift = both[int(np.argmin(costs))]
    return cost(z + moved), min(scaled), min(costs), tuple(float(one) for one in shift), factor


def _moved(loss: ConvexLoss, targets: Array, z: Array, weights: Array) -> Array:
    """What to add to the logits so that the mean of each probability is the mean of its target."""
    goal = np.clip(np.average(targets, axis=0, weights=weights), LEAST, 1 - LEAST)
    shift = np.zeros(z.shape[1])
    for _ in range(ROUNDS):
        level = np.clip(np.average(loss.answer(z + shift), axis=0, weights=weights), LEAST, 1 - LEAST)
        step = np.log(goal / level)
        if not loss.joint:
            step -= np.log1p(-goal) - np.log1p(-level)
        shift = shift + step
        if np.abs(step).max() < 1e-6:  # noqa: PLR2004  of a logit
            break
    return shift


def levelled(heads: Heads, columns: Array, read: Array, weights: Array) -> Array:
    """What the losses read, with the mean probability of each class moved to the share of its rows.

    Args:
        heads: the outputs; those that are not about probabilities stay as they are.
        columns: all target columns.
        read: what the losses read of all outputs, side by side.
        weights: of the rows.
    """
    moved = []
    for head in heads.heads:
        loss, own, targets = head.loss, head.read(read), head.targets(columns)
        if not isinstance(loss, ConvexLoss) or loss.link != "logit" or not np.isfinite(own).all():
            moved.append(own)
            continue
        logits = head.behind or bool(getattr(loss, "from_logits", False))
        z = own if logits else _logits_of(own, joint=loss.joint)
        with np.errstate(all="ignore"):
            if loss.joint:
                z = z + _moved(loss, targets, z, weights)
            else:
                units = range(head.units)
                shifts = [_moved(loss, targets[:, [k]], z[:, [k]], weights)[0] for k in units]
                z = z + np.array(shifts)
            moved.append(z if logits else loss.answer(z))
    return np.concatenate(moved, axis=1)
