"""Whether predictions go with the targets, and what they would cost with their level and their size put right.

A loss at or above the best constant's does not say that nothing was learned: a classifier that was trained with class
weights, or on oversampled rows, ranks rows well and puts all probabilities too high; one that is too sure of itself
ranks them well, too. Ranks tell this apart: the area under the ROC curve for classes (Mann and Whitney, On a test of
whether one of two random variables is stochastically larger than the other, 1947), Spearman's correlation for numbers.
"""

import math

import numpy as np

from mlpdoctor.analysis.calibration import logits_of, on_a_line, rank_order, recalibrated
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.loss_position import FAR, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.heads import read_by
from mlpdoctor.nn.heads import Part
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.rows import CLEAR, RowSample

CHANCE = 2.0
"""Standard errors within which chance alone puts an order: in one model of twenty it is farther out."""
BALANCED = (0.5, 1.5)
"""Weights that make all classes as heavy shift the logits by the log odds of the shares: so many times that."""
MOSTLY = 0.9
"""What alone brings nine tenths of all that calibration brings is all that is wrong."""
MOST_PARTS = 16
"""Of more parts those in which the best constant loses most show what there is to see; images would take minutes."""
MOST_CELLS = 1 << 19
"""Numbers looked at; of wide outputs fewer rows are."""


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

    @property
    def weighted(self) -> bool:
        """Whether the shift is that of weights which make all classes as heavy: the log odds of their shares."""
        shares = np.array(self.goals)
        if len(shares) == 1:
            shares = np.array([1 - shares[0], shares[0]])
        alone = self.model - self.shifted >= MOSTLY * (self.model - self.calibrated) > 0
        if not self.classes or not alone or (shares <= 0).any() or not math.isclose(shares.sum(), 1, rel_tol=1e-6):
            return False
        base = np.log(shares) - np.log(shares).mean()
        found = np.array([0.0, *self.shift] if len(self.goals) == 1 else self.shift) / self.factor
        found -= found.mean()
        times = float(base @ found) / max(float(base @ base), np.finfo(float).tiny)
        low, high = BALANCED
        return low <= times <= high and bool(np.square(found - times * base).sum() <= (1 - MOSTLY) * (found @ found))


@dataclass(frozen=True)
class PredictionOrder:
    """The same for all parts whose targets vary, and for the loss as a whole.

    Attributes:
        parts: one a part.
        value: mean of the parts' by what the best constant loses in each.
        error: its standard error by chance, as if the parts went together.
        gained: what the calibrated predictions save against the best constant, as a share of the constant's loss.
        saved: what calibrating them takes off the model's loss.
        rows: that were looked at.
    """

    parts: tuple[PartOrder, ...]
    value: float
    error: float
    gained: float
    saved: float
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
    def weighted(self) -> bool:
        """Whether the predictions are those of a classifier trained with class weights, or on as many rows of each.

        Its probabilities of the rarer class are too high by the odds of the base rate, and nothing else is wrong with
        them (Elkan, The foundations of cost-sensitive learning, 2001, theorem 2): that was done on purpose.
        """
        return self.ordered and all(part.weighted for part in self.parts)

    @property
    def spread(self) -> float:
        """Standard deviation of the predictions over that of the targets, the largest."""
        return max(part.spread for part in self.parts)


@fact
def prediction_order(objective: Objective, sample: RowSample, position: LossPosition) -> PredictionOrder | Absent:
    """Run the sampled rows once more and compare their order with that of the targets."""
    if position.well:
        return Absent("the model does about as well as anything is known to", applicable=False)
    passes, heads = objective.passes, objective.heads.heads
    if passes.engine is None:
        return Absent("the network cannot be run")
    poor = position.no_better or position.barely
    if not poor or len(sample.features) * sum(head.units for head in heads) > MOST_CELLS:
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
        sum(part.weight * (one.model - one.calibrated) for (_, part, _), one in zip(judged, found, strict=True)),
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
        value, error, classes = rank_order(targets, shown)
        spread, own = shown.std(axis=0), targets.std(axis=0)

        def mean(cost: Array) -> float:
            return float(np.average(cost, weights=weights))

        model = mean(loss.values(targets, read)[:, 0])
        level = loss.best(np.zeros(len(targets), np.intp), targets, weights)[0, 0] / weights.sum()
        if logits and isinstance(loss, ConvexLoss):
            fits = recalibrated(loss, targets, z, weights, mean)
        else:
            fits = on_a_line(targets, read, weights, lambda moved: mean(loss.values(targets, moved)[:, 0]))
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
    return logits_of(read, joint=part.loss.joint)
