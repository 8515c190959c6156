"""G604: a learning rate so low that training would take far too long."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.gradients import Gradients, norm
from mlpdoctor.facts.training.rate_left import DescentSpeed, RateLeft
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.facts.training.training_options import MOST_PLAIN, MOST_RESCALED, TrainingOptions
from mlpdoctor.nn.layers.properties import length_of, size_of, trained_kernels
from mlpdoctor.nn.optimizers.traits import follows_gradient, most_per_update, normalises_gradient

FACTORS = tuple(10.0**power for power in range(1, 8))
"""Higher rates, the nearest first: a rate of 1e-8 is as low as one of 1e-5."""
FASTER = 4.0
"""A rate ten times as high has to bring at least four times as much: the saved one is too low, and no little."""
BETTER = 2.0
"""Ten times more has to bring twice as much again to be the advice: nobody should be sent higher than need be."""
CLEAR = 0.05
"""And it has to close a twentieth of the gap within the trial, scatter taken off, to be worth a word."""
HOPELESS = 20_000
"""More updates than anybody waits for in a small network."""
FELL = 0.1
"""A rate that has come down to a tenth was meant to be low at the end; what it is now says nothing of what it was."""
UNMOVED = 0.02
"""Weights that cannot have moved by a fiftieth of their size are about those that training started from."""
CRAWL = 1e4
"""So many updates for a weight's own size: ten times as many as small networks take at ordinary rates."""
EVER = 1e6
"""And so many are not made by anybody."""


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
    network: Network,
    current: CurrentRate,
    training: Training,
    position: LossPosition | None,
    speed: DescentSpeed | None,
    gradients: Gradients | None,
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
        twentieth of the rest in a hundred updates (if at all, G607 speaks of those); rates at which a trial with ten or
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
        yield from _from_the_file(network, current, training, left)
    elif training.never:
        yield from _predicted(network, current, gradients)
    elif left is not None and left.outrun:
        return  # W306 speaks of a rate that has come down
    elif speed is not None and current.rate > 0 and current.rate >= FELL * current.compiled:
        yield from _tried(network, current, position, speed, options, slow)


def _tried(
    network: Network,
    current: CurrentRate,
    position: LossPosition,
    speed: DescentSpeed,
    options: TrainingOptions | None,
    slow: float,
) -> Iterator[Evidence]:
    saved = speed.saved
    if not saved.finite or speed.share(saved) >= slow:
        return
    found = _faster(network, current, speed)
    if found is None:
        return
    factor, trial = found
    to_go, gone = speed.to_go, _reached(network, speed.updates)
    rate = float(f"{current.rate * factor:.0e}")
    made = "" if speed.updates is None else f" after {count(speed.updates, 'update')}"
    yield Evidence(
        numbers={
            "rate": current.rate,
            "rate_shown": f"{current.rate:.2g}",
            "seen": f"and at {rate:g} the loss falls {_times(saved, trial)} in as many updates",
            "rate_tried": trial.rate,
            "updates_of_each": saved.updates,
            "before": saved.before,
            "after": saved.after,
            "after_at_rate_tried": trial.after,
            "error": saved.error,
            "gap_closed": speed.share(saved),
            "gap_closed_at_rate_tried": speed.share(trial),
            "updates": speed.updates,
            "updates_to_go": to_go if math.isfinite(to_go) else None,
            "furthest_any_weight_moved": gone,
        },
        certainty=Certainty.TRIED,
        severity=Severity.ERROR if position.far and to_go > HOPELESS else Severity.WARNING,
        why=_why(network, speed, trial, gone),
        remedy=_remedy(network, rate) if options is None else options.or_adam(_remedy(network, rate), trial),
        explains=position.part(trial.gain),
        strength=min(max(math.log10(max(to_go, 1.0)) / 6, 0.0), 1.0) if math.isfinite(to_go) else 1.0,
        verdict=f"The learning rate, {current.rate:.2g}, is too low{made}: {saved.updates} more updates took the "
        f"loss from {short(saved.before)} to {short(saved.after)}, at {rate:g} they took it to "
        f"{short(trial.after)}.",
    )


def _faster(network: Network, current: CurrentRate, speed: DescentSpeed) -> tuple[float, Trial] | None:
    """A rate at which the loss clearly falls faster, the lowest unless a higher one does far better; or None."""
    most = MOST_RESCALED if normalises_gradient(network.optimizer) else MOST_PLAIN
    found: tuple[float, Trial] | None = None
    for factor in FACTORS:
        if current.rate * factor > most:
            break
        trial = speed.continuation.at(factor)
        if not trial.finite:
            break
        if found is None:
            if speed.sure_share(trial) >= CLEAR and trial.gain >= FASTER * max(speed.saved.gain, 0.0):
                found = factor, trial
        elif trial.least_gain >= BETTER * found[1].least_gain:
            found = factor, trial
        else:
            break
    return found


