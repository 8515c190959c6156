"""G604: a learning rate so low that training would take far too long."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Number, Remedy, Severity
from mlpdoctor.core.text import count, percent, recompiled, short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.low_rate import FasterRate, LowRate
from mlpdoctor.facts.training.rate_left import DescentSpeed, RateLeft
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.training_options import TrainingOptions

HOPELESS = 20_000
"""More updates than anybody waits for in a small network."""


@check(
    "G604",
    Severity.ERROR,
    "the learning rate is {rate_shown}, {seen}",
    stage=Stage.PACE,
    about=Part.PACE,
    disturbs=Part.LOSS,
    names=("learning rate", "optimizer", "epochs"),
)
def learning_rate_too_low(
    low: LowRate,
    training: Training,
    position: LossPosition | None,
    speed: DescentSpeed | None,
    left: RateLeft | None,
    options: TrainingOptions | None,
    *,
    slow: float = 0.05,
) -> Iterator[Evidence]:
    """A learning rate so low that training would take far too long.

    Why it matters
        Adam moves a weight by about the rate with each update, SGD by the rate times the gradient. A rate with a zero
        or two too many makes every update right and all of them together too little: the loss falls in the fourth
        digit, the log looks like a plateau, and waiting costs days.
    How to fix it
        Ten or a hundred times the rate; Adam with 0.001 for most small networks.
    When it stays silent
        Models that have come nine tenths of the way to what is known to be reachable; a loss that falls by a
        twentieth of the rest in a hundred updates (if at all, see G607); rates at which a trial with ten or
        a hundred times as much falls no faster; rates that a schedule or callback has brought down on the way.
        Where the rate moves nothing at all W306 is the cause. Of untrained models only SGD whose first gradient
        would take a million updates to change the weights is named.
    How sure
        Tried: the training was taken up at the saved rate and at 10, 100 and, if need be, 1000 times as much, for up
        to 100 updates each, on minibatches of 32 of these rows. Measured where there is no loss to look at: at this
        rate no weight moves further than so many times the bound on one update (Kingma and Ba, section 2.1), which
        is the rate times a constant of the optimizer's. The file keeps the last rate alone, so nothing is said where
        some weight has gone further than that from the constant it started from.
    References
        Kingma and Ba, Adam, 2015, section 2.1: the effective step is bounded by the rate.
    """
    if position is None:
        if low.idle and not training.never:
            yield _from_the_file(low)
    elif training.never:
        if low.first_step is not None:
            yield _predicted(low, low.first_step)
    elif left is not None and left.outrun:
        return  # see W306 for a rate that has come down
    elif speed is not None and (found := low.faster(slow)) is not None:
        yield _tried(low, position, found, options)


def _tried(low: LowRate, position: LossPosition, found: FasterRate, options: TrainingOptions | None) -> Evidence:
    speed, rate, trial = found.speed, found.rate, found.trial
    saved, to_go = speed.saved, speed.to_go
    times = trial.gain / saved.gain if saved.gain > 0 else math.inf
    far = f"{short(times, 2)} times as far" if times < 1e4 else "where it does not fall at all"  # noqa: PLR2004
    made = "" if speed.updates is None else f" after {count(speed.updates, 'update')}"
    remedy = _remedy(low, rate)
    return Evidence(
        numbers=_numbers(
            low,
            f"and at {rate:g} the loss falls {far} in as many updates",
            {**found.numbers, "furthest_any_weight_moved": low.gone},
        ),
        certainty=Certainty.TRIED,
        severity=Severity.ERROR if position.far and to_go > HOPELESS else Severity.WARNING,
        why=_why(low, speed, trial),
        remedy=remedy if options is None else options.or_adam(remedy, trial),
        explains=position.part(trial.gain),
        strength=min(max(math.log10(max(to_go, 1.0)) / 6, 0.0), 1.0) if math.isfinite(to_go) else 1.0,
        verdict=f"The learning rate, {low.rate:.2g}, is too low{made}: {saved.updates} more updates took the loss from "
        f"{short(saved.before)} to {short(saved.after)}, at {rate:g} they took it to {short(trial.after)}.",
    )


def _why(low: LowRate, speed: DescentSpeed, trial: Trial) -> str:
    closed = f"A trial at ten times the rate or more closed {percent(min(speed.share(trial), 1.0))} of the way to what "
    closed += f"is known to be reachable, at the saved rate {percent(max(speed.share(speed.saved), 0.0))}"
    more = f": the rest takes {short(speed.to_go, 1)} updates or more." if math.isfinite(speed.to_go) else "."
    if low.gone is None or low.size is None or low.gone > low.size:
        return closed + more
    made = count(speed.updates or 0, "update")
    bound = f" {low.optimizer}'s {made} at this rate move no weight by more than {short(low.gone, 2)}"
    return f"{closed}{more}{bound}; weights are about {short(low.size, 2)} in size."


def _predicted(low: LowRate, step: float) -> Evidence:
    """Plain gradient descent whose first gradient leads nowhere within any number of updates."""
    seen = f"the weights by {short(step, 1)} of their size"
    gradient, length = low.gradient or 0.0, low.length or 0.0
    return Evidence(
        numbers=_numbers(
            low, f"and the first update changes {seen}", {"step_over_weights": step, "gradient": gradient}
        ),
        certainty=Certainty.ESTIMATED,
        severity=Severity.WARNING,
        why=f"The gradient is {short(gradient, 2)} long, the weights {short(length, 2)}: at this rate it takes "
        f"{short(1 / step, 1)} such updates to change them by their own size.",
        remedy=_remedy(low, 0.01),
        strength=0.5,
        verdict=f"Training will hardly start: with a learning rate of {low.rate:.2g} an update changes {seen}.",
    )


def _from_the_file(low: LowRate) -> Evidence:
    """What the file alone tells: how far the updates made carry any weight at the rate that it keeps."""
    gone, size = low.gone or 0.0, low.size or 0.0
    seen = f"{count(low.updates or 0, 'update')} move no weight by more than {short(gone, 2)}"
    numbers = {"updates": low.updates, "furthest_any_weight_moved": gone, "size": size}
    return Evidence(
        numbers=_numbers(low, f"at which {seen}", numbers),
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE,
        why=f"Weights are about {short(size, 2)} in size: unless the rate was higher before, these are those that "
        "training started from, about. That is as it should be where a finished model was only tuned.",
        remedy=_remedy(low, 1e-3),
        strength=0.5,
        verdict=f"At the learning rate of {low.rate:.2g} that the file keeps, {seen}.",
    )


def _numbers(low: LowRate, seen: str, numbers: dict[str, float | None]) -> dict[str, Number]:
    return {"rate": low.rate, "rate_shown": f"{low.rate:.2g}", "seen": seen, **numbers}


def _remedy(low: LowRate, rate: float) -> Remedy:
    return Remedy(f"train on with a learning rate of {rate:g}", recompiled(low.optimizer, f"{rate:g}", *low.kept))
