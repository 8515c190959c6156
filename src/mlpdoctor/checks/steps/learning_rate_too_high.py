"""G603: a learning rate at which the loss does not fall, and at a lower one it does."""

import math
from collections.abc import Iterator
from itertools import pairwise

from mlpdoctor.analysis.curvature.limits import critical
from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.core.text import short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.training.curvature import Curvature, Sharpness
from mlpdoctor.facts.training.growth import Growth
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.trial_updates import Continuation, FirstUpdates, RateTrials
from mlpdoctor.nn.optimizers.bounds import momentum_of
from mlpdoctor.nn.optimizers.traits import follows_gradient, moves_by_the_rate
from mlpdoctor.statistics.statistic import PerLayer
from mlpdoctor.statistics.unit_activity import Firing

MOST_DEAD = 0.5
"""With half the units of a layer dead training on at a lower rate does not help: nothing wakes them."""
HALF = 0.5
"""A loss may be thrown about on the way and end low by chance: it has to end half as far above as it was on average."""
CALM = 0.01
"""Share of what there is to gain by which a falling loss may rise between two looks at it, and be called calm."""
ABOVE = 1.2
"""A first run that ends so many times above the best constant has not merely made no headway."""
LOWER = tuple(10.0**-power for power in range(1, 7))
"""Lower rates, the nearest first."""
MOST_TRIALS = 4
"""Each takes up to a tenth of a second."""
ROUNDED = 2
"""Digits of a rate in a line of code."""


@check(
    "G603",
    Severity.ERROR,
    "{optimizer} at {rate_shown}{origin}: {updates} updates bring the loss from {before} to {after_shown}, "
    "and at {lower_rate_shown} to {lower_after}",
    clears="too high a learning rate",
    stage=Stage.STEP,
    disturbs=EVERYTHING,
    because="D702 D703 D709 D713 O202 O203 O205 O206 O207 W307",
)
def learning_rate_too_high(
    network: Network,
    trials: RateTrials,
    curvature: Curvature | None,
    position: LossPosition,
    training: Training,
    firing: PerLayer[Firing] | None,
    growth: Growth | None,
    *,
    worth: float = 0.25,
    least: float = 0.1,
) -> Iterator[Evidence]:
    """A learning rate at which the loss does not fall, and at a lower one it does.

    Why it matters
        On a quadratic, gradient descent with the rate r is stable along a direction of curvature h while r h < 2, with
        momentum b while r h < 2 (1 + b), and with Nesterov's while r h < 2 (1 + b) / (1 + 2 b). Beyond it every
        update overshoots by more than the last. In a network that ends in NaN weights, in dead or saturated units,
        or in a loss that jumps up and down far above what the data allow.
    Remedy
        The rate at which the trial fell. Where columns or targets are unscaled, scale them first: they make the
        curvature, and with it the rate that is too high.
    Stays quiet on
        Models that do as well as anything is known to, whatever their rate: full-batch training hovers at the limit
        without harm. Rates at which the loss gets as low as at a lower one; rates of models
        that no lower one helps; a start from weights that are themselves too large, which is W303's. What a lower rate
        saves has to be a tenth of what the model could gain over a constant at all.
    Certainty
        Tried: the training is taken up from the saved weights and the saved state of the optimizer, on minibatches
        of 32 rows, at the saved rate and at lower ones. Where the weights are not numbers, or the model has learned
        nothing, it is started again from weights that the file's own initialisers draw. The curvature is that of a
        sample of rows, by Lanczos's method; the limit is proved for quadratics alone.
    References
        Cohen, Kaur, Li, Kolter and Talwalkar, Gradient descent on neural networks typically occurs at the edge of
        stability, 2021; Cohen et al., Adaptive gradient methods at the edge of stability, 2022.
    """
    optimizer = network.optimizer
    if optimizer is None or (position.trained and position.well):
        return
    contrast = None
    if trials.continuation is not None:
        contrast = _thrown(trials.continuation, position, worth, least)
    if contrast is None and trials.first is not None and not trials.first.wild:
        contrast = _runs_away(trials.first, position, least)
    if contrast is None and trials.first is not None and growth is not None:
        contrast = _outgrown(trials, growth, position, optimizer, least)
    if contrast is None:
        return
    sharp = _sharpness(curvature, optimizer, contrast)
    factor = critical(optimizer)
    stable = factor / sharp.value if sharp is not None and factor is not None and sharp.value > 0 else None
    broken = not math.isfinite(position.model)
    dead = max((float(units.dead.mean()) for units in (firing or {}).values()), default=0.0)
    afresh = broken or contrast.fresh or (position.far and dead >= MOST_DEAD)
    killed = ": the dead units do not come back" if afresh and dead >= MOST_DEAD and not broken else ""
    lower = contrast.lower
    yield Evidence(
        numbers={
            "optimizer": optimizer.name,
            "rate": contrast.high.rate,
            "rate_shown": short(contrast.high.rate, 3),
            "origin": " from a fresh start" if contrast.fresh else "",
            "updates": lower.updates,
            "before": contrast.high.before,
            "after": contrast.high.after if contrast.high.finite else None,
            "after_shown": _shown(contrast.high),
            "lower_rate": float(f"{lower.rate:.{ROUNDED}g}"),
            "lower_rate_shown": short(lower.rate, ROUNDED),
            "lower_after": lower.after,
            "high_path": tuple(value if math.isfinite(value) else None for value in contrast.high.path),
            "lower_path": lower.path,
            "rows": lower.rows,
            "sharpness": None if sharp is None else sharp.value,
            "sharpness_error": None if sharp is None else sharp.error,
            "sharpness_by": None if sharp is None else sharp.method,
            "sharpness_rows": None if sharp is None else sharp.rows,
            "stable_rate": stable,
        },
        certainty=Certainty.TRIED,
        severity=severity(position, near=Severity.WARNING),
        why=_why(optimizer, contrast.high, sharp, stable, adaptive=not follows_gradient(optimizer)),
        remedy=Remedy(
            f"compile with a learning rate of {lower.rate:.{ROUNDED}g} and "
            + (f"train from scratch, from fresh weights{killed}" if afresh else "train on"),
            f"model.compile(optimizer=keras.optimizers.{optimizer.name}({_options(optimizer, lower.rate)}), "
            "loss=model.loss)",
        ),
        explains=_explains(position, contrast, afresh=afresh),
        strength=min(math.log10(contrast.high.rate / lower.rate) / len(LOWER), 1.0),
        verdict=_verdict(optimizer.name, contrast, broken=broken, never=training.never),
    )


