"""W306: a learning rate that moves nothing any more."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.nn.layers.properties import trained_kernels

LIMITED = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lion", "Lamb")
"""Optimizers whose every step moves a weight by about the rate at most."""
ORDINARY = 1e-3
"""Keras's default for most of them."""
GRAIN = float(np.finfo(np.float32).eps) / 2
"""A step under this share of a float32 weight is lost in rounding."""


@check(
    "W306",
    Severity.ERROR,
    "the learning rate is {rate}, and the weights are {size} in size{fell}",
    stage=Stage.STEP,
    disturbs=Part.PACE | Part.LOSS,
    because="H808",
)
def learning_rate_collapsed(
    network: Network,
    current: CurrentRate,
    position: LossPosition | None,
    training: Training,
    *,
    most_updates: float = 1e5,
    fallen: float = 1e-3,
) -> Iterator[Evidence]:
    """A learning rate that moves nothing any more.

    Why it matters
        A callback or a schedule that lowers the rate too early, or a rate with a zero too many, stops training
        while the loss is still high: the log goes flat and looks like a minimum. Adam and its kin move a weight
        by about the rate with each update, so that a rate of 1e-8 takes ten million updates for a weight of
        size 0.1; a step below the last digit of a float32 weight changes nothing at all.
    Remedy
        Compile with an ordinary rate (Adam 0.001) and train on; give ReduceLROnPlateau a min_lr, a schedule
        more decay_steps.
    Stays quiet on
        A rate that has come to its end together with training: a model that has come nine tenths of the way to
        what is known to be reachable, or half of it where a schedule brought the rate down. What the rate is
        now says nothing about what it was. Without data nobody knows whether training was done: a warning where
        no update changes anything, a note otherwise.
    Certainty
        Measured: the rate as saved or as its schedule gives it, and the root mean square of the weights.
    References
        Kingma and Ba, Adam, 2015, section 2.1: the effective step is bounded by the rate.
    """
    size = _size(network)
    if size is None:
        return
    name = network.optimizer.name if network.optimizer else ""
    limited = name in LIMITED
    dead = current.rate == 0 or (limited and current.rate < GRAIN * size)
    slow = limited and size / current.rate > most_updates if current.rate > 0 else True
    fell = current.rate < fallen * current.compiled
    if not (dead or slow or fell):
        return
    gone = current.schedule is not None or fell
    if position is not None and (position.trained and not position.far if gone else position.near):
        return
    needed = math.inf if current.rate == 0 else size / current.rate
    fallen_from = f", down from {short(current.compiled, 3)}" if fell else ""
    by = f" by the schedule {current.schedule}" if current.schedule and fell else ""
    start = current.compiled if fell and current.compiled >= ORDINARY / 10 else ORDINARY
    yield Evidence(
        numbers={
            "rate": short(current.rate, 3),
            "size": short(size, 2),
            "fell": fallen_from,
            "compiled": current.compiled,
            "schedule": current.schedule,
            "updates": training.updates,
            "updates_to_move": needed if math.isfinite(needed) else None,
        },
        certainty=Certainty.MEASURED,
        severity=_severity(position, training, dead=dead, gone=gone),
        why=_why(name, needed, limited=limited, dead=dead, rate=current.rate),
        remedy=Remedy(
            "compile with an ordinary rate and train on",
            f"model.compile(optimizer=keras.optimizers.{name or 'Adam'}({start:g}), loss=model.loss)",
        ),
        strength=1.0 if dead else 0.8,
        verdict=f"Training has stopped because the learning rate is {short(current.rate, 3)}{fallen_from}{by}: "
        + ("no update changes any weight." if dead else "the weights hardly move any more."),
    )


def _severity(position: LossPosition | None, training: Training, *, dead: bool, gone: bool) -> Severity:
    if training.never:
        return Severity.ERROR if dead else Severity.WARNING
    if position is None:
        # A rate that came to its end looks the same in the file, whether it was time to end or not.
        return Severity.WARNING if dead and not gone else Severity.NOTE
    return severity(position)


def _why(name: str, needed: float, *, limited: bool, dead: bool, rate: float) -> str:
    if rate == 0:
        return "With a rate of 0 no update changes anything."
    if dead:
        return f"A step of {name} is smaller than the last digit of such a float32 weight, and is rounded away."
    if limited:
        return f"{name} moves a weight by about the rate with each update: {short(needed, 2)} updates for its own size."
    return "What training could do at this rate it has done."


def _size(network: Network) -> float | None:
    """Root mean square of all trainable kernels."""
    kernels = trained_kernels(network)
    number = sum(kernel.size for kernel in kernels)
    total = sum(float(np.square(kernel).sum()) for kernel in kernels)
    return math.sqrt(total / number) if number and math.isfinite(total) and total > 0 else None