def _times(saved: Trial, trial: Trial) -> str:
    times = trial.gain / saved.gain if saved.gain > 0 else math.inf
    return f"{short(times, 2)} times as far" if times < 1e4 else "where it does not fall at all"  # noqa: PLR2004


def _why(network: Network, speed: DescentSpeed, trial: Trial, gone: float | None) -> str:
    size = size_of(trained_kernels(network))
    closed = f"A trial at ten times the rate or more closed {percent(min(speed.share(trial), 1.0))} of the way to what "
    closed += f"is known to be reachable, at the saved rate {percent(max(speed.share(speed.saved), 0.0))}"
    more = f": the rest takes {short(speed.to_go, 1)} updates or more." if math.isfinite(speed.to_go) else "."
    if gone is None or size is None or gone > size:
        return closed + more
    name = network.optimizer.name if network.optimizer else ""
    bound = f" {name}'s {count(speed.updates or 0, 'update')} at this rate move no weight by more than {short(gone, 2)}"
    return f"{closed}{more}{bound}; weights are about {short(size, 2)} in size."


def _predicted(network: Network, current: CurrentRate, gradients: Gradients | None) -> Iterator[Evidence]:
    """Plain gradient descent whose first gradient leads nowhere within any number of updates."""
    size = length_of(trained_kernels(network))
    if gradients is None or not follows_gradient(network.optimizer) or size is None:
        return
    step = current.rate * norm(gradients.total)
    if not 0 < step < size / EVER:
        return
    rate = 0.01
    yield Evidence(
        numbers={
            "rate": current.rate,
            "rate_shown": f"{current.rate:.2g}",
            "seen": f"and the first update changes the weights by {short(step / size, 1)} of their size",
            "step_over_weights": step / size,
            "gradient": norm(gradients.total),
        },
        certainty=Certainty.ESTIMATED,
        severity=Severity.WARNING,
        why=f"The gradient is {short(norm(gradients.total), 2)} long, the weights {short(size, 2)}: at this rate it "
        f"takes {short(size / step, 1)} such updates to change them by their own size.",
        remedy=_remedy(network, rate),
        strength=0.5,
        verdict=f"Training will hardly start: with a learning rate of {current.rate:.2g} an update changes the "
        f"weights by {short(step / size, 1)} of their size.",
    )


def _from_the_file(
    network: Network, current: CurrentRate, training: Training, left: RateLeft | None
) -> Iterator[Evidence]:
    """What the file alone tells: how far the updates made carry any weight at the rate that it keeps."""
    if left is not None and left.once_higher:
        return
    size, gone = size_of(trained_kernels(network)), _reached(network, training.updates)
    if training.never or not training.updates or size is None or gone is None or current.rate <= 0:
        return
    if gone > UNMOVED * size or size / current.rate < CRAWL or current.rate < FELL * current.compiled:
        return
    yield Evidence(
        numbers={
            "rate": current.rate,
            "rate_shown": f"{current.rate:.2g}",
            "seen": f"at which {count(training.updates, 'update')} move no weight by more than {short(gone, 2)}",
            "updates": training.updates,
            "furthest_any_weight_moved": gone,
            "size": size,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE,
        why=f"Weights are about {short(size, 2)} in size: unless the rate was higher before, these are those that "
        "training started from, about. That is as it should be where a finished model was only tuned.",
        remedy=_remedy(network, 1e-3),
        strength=0.5,
        verdict=f"At the learning rate of {current.rate:.2g} that the file keeps, {count(training.updates, 'update')} "
        f"move no weight by more than {short(gone, 2)}.",
    )


def _reached(network: Network, updates: int | None) -> float | None:
    """How far so many updates can carry one weight; None where nothing bounds it."""
    limit = None if network.optimizer is None else most_per_update(network.optimizer)
    return None if limit is None or updates is None else limit * updates


def _remedy(network: Network, rate: float) -> Remedy:
    name = network.optimizer.name if network.optimizer else "Adam"
    return Remedy(
        f"train on with a learning rate of {rate:g}",
        f"model.compile(optimizer=keras.optimizers.{name}({rate:g}), loss=model.loss)",
    )
