"""H803: a training that diverged: its loss became NaN or infinite, or rose and stayed up."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import printed, short
from mlpdoctor.facts.history.last_run import Divergence, RateCurve, RunEnding
from mlpdoctor.facts.history.outlook import ReferenceGap
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve
from mlpdoctor.nn.optimizers.traits import follows_gradient

LOWER = 10.0
"""The rate to try is a tenth of the one there was."""
RAISED = 1.5
"""A rate that is so much higher than it was at the best epoch was raised: warm restarts do that, and the loss rises."""


@check(
    "H803",
    Severity.ERROR,
    "{seen}",
    stage=Stage.CURVE,
    about=Part.SIZE,
    because="D701",
    names=("too high a learning rate",),
)
def diverged(
    curve: TrainingCurve,
    ending: RunEnding,
    gap: ReferenceGap | None,
    divergence: Divergence | None,
    rates: RateCurve | None,
    validation: ValidationCurve | None,
    network: Network,
) -> Iterator[Evidence]:
    """A training whose loss became NaN or infinite, or rose and stayed up.

    Why it matters
        From the first NaN on every weight it reaches is NaN, and no further epoch changes that. A loss that rises for
        good has been thrown out of where it was by steps that are too large; what was learned is lost.
    How to fix it
        A tenth of the learning rate, clipnorm=1.0, inputs and targets on a scale of about 1. NaN from the first epoch
        on most often is in the data: missing cells, the logarithm of zero, labels out of range.
    When it stays silent
        Spikes and swings from which the loss comes back (H804), a loss that doubles near zero, where a fifth of the way
        won is not lost, and warm restarts that have not come down yet. A validation loss that rises alone is H805.
    How sure
        Measured. An error where the log ends in NaN or at least as high as it began; a warning where part of the way
        was kept, where the weights of the best epoch were put back, or where only the validation loss is NaN. A
        note where the saved model does about as well as anything is known to.
    """
    if curve.broken is not None:
        yield _broken(curve, curve.broken, ending, gap, _slower(network, rates))
    elif divergence is not None and not _raised(rates, divergence.epoch):
        yield _risen(curve, divergence, ending, gap, _slower(network, rates))
    elif validation is not None and validation.broken is not None and not math.isfinite(validation.column.values[-1]):
        yield _of_validation(validation.broken)


def _broken(
    curve: TrainingCurve, broken: tuple[int, float], ending: RunEnding, gap: ReferenceGap | None, slower: Remedy
) -> Evidence:
    epoch, value = broken
    what = "NaN" if math.isnan(value) else "infinite"
    at_once = epoch == int(curve.column.epochs[0])
    lasts = not math.isfinite(curve.last)
    severity = _severity(gap, ending)
    if severity is None and not lasts:
        severity = Severity.NOTE
    seen = f"the loss is {what} from epoch {epoch} on" if lasts else f"the loss was {what} at epoch {epoch}"
    before = [float(v) for e, v in zip(curve.column.epochs, curve.column.values, strict=True) if e < epoch]
    fell = before and before[-1] <= min(before)
    way = (
        ""
        if not before
        else f" Before it was {printed(before[-1], curve.column.decimals)}"
        + (", and had fallen until then." if fell else f", up from {printed(min(before), curve.column.decimals)}.")
    )
    why = (
        "It was NaN from the start, so no step can be blamed: look at the data and at the labels first."
        if at_once
        else f"A NaN never leaves the weights that it has reached.{way}"
    )
    return Evidence(
        numbers={
            "seen": seen,
            "epoch": epoch,
            "value": what,
            "lasts": lasts,
            "at_once": at_once,
            "last_before": before[-1] if before else None,
            "epochs": ending.epochs,
            "lowest": None if curve.best is None else curve.best.value,
            "best_epoch": None if curve.best is None else curve.best.epoch,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=why,
        remedy=_clean() if at_once else slower,
        strength=1.0 if lasts else 0.3,
        verdict=_said(f"Training diverged: {seen}.", severity),
    )


def _risen(
    curve: TrainingCurve, divergence: Divergence, ending: RunEnding, gap: ReferenceGap | None, slower: Remedy
) -> Evidence:
    lowest, end = (printed(value, curve.column.decimals) for value in (divergence.lowest, divergence.end))
    seen = f"the loss rose from {lowest} at epoch {divergence.epoch} to {end} at epoch {ending.epochs}, and stayed up"
    severity = _severity(gap, ending)
    if severity is None and divergence.lost < 1:
        severity = Severity.WARNING
    lost = "all that was won" if divergence.lost >= 1 else f"{short(100 * divergence.lost, 2)} % of the way won"
    return Evidence(
        numbers={
            "seen": seen,
            "epoch": divergence.epoch,
            "lowest": divergence.lowest,
            "end": divergence.end,
            "times": divergence.end / divergence.lowest,
            "lost": divergence.lost if math.isfinite(divergence.lost) else None,
            "epochs": ending.epochs,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=f"It ends {short(divergence.end / divergence.lowest, 2)} times as high as it has been: {lost} since the "
        "first epoch is lost.",
        remedy=slower,
        strength=min(math.log10(divergence.end / divergence.lowest) / 3, 1.0),
        verdict=_said(f"Training diverged: {seen}.", severity),
    )


def _of_validation(broken: tuple[int, float]) -> Evidence:
    epoch, value = broken
    what = "NaN" if math.isnan(value) else "infinite"
    return Evidence(
        numbers={
            "seen": f"the validation loss is {what} from epoch {epoch} on, and the training loss is not",
            "epoch": epoch,
            "value": what,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.WARNING,
        why="The weights are sound, so it is the validation rows: missing cells, labels out of range, or none at all. "
        "EarlyStopping and ReduceLROnPlateau that watch val_loss see no progress in it.",
        remedy=Remedy("look for missing cells in the validation rows", "print(np.isnan(x_val).sum(axis=0))"),
        strength=0.5,
        verdict=f"The validation loss is {what} from epoch {epoch} on while the training loss is a number: "
        "something is wrong with the validation rows.",
    )


def _severity(gap: ReferenceGap | None, ending: RunEnding) -> Severity | None:
    """Milder where the weights that were saved are not those that were thrown out; None for the rule's own."""
    if gap is not None and gap.of_model and gap.done:
        return Severity.NOTE
    return Severity.WARNING if ending.restored is not None else None