@dataclass(frozen=True)
class _Contrast:
    """Two runs from the same start."""

    high: Trial
    lower: Trial
    fresh: bool
    drawn: float | None = None
    """Size of the weights as they are drawn, where one update at the high rate moves them further than that."""


def _outgrown(
    trials: RateTrials, growth: Growth, position: LossPosition, optimizer: Optimizer, least: float
) -> _Contrast | None:
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
            return _Contrast(high, _better(first.trials, factor), fresh=True, drawn=drawn)
    return None


def _thrown(trials: Continuation, position: LossPosition, worth: float, least: float) -> _Contrast | None:
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
        # Where the saved rate makes things worse, a lower one need not mend as much.
        rises = not min(high.path[-2:]) <= high.before + 2 * high.error + CALM * span
        need = max(0.0 if rises else worth * (level - position.reach), least * span) if high.finite else 0.0
        if level - settled > need and not high.after - settled <= HALF * need:
            return _Contrast(high, _better(trials, factor), fresh=False)
    return None


def _runs_away(first: FirstUpdates, position: LossPosition, least: float) -> _Contrast | None:
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
            return _Contrast(high, _better(first.trials, factor), first.fresh)
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


def _explains(position: LossPosition, contrast: _Contrast, *, afresh: bool) -> float | None:
    """What the lower rate saves at least, of all that could be gained; unknown where it takes fresh weights too."""
    return None if afresh else position.part(contrast.lower.gain)


def _sharpness(curvature: Curvature | None, optimizer: Optimizer, contrast: _Contrast) -> Sharpness | None:
    if curvature is None:
        return None
    if follows_gradient(optimizer):
        return curvature.starting if contrast.fresh else curvature.saved
    return None if contrast.fresh else curvature.preconditioned(optimizer)


def _shown(trial: Trial) -> str:
    return short(trial.after) if trial.finite else "NaN"


def _why(optimizer: Optimizer, high: Trial, sharp: Sharpness | None, stable: float | None, *, adaptive: bool) -> str:
    if sharp is None or stable is None:
        return "Both runs start from the same weights and see the same rows in the same order; only the rate differs."
    measured = "measured in its own steps, " if adaptive else ""
    side = "above" if high.rate > stable else "below"
    beyond = "" if high.rate > stable else " for all rows together; the scatter between batches does the rest"
    return (
        f"The largest curvature of the loss is {measured}{short(sharp.value, 3)} ({sharp.method}, {sharp.rows:,} "
        f"rows): on a quadratic of that curvature {optimizer.name} is stable up to a rate of {short(stable, 2)}, and "
        f"{short(high.rate, 3)} is {side} it{beyond}."
    )


def _options(optimizer: Optimizer, rate: float) -> str:
    momentum = momentum_of(optimizer)
    kept = f", momentum={momentum:g}" if momentum > 0 else ""
    nesterov = ", nesterov=True" if kept and optimizer.options.get("nesterov") else ""
    return f"{rate:.{ROUNDED}g}{kept}{nesterov}"


def _verdict(name: str, contrast: _Contrast, *, broken: bool, never: bool) -> str:
    rate, lower = short(contrast.high.rate, 3), contrast.lower
    falls = f"at {short(lower.rate, ROUNDED)} it falls from {short(lower.before)} to {short(lower.after)}"
    if contrast.drawn is not None:
        return (
            f"The learning rate, {rate} with {name}, is too high: one update can move every weight by more than the "
            f"{short(contrast.drawn, 2)} it started with, and the weights have grown. From fresh weights, {falls} in "
            f"{lower.updates} updates."
        )
    if broken:
        return (
            f"Training has blown up because the learning rate, {rate} with {name}, is too high: from fresh weights, "
            f"{falls} in {lower.updates} updates."
        )
    if never:
        return (
            f"The learning rate, {rate} with {name}, is too high: the first {contrast.high.updates} updates bring the "
            f"loss from {short(contrast.high.before)} to {_shown(contrast.high)}; {falls}."
        )
    if contrast.fresh:
        return (
            f"The learning rate, {rate} with {name}, is too high: from fresh weights training gets nowhere with it; "
            f"{falls} in {lower.updates} updates."
        )
    path = contrast.high.path[1:]
    thrown = f"up and down between {short(min(path), 3)} and {short(max(path), 3)}" if contrast.high.finite else "away"
    return (
        f"The learning rate is too high: at {rate} {name} throws the loss {thrown}, and "
        f"{falls} in {lower.updates} updates."
    )
