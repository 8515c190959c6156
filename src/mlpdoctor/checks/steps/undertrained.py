"""G607: training that stopped while the loss was still falling."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.history.training_curve import ValidationCurve
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.held_out_trial import MoreUpdates
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training_options import TrainingOptions

MOST_EPOCHS = 1000
"""Beyond it the remedy names no number of epochs: few rows take many."""
STANDING = 0.25
"""Share of the epochs at the end in which a validation loss that still falls would have been at its lowest."""


@check(
    "G607",
    Severity.WARNING,
    "the loss was still falling: {more} more updates brought it from {before} to {after}",
    stage=Stage.PACE,
    about=Part.PACE,
    disturbs=Part.LOSS,
    because="A101 A102 G604 H807",
    names=("epochs",),
    unfinished=True,
    untreatable="to train on is what the control does; a faster rate or another optimizer is tried beside it",
)
def undertrained(
    network: Network,
    objective: Objective,
    position: LossPosition,
    more: MoreUpdates,
    options: TrainingOptions | None,
    validation: ValidationCurve | None,
) -> Iterator[Evidence]:
    """Training that stopped while the loss was still falling.

    Why it matters
        Nothing is wrong with such a model but that it is not finished: the rate is one at which the loss falls, and
        it falls on. Few rows make few updates an epoch: 200 rows in batches of 32 are 7, and ten epochs of them 70,
        where a small network takes a thousand.
    How to fix it
        Train on: more epochs, a smaller batch, EarlyStopping with patience in place of a fixed number.
    When it stays silent
        Models that have come nine tenths of the way to what is known to be reachable, unless after fewer than 1,000
        updates 400 more take a tenth of the loss away on rows kept out of them; a loss that falls by less than
        a twentieth of the rest within the trial, and less than its scatter from row to row and update to update;
        models whose file tells of so many updates that this pace would have brought them there long ago: then the
        training saw something else than this file.
    How sure
        Tried: the training was taken up from the saved weights and the saved state of the optimizer, on
        minibatches of 32 of these rows, for up to 100 updates, without dropout. How long the rest takes is a straight
        line through the trial, and mostly too short: a loss falls slower as it falls. Where a
        hundred updates leave doubt, four hundred are made. Ten times the rate is proposed where a trial at it
        gained more than three times as much.
    """
    speed, apart = more.speed, more.apart
    if apart is not None and apart.gains:
        yield apart.evidence(position, objective.rows)
    if speed is None or not more.falls:
        return
    saved = speed.shown
    done = "" if speed.updates is None else f" after {count(speed.updates, 'update')}"
    epochs = None if speed.updates is None else speed.updates * saved.batch / objective.rows
    yield Evidence(
        numbers={
            "more": saved.updates,
            "before": saved.before,
            "after": saved.after,
            "updates": speed.updates,
            "epochs_of_such_batches": epochs,
            "batch": saved.batch,
            "rate": saved.rate,
            "gap_closed": speed.share(saved),
            "error": saved.error,
            "updates_to_go": speed.to_go,
            "losses_on_the_way": saved.path,
        },
        certainty=Certainty.TRIED,
        severity=Severity.WARNING,
        why=_why(speed, epochs) + _on_others(validation),
        remedy=_faster(options, saved) or _remedy(network, speed, objective.rows, validation),
        explains=position.part(saved.gain),
        strength=min(speed.share(saved), 1.0),
        verdict=f"Training stopped too early{done}: the loss, {short(saved.before)}, was still falling. "
        f"{saved.updates} more updates at the same learning rate brought it to {short(saved.after)}.",
    )


def _why(speed: DescentSpeed, epochs: float | None) -> str:
    made = "" if speed.updates is None else f"Its optimizer has made {count(speed.updates, 'update')}"
    if epochs is not None:
        made += f", about {short(max(epochs, 0.1), 2)} epochs of batches of {speed.shown.batch}. "
    closed = percent(min(speed.share(speed.shown), 1.0))
    return (
        f"{made}A trial of {speed.shown.updates} more closed {closed} of the way to what is known to be reachable: the "
        f"rest takes {short(max(speed.to_go, 1), 1)} updates like these or more."
    )


def _on_others(validation: ValidationCurve | None) -> str:
    """What the validation loss says to it, where one was logged and has stood still for long."""
    if validation is None or validation.best is None or not _stands(validation):
        return ""
    return (
        f" The validation loss has not been lower since epoch {validation.best.epoch}: more updates fit these rows "
        "better, and perhaps no others."
    )


def _stands(validation: ValidationCurve) -> bool:
    """Whether the last quarter of the epochs brought no lower validation loss."""
    best = validation.best
    return best is not None and best.epoch <= (1 - STANDING) * float(validation.column.epochs[-1])


def _faster(options: TrainingOptions | None, saved: Trial) -> Remedy | None:
    """At ten times the rate, where that was tried and is far quicker."""
    option = None if options is None else options.faster()
    if option is None:
        return None
    trial, most = option.trial, count(option.trial.updates, "update")
    return Remedy(
        f"train longer, with {option.name}: {most} took the loss to {short(trial.after)}, and "
        f"{count(saved.updates, 'update')} at {saved.rate:.2g} to {short(saved.after)}",
        f"model.compile(optimizer={option.code}, loss=model.loss)",
    )


def _remedy(network: Network, speed: DescentSpeed, rows: int, validation: ValidationCurve | None) -> Remedy:
    updates = 3 * max(speed.to_go, speed.shown.updates)
    epochs = updates * speed.shown.batch / rows
    number = "1000" if epochs > MOST_EPOCHS else f"{max(10, math.ceil(epochs / 10) * 10)}"
    optimizer = "" if network.optimizer is None else f" at the same learning rate, {speed.shown.rate:.2g}"
    watched = "loss" if validation is None else "validation loss"
    held, monitor = ("", '"loss", patience=20')
    if validation is not None:
        held, monitor = "validation_split=0.2, ", '"val_loss", patience=20, restore_best_weights=True'
    return Remedy(
        f"train longer{optimizer}, until the {watched} stops falling",
        f"model.fit(x, y, batch_size=32, epochs={number}, {held}callbacks=[keras.callbacks.EarlyStopping({monitor})])",
    )
