"""G603: a learning rate at which the loss does not fall, and at a lower one it does."""

import math
from collections.abc import Iterator

from mlpdoctor.analysis.curvature import critical
from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.core.text import short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.training.curvature import Curvature, Sharpness
from mlpdoctor.facts.training.high_rate import LOWER, Contrast, Growth, contrast
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.training_options import TrainingOptions
from mlpdoctor.facts.training.trial_updates import RateTrials
from mlpdoctor.nn.optimizers.traits import follows_gradient, momentum_of
from mlpdoctor.statistics.unit_activity import Firing
from mlpdoctor.statistics.views import PerLayer

MOST_DEAD = 0.5
"""With half the units of a layer dead training on at a lower rate does not help: nothing wakes them."""
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
    because="D702 D703 D704 D709 D713 O202 O203 O205 O206 O207 W307",
)
def learning_rate_too_high(
    network: Network,
    trials: RateTrials,
    curvature: Curvature | None,
    position: LossPosition,
    training: Training,
    firing: PerLayer[Firing] | None,
    growth: Growth | None,
    options: TrainingOptions | None,
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
    How to fix it
        The rate at which the trial fell. Where columns or targets are unscaled, scale them first: they make the
        curvature, and with it the rate that is too high.
    When it stays silent
        Models that do as well as anything is known to, whatever their rate: full-batch training hovers at the limit
        without harm. Rates at which the loss gets as low as at a lower one; rates of models
        that no lower one helps; a start from weights that are themselves too large, which is W303's. What a lower rate
        saves has to be a tenth of what the model could gain over a constant at all.
    How sure
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
    found = contrast(trials, growth, position, optimizer, worth, least)
    if found is None:
        return
    sharp = _sharpness(curvature, optimizer, found)
    factor = critical(optimizer)
    stable = factor / sharp.value if sharp is not None and factor is not None and sharp.value > 0 else None
    broken = not math.isfinite(position.model)
    dead = max((float(units.dead.mean()) for units in (firing or {}).values()), default=0.0)
    afresh = broken or found.fresh or (position.far and dead >= MOST_DEAD)
    killed = ": the dead units do not come back" if afresh and dead >= MOST_DEAD and not broken else ""
    lower = found.lower
    remedy = Remedy(
        f"compile with a learning rate of {lower.rate:.{ROUNDED}g} and "
        + (f"train from scratch, from fresh weights{killed}" if afresh else "train on"),
        f"model.compile(optimizer=keras.optimizers.{optimizer.name}({_options(optimizer, lower.rate)}), "
        "loss=model.loss)",
    )
    yield Evidence(
        numbers={
            "optimizer": optimizer.name,
            "rate": found.high.rate,
            "rate_shown": short(found.high.rate, 3),
            "origin": " from a fresh start" if found.fresh else "",
            "updates": lower.updates,
            "before": found.high.before,
            "after": found.high.after if found.high.finite else None,
            "after_shown": _shown(found.high),
            "lower_rate": float(f"{lower.rate:.{ROUNDED}g}"),
            "lower_rate_shown": short(lower.rate, ROUNDED),
            "lower_after": lower.after,
            "high_path": tuple(value if math.isfinite(value) else None for value in found.high.path),
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
        why=_why(optimizer, found.high, sharp, stable, adaptive=not follows_gradient(optimizer)),
        remedy=remedy if afresh or options is None else options.or_adam(remedy, lower),
        explains=_explains(position, found, afresh=afresh),
        strength=min(math.log10(found.high.rate / lower.rate) / len(LOWER), 1.0),
        verdict=_verdict(optimizer.name, found, broken=broken, never=training.never),
    )


def _explains(position: LossPosition, pair: Contrast, *, afresh: bool) -> float | None:
    """What the lower rate saves at least, of all that could be gained; unknown where it takes fresh weights too."""
    return None if afresh else position.part(pair.lower.gain)


def _sharpness(curvature: Curvature | None, optimizer: Optimizer, pair: Contrast) -> Sharpness | None:
    if curvature is None:
        return None
    if follows_gradient(optimizer):
        return curvature.starting if pair.fresh else curvature.saved
    return None if pair.fresh else curvature.preconditioned(optimizer)


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


def _verdict(name: str, pair: Contrast, *, broken: bool, never: bool) -> str:
    rate, lower = short(pair.high.rate, 3), pair.lower
    falls = f"at {short(lower.rate, ROUNDED)} it falls from {short(lower.before)} to {short(lower.after)}"
    if pair.drawn is not None:
        return (
            f"The learning rate, {rate} with {name}, is too high: one update can move every weight by more than the "
            f"{short(pair.drawn, 2)} it started with, and the weights have grown. From fresh weights, {falls} in "
            f"{lower.updates} updates."
        )
    if broken:
        return (
            f"Training has blown up because the learning rate, {rate} with {name}, is too high: from fresh weights, "
            f"{falls} in {lower.updates} updates."
        )
    if never:
        return (
            f"The learning rate, {rate} with {name}, is too high: the first {pair.high.updates} updates bring the "
            f"loss from {short(pair.high.before)} to {_shown(pair.high)}; {falls}."
        )
    if pair.fresh:
        return (
            f"The learning rate, {rate} with {name}, is too high: from fresh weights training gets nowhere with it; "
            f"{falls} in {lower.updates} updates."
        )
    path = pair.high.path[1:]
    thrown = f"up and down between {short(min(path), 3)} and {short(max(path), 3)}" if pair.high.finite else "away"
    return (
        f"The learning rate is too high: at {rate} {name} throws the loss {thrown}, and "
        f"{falls} in {lower.updates} updates."
    )
