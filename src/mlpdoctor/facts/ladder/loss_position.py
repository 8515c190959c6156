"""Where the model stands between what a constant reaches and what these data are known to allow.

Whether it is stuck, does well or is broken is answered here and nowhere else: every check asks this fact, so that two
findings of one report cannot disagree on it.

A check that passes rules its fault out in the report. Where it has nothing to say because the model does well or is
broken, it must not pass but not apply: that is what it asks these facts for.
"""

import math

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Severity
from mlpdoctor.facts.ladder.data_floors import ConflictFloor, NoiseEstimate
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.facts.ladder.second_opinion import LEAST_ROWS, SecondOpinion
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.losses_and_targets import TargetValues

GOOD = 0.05
"""A model within a twentieth of the way from the best known to a constant does well: what is left is fine-tuning."""
SAME = 0.02
"""A loss this close to the best known is as good: where little can be gained at all, noise decides the rest."""
NEAR = 0.1
"""A model that has come nine tenths of the way has learned in spite of whatever else is found."""
FAR = 0.5
"""A model that has not come half of the way has learned little of what there is to learn."""
NO_BETTER = 0.99
"""From this share of the constant's loss on a model has learned nothing that shows, and L502 alone reports it."""
LITTLE = 0.05
"""Share of the way from the constant to the best known that any first updates bring."""
MOSTLY = 0.5
"""A loss of which half cannot be removed looks stuck however well the model does."""
ABOVE = 0.05
"""A model up to a twentieth above the best affine predictor is still on it (L501); one further up is worse (L504)."""
WORTHWHILE = 1e-3
"""A distance under a thousandth of the constant's loss is nothing that a user would call stuck."""
HALFWAY, LOW = 0.5, 0.1
"""Shares of the constant's loss: under half of it a model that can fall without end is on its way; at a tenth, what
trains worse than it could has cost nothing worth a warning."""
AT_THE_CONSTANT = 0.95
"""From this share of the constant's loss on, a straight line or a model is told as no better than a flat line."""
MATTERS = 0.1
"""A gap under a tenth of all there is to learn is fine-tuning that a longer run brings."""
MISPLACED = 0.8
"""Level and size of the predictions that bring four fifths of what there is to gain are what is wrong with them."""


@dataclass(frozen=True)
class LossPosition:
    """The losses that matter for judging a model, all totals over outputs.

    Attributes:
        constant: of the best constant.
        affine: of the best affine predictor; None where it is not known.
        data: what no function of the inputs avoids.
        reach: the lowest loss that something is known or estimated to reach on these data.
        model: of the saved weights; may be infinite or NaN.
        perfect: of a perfect answer to every row, from which losses count: zero for most.
        noise: what is probably no function's to avoid, an estimate; None where there is none.
        trained: whether training has led there; else these are the weights it would start from.
        whole: whether ``reach`` is what a table so small allows, labels and all, and no fit to other rows.
    """

    constant: float
    affine: float | None
    data: float
    reach: float
    model: float
    perfect: float = 0.0
    noise: float | None = None
    trained: bool = True
    whole: bool = False

    def above(self, loss: float) -> float:
        """How far a loss is from that of perfect answers."""
        return loss - self.perfect

    @property
    def shortfall(self) -> float:
        """How far the model is from ``reach``, as a share of the way from there to the constant."""
        above, span = self.model - self.reach, self.constant - self.reach
        against = span if span > 0 else self.above(self.reach)
        return above / against if against > 0 else 0.0 if math.isfinite(above) else math.inf

    @property
    def well(self) -> bool:
        """Whether the model does about as well as anything is known to."""
        return self.shortfall <= GOOD or self.above(self.model) <= self.above(self.reach) * (1 + SAME)

    @property
    def finite(self) -> bool:
        """Whether the loss is a number; where it is none the finding on that says why."""
        return math.isfinite(self.model)

    @property
    def near(self) -> bool:
        """Whether training has led so far that no fault can have kept it from learning."""
        return self.trained and (self.well or self.shortfall <= NEAR)

    @property
    def far(self) -> bool:
        """Whether training has led less than half of the way, or out of the numbers."""
        return self.trained and not self.shortfall <= FAR

    @property
    def mostly_entropy(self) -> bool:
        """Whether most of the loss is what even perfect predictions cost, as with targets between 0 and 1."""
        return self.finite and self.perfect >= MOSTLY * self.model > 0

    @property
    def no_better(self) -> bool:
        """Whether the model does no better than the best constant, or next to no better; also where it is broken."""
        return not self.of_constant(self.model) < NO_BETTER

    @property
    def low(self) -> bool:
        """Whether little is left of the constant's loss, whatever is known to be reachable."""
        return self.of_constant(self.model) <= LOW

    @property
    def worse(self) -> bool:
        """Whether the model is worse than the best constant, not merely on it; also where it is broken."""
        return not self.of_constant(self.model) <= 1 + NEAR

    @property
    def barely(self) -> bool:
        """Whether the model has come next to nothing of the way from the constant to what is known to be reachable."""
        return self.constant > self.reach and self.shortfall >= 1 - LITTLE

    @property
    def above_the_line(self) -> bool:
        """Whether the model is worse than the best affine predictor, not merely on it; False where that is unknown."""
        return self.affine is not None and self.above(self.model) > (1 + ABOVE) * self.above(self.affine)

    def below(self, loss: float) -> float:
        """How far the model is below a loss, as a share of what that is above perfect answers; 0 where that is none."""
        return (loss - self.model) / self.above(loss) if self.above(loss) > 0 else 0.0

    def of_constant(self, loss: float) -> float:
        """A loss as a share of the best constant's, both counted from perfect answers."""
        span = self.above(self.constant)
        return self.above(loss) / span if span > 0 else math.inf

    @property
    def base(self) -> float:
        """The loss that would be left if nothing kept it up: the data rung, or the noise where that is higher.

        The noise is an estimate. One above the model's own loss is none: then the data rung is all that is known.
        """
        return self.noise if self.noise is not None and self.data < self.noise < self.model else self.data

    def share(self, kept: float) -> float | None:
        """The share of what could be gained, ``model - base``, that a floor of height ``kept`` keeps in place."""
        return self.part(kept - self.base)

    def part(self, loss: float) -> float | None:
        """A difference of losses as a share of what could be gained; None where nothing could."""
        above = self.model - self.base
        return min(max(loss / above, 0.0), 1.0) if above > 0 else None


