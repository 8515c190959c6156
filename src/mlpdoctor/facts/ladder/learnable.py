"""Whether quick models of other kinds find anything to learn; needs scikit-learn, which is an extra.

Ridge regression, the means of nearest neighbours and gradient-boosted trees predict each fifth of a sample of the rows
from the rest, and so do the means of groups with equal values, which is all that ids allow. The same is done with the
targets shuffled among the rows, where nothing can be learned: what is gained there is chance (Ojala and Garriga,
Permutation tests for studying classifier performance, 2010). Classes are numbers here, one column of 0 and 1 a class,
and every column is measured by its own spread.
"""

from collections.abc import Mapping

import numpy as np

from mlpdoctor.core.check import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.data_floors import NoiseEstimate
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.loss_position import GOOD, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.quick_models import RARE, Gain, QuickModels
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.ladder.swings import Swings
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.rows import CLEAR

LEAST_ROWS = 100
"""Twenty rows a fold; with fewer no answer would be more than a guess."""
BEATEN = 0.9
"""A model below nine tenths of what is known to be reachable has learned what these quick models would look for."""
FAINT = 0.01
"""A line that saves less than a hundredth of the constant's loss is next to nothing, however sure it is."""
NO_LINE = 0.9
"""A line below nine tenths of the constant's loss is something to learn, if it is not fitted to chance."""
INSTALL = 'scikit-learn is not installed: pip install "mlpdoctor[opinion]"'


@dataclass(frozen=True)
class LineGain:
    """What the best affine predictor saves on all rows, which it was fitted to.

    Attributes:
        share: of the constant's loss.
        by_chance: the share that it saves in one of a thousand files whose targets have nothing to do with the inputs.
    """

    share: float
    by_chance: float

    @property
    def sure(self) -> bool:
        """Whether it saves more than chance does."""
        return self.share > self.by_chance


@dataclass(frozen=True)
class Learnable:
    """What each kind of model gains.

    Attributes:
        gains: by the kind: ``line``, ``5 neighbours``, ``trees``, ``groups``.
        rows: that were sampled.
        line: what the affine rung gains; None where there is none, or where it means nothing.
        otherwise: what else shows that there is more to learn than a line; empty where nothing does.
    """

    gains: Mapping[str, Gain]
    rows: int
    line: LineGain | None = None
    otherwise: str = ""

    @property
    def nothing(self) -> bool:
        """Whether no kind of model found anything, or the line alone found next to nothing."""
        if self.otherwise or (self.line is not None and self.line.sure and self.line.share >= FAINT):
            return False
        return not any(gain.found for gain in self.gains.values())

    @property
    def faint(self) -> bool:
        """Whether there is a line all the same, but next to none."""
        return self.line is not None and self.line.sure

    @property
    def linear(self) -> bool:
        """Whether the line found something and nothing found more."""
        line = self.gains.get("line")
        found = line is not None and line.found and not self.otherwise
        return found and not any(gain.curved for gain in self.gains.values())

    @property
    def unseen(self) -> float:
        """The share of the constant's squared error that a model would have to save to be found."""
        return CLEAR * min(gain.error for gain in self.gains.values())


@dear_fact("growing trees to see what is learnable")
def learnable(
    objective: Objective,
    quick: QuickModels,
    position: LossPosition,
    opinion: SecondOpinion | None,
    noise: NoiseEstimate | None,
    constant: ConstantFloor,
    linear: LinearFloor | None,
    swings: Swings | None,
) -> Learnable | Absent:
    """Try the three kinds, but only where the ladder leaves a gap that nothing explains."""
    needless = _needless(position, opinion, noise)
    if needless is not None:
        return Absent(needless, applicable=False)
    if quick.rows < LEAST_ROWS:
        return Absent(f"{quick.rows} rows are too few to tell whether there is anything to learn")
    if quick.few_of_each:
        return Absent("the rows of each id are too few to tell whether there is anything to learn")
    if not quick.varied:
        return Absent("the targets are constant", applicable=False)
    try:
        found, along = quick.found
    except ImportError:
        return Absent(INSTALL)
    line = None if linear is None or quick.ids else _line_gain(objective, constant, linear)
    otherwise = _otherwise(position, noise, swings) or "rows near in one column agree" * along
    return Learnable(found, quick.rows, line, otherwise)


def _otherwise(position: LossPosition, noise: NoiseEstimate | None, swings: Swings | None) -> str:
    """What the quick models do not see: near rows that agree, a wave."""
    if swings is not None and swings.found is not None:
        return "a single wave fits the target" if swings.found.period is not None else "near rows agree"
    line = position.constant if position.affine is None else min(position.affine, position.constant)
    return "near rows agree" if noise is not None and noise.total + CLEAR * noise.error < line else ""


def _line_gain(objective: Objective, constant: ConstantFloor, linear: LinearFloor) -> LineGain:
    """What the affine rung is sure to save, beside what it would save if targets and inputs had nothing in common.

    Then twice the gain in log-likelihood follows a chi-square distribution with one degree of freedom for each slope
    (Wilks, 1938), whose cube root is nearly normal (Wilson and Hilferty, The distribution of chi-square, 1931). An
    error is measured by its variance under the constant, so that its share of the constant's loss stands for the
    likelihood.
    """
    saved = chance = whole = 0.0
    for part, flat, fit in zip(objective.parts, constant.fits, linear.fits, strict=True):
        slopes = sum(len(row) - 1 for row in fit.coefficients) or len(fit.slopes)
        likely = isinstance(part.loss, ConvexLoss) and part.loss.link != "identity"
        bent = 2 / (9 * max(slopes, 1))
        quantile = slopes * (1 - bent + RARE * bent**0.5) ** 3
        saved += part.weight * max(flat.lower - fit.value, 0.0)
        chance += part.weight * quantile / objective.rows * (0.5 if likely else flat.value)
        whole += part.weight * flat.value
    return LineGain(saved / whole, chance / whole) if whole > 0 else LineGain(0.0, 0.0)


def _needless(position: LossPosition, opinion: SecondOpinion | None, noise: NoiseEstimate | None) -> str | None:
    """Why there is nothing to look into, or None."""
    if opinion is not None and opinion.structure:
        return "a quick nonlinear fit shows that there is something to learn"
    if position.constant <= position.data or not np.isfinite(position.model):
        return "there is no loss to explain"
    if position.of_constant(position.model) < BEATEN * position.of_constant(position.reach):
        return "the model has learned more than quick models would find"
    if position.above_the_line and position.affine is not None and position.of_constant(position.affine) < NO_LINE:
        return "the best linear model shows that there is something to learn"
    if position.model - position.data <= GOOD * (position.constant - position.data):
        return "the loss is that of these data"
    if (
        noise is not None
        and position.of_constant(position.model) < NO_LINE
        and position.model <= noise.total + noise.error
    ):
        return "the loss is what is probably noise"
    return None
