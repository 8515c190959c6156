"""W306: a learning rate that moves nothing any more."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import recompiled, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.training.rate_left import DescentSpeed, RateLeft
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.training_options import TrainingOptions
from mlpdoctor.facts.training.trial_updates import Revived

ORDINARY = 1e-3
"""Keras's default for most of them."""
GRAIN = float(np.finfo(np.float32).eps) / 2
"""A step under this share of a float32 weight is lost in rounding."""


@check(
    "W306",
    Severity.ERROR,
    "the learning rate is {rate_shown}{fell}, and the weights are {size_shown} in size",
    stage=Stage.STEP,
    disturbs=Part.PACE | Part.LOSS,
    because="H808",
    names=("learning rate",),
)
def learning_rate_collapsed(
    left: RateLeft,
    position: LossPosition | None,
    training: Training,
    speed: DescentSpeed | None,
    options: TrainingOptions | None,
    *,
    most_updates: float = 1e5,
    fallen: float = 1e-3,
) -> Iterator[Evidence]:
    """A learning rate that has come down so far that it moves nothing any more.

    Why it matters
        A callback or a schedule that lowers the rate too early stops training while the loss is still high: the log
        goes flat and looks like a minimum. Adam and its kin move a weight by about the rate with each update, so that a
        rate of 1e-8 takes ten million updates for a weight of size 0.1; a step below the last digit of a float32 weight
        changes nothing at all.
    How to fix it
        Compile with an ordinary rate (Adam 0.001) and train on; give ReduceLROnPlateau a min_lr, a schedule
        more decay_steps.
    When it stays silent
        A rate that has come to its end together with training: a model that has come nine tenths of the way to
        what is known to be reachable, or half of it where a schedule brought the rate down. A rate that was always
        this low and still moves the weights is G604's. Without data nobody knows whether training was done: a warning
        where no update changes anything, a note otherwise.
    How sure
        Measured: the rate as saved or as its schedule gives it at the saved update, and the root mean square of the
        weights. That the rate was once higher the file tells by its schedule or its configuration, or by weights that
        have gone further than this rate can have carried them. Tried where a rate brought down to less than a tenth
        still moves the weights: up to 100 more updates at it close next to nothing of what is left, at the rate it came
        down from they do.
    References
        Kingma and Ba, Adam, 2015, section 2.1: the effective step is bounded by the rate.
    """
    dead = left.rate == 0 or left.share_of_weights < GRAIN
    slow = left.updates_to_move > most_updates
    fell = left.rate < fallen * left.started
    gone = left.scheduled or fell
    revived = None if speed is None or dead else left.revived(speed)
    if not (dead or (slow and (gone or left.once_higher)) or fell or revived is not None):
        return
    # Of a rate that came down on purpose only the trial tells that it was too early, once half of the way is made.
    early = position is None or position.far or not position.trained or (revived is not None and not position.near)
    if position is not None and (not early if gone else position.near):
        return
    lowered = left.rate < left.started
    from_rate = f", down from {short(left.started, 3)}" if lowered else ""
    by = f" by the schedule {left.schedule}" if left.schedule and lowered else ""
    start = left.started if lowered and left.started >= ORDINARY / 10 else ORDINARY
    remedy = Remedy(
        "compile with an ordinary learning rate and train on",
        recompiled(left.optimizer, f"{start:g}"),
    )
    if options is not None and speed is not None and left.rate > 0:
        remedy = options.or_adam(remedy, speed.continuation.at(start / left.rate))
    yield Evidence(
        numbers={
            "rate": left.rate,
            "rate_shown": short(left.rate, 3),
            "size": left.size,
            "size_shown": short(left.size, 2),
            "fell": from_rate,
            "from_rate": left.started,
            "compiled": left.started,
            "schedule": left.schedule,
            "updates": training.updates,
            "updates_to_move": left.updates_to_move if math.isfinite(left.updates_to_move) else None,
            "after": None if revived is None else revived.low.after,
            "after_at_the_rate_before": None if revived is None else revived.high.after,
        },
        certainty=Certainty.MEASURED if revived is None else Certainty.TRIED,
        severity=_severity(position, training, dead=dead, gone=gone),
        why=_why(left, revived, dead=dead),
        remedy=remedy,
        explains=None if revived is None or position is None else position.part(revived.high.gain),
        strength=1.0 if dead else 0.8,
        verdict=f"Training has stopped because the learning rate is {short(left.rate, 3)}{from_rate}{by}: "
        + ("no update changes any weight." if dead else "the weights hardly move any more."),
    )


def _severity(position: LossPosition | None, training: Training, *, dead: bool, gone: bool) -> Severity:
    if training.never:
        return Severity.ERROR if dead else Severity.WARNING
    if position is None:
        # A rate that came to its end looks the same in the file, whether it was time to end or not.
        return Severity.WARNING if dead and not gone else Severity.NOTE
    return severity(position)


def _why(left: RateLeft, revived: Revived | None, *, dead: bool) -> str:
    name = left.optimizer
    if left.rate == 0:
        return "With a learning rate of 0 no update changes anything."
    if dead:
        return f"A step of {name} is smaller than the last digit of such a float32 weight, and is rounded away."
    if revived is not None:
        low, high = revived.low, revived.high
        return (
            f"{low.updates} more updates at this rate take the loss from {short(low.before)} to {short(low.after)}; at "
            f"{short(high.rate, 2)} they take it to {short(high.after)}."
        )
    if math.isfinite(left.updates_to_move):
        needed = short(left.updates_to_move, 2)
        return f"{name} moves a weight by about the rate with each update: {needed} updates for its own size."
    return "What training could do at this rate it has done."