def severity(
    position: LossPosition | None,
    *,
    far: Severity = Severity.ERROR,
    between: Severity = Severity.WARNING,
    near: Severity = Severity.NOTE,
) -> Severity:
    """How grave a fault is that may keep the loss where it is.

    Args:
        position: where the loss stands; None where it is not known.
        far: where training has led less than half of the way.
        between: where it has led further, and where nobody knows, as before training.
        near: where it has led nine tenths of the way, or the model does well.
    """
    if position is None or not position.trained:
        return between
    return near if position.near else far if position.far else between


@fact
def loss_position(
    objective: Objective,
    constant: ConstantFloor,
    linear: LinearFloor | None,
    conflicts: ConflictFloor,
    model: ModelLoss,
    perfect: Perfection,
    opinion: SecondOpinion | None,
    noise: NoiseEstimate | None,
    training: Training,
    values: TargetValues,
) -> LossPosition | Absent:
    """Put the rungs side by side."""
    top = objective.total(tuple(fit.value for fit in constant.fits))
    affine = None if linear is None else objective.total(tuple(fit.value for fit in linear.fits))
    reach = top if affine is None else min(affine, top)
    if whole := objective.rows < LEAST_ROWS and values.labels:
        reach = conflicts.total  # a truth table is there to be learned whole
    if opinion is not None:  # its line is all that tells of one where a loss has no best line
        reach = min(reach, opinion.curve if opinion.structure else reach, opinion.line if affine is None else reach)
    return LossPosition(
        constant=top,
        affine=affine,
        data=conflicts.total,
        reach=max(reach, conflicts.total),
        model=model.total,
        perfect=perfect.total,
        noise=None if noise is None else noise.total,
        trained=not training.never,
        whole=whole,
    )


@dataclass(frozen=True)
class FiniteLoss:
    """The loss of the saved weights is a number, as far as it is known."""

    position: LossPosition | None


@dataclass(frozen=True)
class OpenQuestion:
    """And the model has not come nine tenths of the way to what is known to be reachable."""

    position: LossPosition | None


@fact
def finite_loss(position: LossPosition | None) -> FiniteLoss | Absent:
    """Where the loss is no number the finding on that says why, and units and gradients tell nothing."""
    if position is not None and not position.finite:
        return Absent("the loss is not a number", applicable=False)
    return FiniteLoss(position)


@fact
def open_question(finite: FiniteLoss) -> OpenQuestion | Absent:
    """Where a model has learned what there is to learn nothing has kept it from doing so."""
    if finite.position is not None and finite.position.near:
        return Absent("the model has come most of the way to what is known to be reachable", applicable=False)
    return OpenQuestion(finite.position)
