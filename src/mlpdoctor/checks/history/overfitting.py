"""H805: a validation loss that turned up while the training loss went on falling."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.history import Run
from mlpdoctor.core.text import percent, printed, short
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve, ValidationTurn

PATIENCES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 150, 200, 250, 300, 500)
"""Numbers that people give EarlyStopping."""
ROUND = 5
"""People ask for 20, 50 or 75 epochs; a run of 43 was stopped."""
LONG = 0.25
"""Epochs after the best that are a waste, as a share of all."""
SLIGHT = 0.02
"""A rise by a fiftieth is nothing that anybody would act on."""
HALF_AGAIN = 0.5
"""A validation loss half as high again is no matter of a few answers that are too sure."""
KEPT = 0.01
"""A validation accuracy that ends within one per cent of its best has not suffered."""
ACCURACIES = ("acc", "auc", "precision", "recall")


@check(
    "H805",
    Severity.WARNING,
    "the validation loss rose from {lowest} at epoch {best_epoch} to {end}, while the training loss fell to {training}",
    stage=Stage.CURVE,
    because="D708 L509",
    untreatable="a trial is judged on the rows it trains on, where a model that memorises does well",
)
def overfitting(
    curve: TrainingCurve,
    validation: ValidationCurve,
    turn: ValidationTurn,
    ending: RunEnding,
    *,
    rise: float = 0.1,
    fall: float = 0.05,
) -> Iterator[Evidence]:
    """A validation loss that turned up while the training loss went on falling.

    Why it matters
        From the turn on the network memorises its training rows, noise and all, and each epoch makes it worse on
        new ones. A training loss that still falls says nothing then, and the weights of the last epoch are not the
        best ones that were had.
    How to fix it
        EarlyStopping with restore_best_weights=True; more rows; a smaller network, dropout or weight decay.
    When it stays silent
        Fewer than 10 epochs; a rise that the scatter of the validation loss could explain; a rise under two per cent; a
        gap that does not widen, however large: training rows are always fitted better; a training loss that has
        stopped falling too.
    How sure
        Measured: the validation loss ends above its best smoothed epoch by more than the lowest of so many noisy values
        is low by chance: a straight line since then rises beyond its 95 % error bar, or it climbs to the end of the
        epochs since; without the latter it is a note. A warning where it rose by ``rise`` or more and training went on
        for long after; a note where the weights of the best epoch were put back, where the run looks like one that
        EarlyStopping ended (an odd number of epochs, a round one since the best), and where it is not half as high
        again and a logged accuracy has not suffered: then the predictions are too sure, but as right as before.
    """
    if turn.fall < fall or turn.rise < SLIGHT:
        return
    decimals = validation.column.decimals
    accuracy = turn.rise < HALF_AGAIN and _accuracy_kept(curve.run)
    harm = turn.sure and turn.rise >= rise and not accuracy
    grave = harm and ending.restored is None and not _ended_in_time(validation, ending)
    yield Evidence(
        numbers={
            "lowest": printed(_rounded(turn.lowest), decimals),
            "best_epoch": turn.epoch,
            "end": printed(_rounded(turn.end), decimals),
            "training": printed(_rounded(turn.training), curve.column.decimals),
            "rise_share": turn.rise,
            "fall_share": turn.fall,
            "since": turn.since,
            "epochs": ending.epochs,
            "restored": ending.restored,
            "accuracy_kept": accuracy,
        },
        certainty=Certainty.MEASURED,
        severity=None if grave else Severity.NOTE,
        why=_why(turn, ending, accuracy=accuracy),
        remedy=_remedy(ending, turn.since),
        strength=min(turn.rise, 1.0),
        verdict=f"The network has been memorising its training rows since about epoch {turn.epoch}: from there on the "
        f"validation loss rose by {percent(turn.rise)} while the training loss fell by {percent(turn.fall)}.",
    )


def _ended_in_time(validation: ValidationCurve, ending: RunEnding) -> bool:
    """Whether EarlyStopping ended the run soon after its best, as far as that shows in the numbers of epochs."""
    best = validation.best
    if best is None:
        return False
    since = ending.epochs - best.epoch
    return ending.cut or since <= LONG * ending.epochs or (ending.epochs % ROUND != 0 and since in PATIENCES)


def _accuracy_kept(run: Run) -> bool:
    """Whether some validation accuracy ends about as high as it ever was."""
    for name, column in run.columns.items():
        if name.startswith("val_") and any(word in name for word in ACCURACIES) and len(column):
            tail = column.values[-max(len(column) // 10, 1) :]
            top, end = float(column.values.max()), float(tail.mean())
            if top > 0 and end >= (1 - KEPT) * top:
                return True
    return False


def _why(turn: ValidationTurn, ending: RunEnding, *, accuracy: bool) -> str:
    since = f"{turn.since} of the {ending.epochs} epochs came after the best one"
    kept = ", and the validation accuracy did not suffer: the predictions are too sure, but as right as before"
    put_back = f", whose weights were put back (epoch {ending.restored})" if ending.restored is not None else ""
    ratio = ""
    if turn.training > 0:
        ratio = f" The validation loss ends at {short(turn.end / turn.training, 2)} times the training loss."
    return f"{since}{put_back}{kept if accuracy else ''}.{ratio}"


def _remedy(ending: RunEnding, since: int) -> Remedy:
    patience = max(5, min(since // 3, 50))
    epochs = ending.planned or ending.epochs
    return Remedy(
        "keep the weights of the best epoch; more rows, a smaller network, dropout or weight decay move the turn",
        f"model.fit(x, y, epochs={epochs}, validation_split=0.2, callbacks=[keras.callbacks.EarlyStopping("
        f'"val_loss", patience={patience}, restore_best_weights=True)])',
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