def _said(sentence: str, severity: Severity | None) -> str:
    return f"{sentence} The saved weights do well all the same." if severity is Severity.NOTE else sentence


def _raised(rates: RateCurve | None, epoch: int) -> bool:
    if rates is None:
        return False
    column = rates.column
    then = [float(rate) for at, rate in zip(column.epochs, column.values, strict=True) if at <= epoch]
    return bool(then) and float(column.values[column.epochs >= epoch].max(initial=0.0)) > RAISED * then[-1]


def _clean() -> Remedy:
    return Remedy(
        "look for missing and infinite cells, and for labels out of range, before anything else",
        "print(np.isfinite(x).all(axis=0), np.isfinite(y).all(), y.min(), y.max())",
    )


def _slower(network: Network, rates: RateCurve | None) -> Remedy:
    name = "Adam" if network.optimizer is None else network.optimizer.name
    rate = rates.rates.largest if rates is not None else network.optimizer and network.optimizer.learning_rate
    usable = bool(rate) and math.isfinite(rate or math.nan)
    better = (rate or 0.0) / LOWER if usable else (0.01 if follows_gradient(network.optimizer) else 1e-4)
    was = f" in place of {rate:.2g}" if usable else ""
    return Remedy(
        f"train from scratch with a learning rate of {better:.2g}{was} and clipped gradients, on inputs and targets of "
        "scale 1",
        f"model.compile(optimizer=keras.optimizers.{name}({better:.2g}, clipnorm=1.0), loss=model.loss)",
    )
