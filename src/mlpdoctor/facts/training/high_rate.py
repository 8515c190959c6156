"""Signs of a rate that is too high: weights grew beyond their draw, and only a lower rate brings the loss down."""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Number
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.core.text import short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import CurrentRate, FreshStart, Training
from mlpdoctor.facts.training.trial_updates import Continuation, FirstUpdates, RateTrials
from mlpdoctor.nn.optimizers.rate import at_rate
from mlpdoctor.nn.optimizers.traits import most_per_update, moves_by_the_rate

MANY = 400
"""Weights from which the root mean square of a draw is known to a few per cent."""
CHANCE = 3.0
GROWN = 2.0
"""A kernel twice as large as its initialiser draws them: two draws of one kernel differ by a few per cent."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What training has made of the sizes of kernels.

    Attributes:
        drawn: by layer, the root mean square of a fresh draw.
        factors: by layer, that of the saved kernel beside it.
        alike: the layers whose kernels have the size of another's up to chance, whatever their numbers of inputs: so
            come out draws of one fixed spread, which the file need not name, and no training.
        reach: how far any weight can have moved in the updates made, at the rate that training started with; None
            where nothing bounds it, so that nothing can be said.
    """

    drawn: Mapping[str, float]
    factors: Mapping[str, float]
    alike: frozenset[str]
    reach: float | None

    def grew(self, layer: str) -> bool:
        """Whether training made a kernel what it is, and not its initialiser."""
        factor, start = self.factors.get(layer), self.drawn.get(layer)
        if factor is None or start is None or factor < GROWN or layer in self.alike:
            return False
        return self.reach is not None and self.reach >= start * (factor - 1)


@fact
def growth(network: Network, start: FreshStart, training: Training, current: CurrentRate | None) -> Growth | Absent:
    """Draw each kernel once more."""
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    fresh = start.weights(0)
    drawn, factors = {}, {}
    sizes: dict[str, tuple[float, int]] = {}
    for layer in network.layers:
        kernel, new = layer.weights.get("kernel"), fresh.get((layer.name, "kernel"))
        if kernel is None or new is None or not np.any(new):
            continue
        drawn[layer.name] = _size(new)
        sizes[layer.name] = _size(np.asarray(kernel, np.float64)), int(np.size(kernel))
        factors[layer.name] = sizes[layer.name][0] / drawn[layer.name]
    optimizer = network.optimizer
    most = None
    if optimizer is not None and current is not None and training.updates:
        most = most_per_update(at_rate(optimizer, max(current.rate, current.compiled)))
    reach = None if most is None else most * (training.updates or 0)
    return Growth(drawn, factors, _alike(sizes), reach)


def _alike(sizes: Mapping[str, tuple[float, int]]) -> frozenset[str]:
    """Large kernels whose root mean squares agree within three of their sampling errors."""
    large = {layer: (size, number) for layer, (size, number) in sizes.items() if number >= MANY}
    return frozenset(
        one
        for one, (size, number) in large.items()
        for other, (its, count) in large.items()
        if other != one and its > 0 and abs(size / its - 1) <= CHANCE * math.sqrt(1 / (2 * number) + 1 / (2 * count))
    )


def _size(kernel: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(kernel))))


HALF = 0.5
"""A loss may be thrown about on the way and end low by chance: it has to end half as far above as it was on average."""
CALM = 0.01
"""Share of what there is to gain by which a falling loss may rise between two looks at it, and be called calm."""
ABOVE = 1.2
"""A first run that ends so many times above the best constant has not merely made no headway."""
LOWER = tuple(10.0**-power for power in range(1, 7))
"""Lower rates, the nearest first."""
MOST_TRIALS, ROUNDED = 4, 2
"""Each trial takes up to a tenth of a second. Digits of a rate in a line of code."""


@dataclass(frozen=True)
class Contrast:
    """Two runs from the same start.

    Attributes:
        high: at the rate in force.
        lower: at a lower one.
        fresh: whether they start from fresh weights.
        drawn: size of the weights as they are drawn, where one update at the high rate can move them further than that.
    """

    high: Trial
    lower: Trial
    fresh: bool
    drawn: float | None = None

    @property
    def ends(self) -> str:
        """The loss that the high rate leads to, in words."""
        return short(self.high.after) if self.high.finite else "NaN"

    @property
    def numbers(self) -> dict[str, Number]:
        """Both runs, as a report has them."""
        high, lower = self.high, self.lower
        return {
            "rate": high.rate,
            "rate_shown": short(high.rate, 3),
            "origin": " from a fresh start" if self.fresh else "",
            "updates": lower.updates,
            "before": high.before,
            "after": high.after if high.finite else None,
            "after_shown": self.ends,
            "lower_rate": float(f"{lower.rate:.{ROUNDED}g}"),
            "lower_rate_shown": short(lower.rate, ROUNDED),
            "lower_after": lower.after,
            "high_path": tuple(value if math.isfinite(value) else None for value in high.path),
            "lower_path": lower.path,
            "rows": lower.rows,
        }


