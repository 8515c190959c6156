"""H802: a training that ended while the loss still fell."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent, printed, short
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.outlook import Outlook, ReferenceGap, Way
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve

TIMES = 3
"""The remedy names three times the epochs made: a curve slows down as it falls, and EarlyStopping ends it in time."""


@check(
    "H802",
    Severity.WARNING,
    "the loss was still falling when training ended, by {pace_share} an epoch over the last {stretch} epochs",
    stage=Stage.CURVE,
    about=Part.PACE,
    names=("epochs",),
    untreatable="to train on is what the control does",
)
def still_improving(
    curve: TrainingCurve,
    outlook: Outlook,
    gap: ReferenceGap,
    ending: RunEnding,
    validation: ValidationCurve | None,
    *,
    fewest: int = 8,
) -> Iterator[Evidence]:
    """A training that ended while the loss still fell.

    Why it matters
        Where the best epoch is the last one, the number of epochs decided when to stop, and not the loss. Such a
        curve is no plateau: nothing need be wrong but that the training is not finished.
    How to fix it
        More epochs, ended by EarlyStopping with patience in place of a fixed number.
    When it stays silent
        A fall that scatter or printed digits could explain; one that half as many epochs again would not carry a
        twentieth further; a training loss that falls while the validation loss no longer does; a loss at less than a
        tenth of the way from what is known to be reachable. Where training was stopped before its time see H807,
        where the loss falls too slowly to get anywhere H806.
    How sure
        Measured: the slope of ln(loss) over the last quarter of the epochs is below zero by twice its 95 % error bar,
        or the loss fell with each of the last eight. A warning where it is known to be far from what these data allow
        and the gain is a fair part of that; of a curve alone only where it kept more than half of its first loss over
        ``fewest`` epochs or more. A note otherwise.
    References
        Godbole, Dahl, Gilmer, Shallue and Nado, Deep Learning Tuning Playbook, 2023: best step at the end of training.
    """
    if outlook.way is not Way.FALLS or ending.cut:
        return
    slope = outlook.slope
    grave = gap.worth(outlook.gain) and (gap.known or len(curve.column) >= fewest)
    pace = -math.expm1(slope.per_epoch)
    last = printed(curve.last, curve.column.decimals)
    beside = "" if validation is None else " The validation loss falls with it."
    yield Evidence(
        numbers={
            "pace_share": pace,
            "stretch": slope.last - slope.first + 1,
            "slope": slope.per_epoch,
            "error": slope.error,
            "epochs": ending.epochs,
            "last": curve.last,
            "best_epoch": None if curve.best is None else curve.best.epoch,
            "gain_of_half_as_many": outlook.gain,
            "left_of_the_way": gap.left if math.isfinite(gap.left) else None,
        },
        certainty=Certainty.MEASURED,
        severity=None if grave else Severity.NOTE,
        why=f"Half as many epochs again at this pace take the loss from {short(slope.end)} to "
        f"{short(slope.end - outlook.gain)} or so.{beside}",
        remedy=_remedy(ending, "loss" if validation is None else "val_loss"),
        strength=min(outlook.share, 1.0),
        verdict=f"The loss, {last}, was still falling by {percent(pace)} an epoch when training ended after "
        f"{count(ending.epochs, 'epoch')}: more epochs may lower it."
        if not grave
        else f"Training ended too soon: after {count(ending.epochs, 'epoch')} the loss, {last}, was still falling "
        f"by {percent(pace)} an epoch.",
    )


def _remedy(ending: RunEnding, monitor: str) -> Remedy:
    epochs = max(30, math.ceil(TIMES * ending.epochs / 10) * 10)
    patience = max(10, round(epochs / 20))
    return Remedy(
        "train on until the loss stops falling, and let EarlyStopping decide when that is",
        f"model.fit(x, y, epochs={epochs}, callbacks=[keras.callbacks.EarlyStopping("
        f'"{monitor}", patience={patience}, restore_best_weights=True)])',
    )
