"""H807: a training cut off before its time, while the loss still moved."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent, printed, short
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.outlook import Outlook, ReferenceGap, Way
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve


@check(
    "H807",
    Severity.WARNING,
    "training ended after epoch {epochs}{of}, while the loss still fell by {pace_share} an epoch",
    stage=Stage.PACE,
    disturbs=Part.PACE | Part.LOSS,
    names=("epochs",),
    untreatable="to train on is what the control does",
)
def stopped_early(
    curve: TrainingCurve,
    outlook: Outlook,
    gap: ReferenceGap,
    ending: RunEnding,
    validation: ValidationCurve | None,
    *,
    fewest: int = 8,
) -> Iterator[Evidence]:
    """A training cut off before its time, while the loss still moved.

    Why it matters
        EarlyStopping counts an epoch as no progress when it brings less than ``min_delta``, and stops after
        ``patience`` of those. A loss of 0.02 that falls by a hundredth of itself each epoch makes no progress to a
        ``min_delta`` of 0.001, and is stopped in mid-fall; so is one whose epochs scatter when ``patience`` is 1 or 2.
        The log then looks finished, and is not.
    How to fix it
        ``min_delta=0`` and a patience of ten epochs or more, on the loss that matters.
    When it stays silent
        Training that was stopped rightly: where the validation loss no longer falls, or half as many epochs again
        would bring less than a twentieth; a fall that scatter or printed digits could explain; logs that do not tell
        that training was to go on (a CSVLogger file does not: see H802).
    How sure
        Measured: the log holds Keras's line on the early stop, or the number of epochs that were planned, and the
        slope of ln(loss) over the last quarter of the epochs is below zero by twice its 95 % error bar, or the loss
        fell with each of the last eight. Where the log was pasted in part, what is missing is unknown. Severity as for
        H802.
    """
    if outlook.way is Way.STANDS or not ending.cut:
        return
    slope = outlook.slope
    pace = -math.expm1(slope.per_epoch)
    grave = (gap.worth(outlook.gain) or outlook.way is Way.CRAWLS) and (gap.known or len(curve.column) >= fewest)
    last = printed(curve.last, curve.column.decimals)
    of = "" if ending.planned is None else f" of {ending.planned:,} planned"
    monitor = "loss" if validation is None else "val_loss"
    yield Evidence(
        numbers={
            "epochs": ending.epochs,
            "planned": ending.planned,
            "of": of,
            "by_callback": ending.stopped,
            "pace_share": pace,
            "slope": slope.per_epoch,
            "error": slope.error,
            "step": slope.end * pace,
            "last": curve.last,
            "gain_of_half_as_many": outlook.gain,
        },
        certainty=Certainty.MEASURED,
        severity=None if grave and (gap.known or outlook.way is Way.FALLS) else Severity.NOTE,
        why=_why(outlook, ending, pace),
        remedy=_remedy(ending, monitor),
        strength=min(outlook.share, 1.0),
        verdict=None
        if gap.done
        else f"Training was stopped too early, after epoch {ending.epochs}{of}: the loss, {last}, was still falling by "
        f"{percent(pace)} an epoch.",
    )


def _why(outlook: Outlook, ending: RunEnding, pace: float) -> str:
    end = outlook.slope.end
    who = (
        "The log tells of an early stop"
        if ending.stopped
        else "An EarlyStopping, an interruption, or a log that was not pasted whole"
    )
    step = f"an epoch still brings {short(end * pace, 2)}, so that a min_delta above it counts none as progress"
    more = (
        f"Half as many epochs again at this pace take the loss from {short(end)} to {short(end - outlook.gain)} or so."
    )
    return f"{who}: {step}. {more}"


def _remedy(ending: RunEnding, monitor: str) -> Remedy:
    epochs = ending.planned or max(100, math.ceil(3 * ending.epochs / 10) * 10)
    patience = max(10, math.ceil(ending.epochs / 5))
    return Remedy(
        "stop on no progress at all, and only after many epochs without it",
        f"model.fit(x, y, epochs={epochs}, callbacks=[keras.callbacks.EarlyStopping("
        f'"{monitor}", min_delta=0, patience={patience}, restore_best_weights=True)])',
    )