def contrast(
    trials: RateTrials, growth: Growth | None, position: LossPosition, optimizer: Optimizer, worth: float, least: float
) -> Contrast | None:
    """Two runs that show the rate to be too high; None where none do.

    Args:
        trials: those that were made; more are made here.
        growth: what training has made of the weights.
        position: where the loss stands.
        optimizer: as saved.
        worth: share of what is left that a lower rate has to save beside one that throws the loss about.
        least: share of what the model could gain over a constant at all that it has to save.
    """
    found = None
    if trials.continuation is not None:
        found = _thrown(trials.continuation, position, worth, least)
    if found is None and trials.first is not None and not trials.first.wild:
        found = _runs_away(trials.first, position, least)
    if found is None and trials.first is not None and growth is not None:
        found = _outgrown(trials, growth, position, optimizer, least)
    return found


def _outgrown(
    trials: RateTrials, growth: Growth, position: LossPosition, optimizer: Optimizer, least: float
) -> Contrast | None:
    """Whether the rate has made the weights what they are, while a lower one leads further down from a fresh start.

    Each update can move every weight by more than the size it was drawn with, some have grown, and the model is no
    better than a constant.
    """
    first, span = trials.first, position.constant - position.reach
    if first is None or not first.fresh or first.wild or not position.barely or not moves_by_the_rate(optimizer):
        return None
    high = first.trials.saved
    drawn = max(growth.drawn.values(), default=math.inf)
    if high.rate < drawn or not any(growth.grew(layer) for layer in growth.drawn):
        return None
    for factor in LOWER[:MOST_TRIALS]:
        lower = first.trials.at(factor)
        settled = max(lower.path[-2:]) if lower.finite else math.inf
        if lower.least_gain > 0 and settled < min(position.model, position.constant) - 2 * least * span:
            return Contrast(high, _better(first.trials, factor), fresh=True, drawn=drawn)
    return None


def _thrown(trials: Continuation, position: LossPosition, worth: float, least: float) -> Contrast | None:
    """Whether the saved rate holds up a loss that falls at a lower one, from the saved weights."""
    high = trials.saved
    span = max(position.constant - position.reach, 0.0)
    # A rate that suits brings the loss lower with every look; only one that throws it about stays above a tenth of it.
    level = _level(high) if high.finite else math.inf
    for factor in LOWER[:MOST_TRIALS]:
        lower = trials.at(factor)
        if _slower(lower, high, span):
            return None
        if lower.least_gain <= 0:
            continue
        settled = max(lower.path[-2:])
        # Where the saved rate makes things worse, a lower one need not help as much.
        rises = not min(high.path[-2:]) <= high.before + 2 * high.error + CALM * span
        need = max(0.0 if rises else worth * (level - position.reach), least * span) if high.finite else 0.0
        if level - settled > need and not high.after - settled <= HALF * need:
            return Contrast(high, _better(trials, factor), fresh=False)
    return None


def _runs_away(first: FirstUpdates, position: LossPosition, least: float) -> Contrast | None:
    """Whether the first updates at the rate training began with lead nowhere, and at a lower one they do."""
    high = first.trials.saved
    ends, level = (min(high.path[-2:]), _level(high)) if high.finite else (math.inf, math.inf)
    span = max(position.constant - position.reach, 0.0)
    # A loss that stays where the saved model stands has got as far with its rate as it ever did.
    known = (
        min(position.model, position.constant) if first.fresh and math.isfinite(position.model) else position.constant
    )
    if level < known - least * span:
        return None
    off = ends > ABOVE * position.constant
    for factor in LOWER[:MOST_TRIALS]:
        lower = first.trials.at(factor)
        if _slower(lower, high, span):
            return None
        settled = max(lower.path[-2:]) if lower.finite else math.inf
        headway = lower.least_gain > 0 and level - settled > 2 * least * span and ends - settled > least * span
        if headway and (off or settled < known - 2 * least * span):
            return Contrast(high, _better(first.trials, factor), first.fresh)
    return None


def _level(trial: Trial) -> float:
    """The mean of the loss on the way: one that is thrown about may end low by chance."""
    return sum(trial.path[1:]) / len(trial.path[1:])


def _better(trials: Continuation, factor: float) -> Trial:
    """The trial at this rate or at a tenth of it: the first rate that helps may still be too high."""
    tried = [trials.at(one) for one in (factor, factor / 10)]
    return min(tried, key=lambda trial: max(trial.path[-2:]) if trial.finite else math.inf)


def _slower(lower: Trial, high: Trial, span: float) -> bool:
    """Whether the lower rate only brings less of the same, so that still lower ones need not be tried."""
    calm = high.finite and all(after <= before + CALM * span for before, after in pairwise(high.path))
    return calm and lower.gain <= high.gain
