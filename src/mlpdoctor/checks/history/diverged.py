"""H803: a training that diverged: its loss became NaN or infinite, or rose and stayed up."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Number, Remedy, Severity
from mlpdoctor.core.text import printed, short
from mlpdoctor.facts.history.last_run import Divergence, RunEnding
from mlpdoctor.facts.history.outlook import ReferenceGap
from mlpdoctor.facts.history.run_rates import RateCurve, UsedOptimizer
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve

LOWER = 10.0
"""The rate to try is a tenth of the one there was."""
RAISED = 1.5
"""A rate that is so much higher than it was at the best epoch was raised: warm restarts do that, and the loss rises."""
WHAT = {True: "NaN", False: "infinite"}
CLEAN = Remedy(
    "look for missing and infinite cells, and for labels out of range, before anything else",
    "print(np.isfinite(x).all(axis=0), np.isfinite(y).all(), y.min(), y.max())",
)


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
    used: UsedOptimizer,
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
    # Milder where the weights that were saved are not those that were thrown out; None for the rule's own.
    given = Severity.WARNING if ending.restored is not None else None
    given = Severity.NOTE if gap is not None and gap.of_model and gap.done else given
    if curve.broken is not None:
        yield _broken(curve, *curve.broken, ending, given, used)
    elif divergence is not None and not (rates is not None and rates.raised(divergence.epoch, RAISED)):
        yield _risen(curve, divergence, ending, given, used)
    elif validation is not None and validation.broken is not None and not math.isfinite(validation.column.values[-1]):
        yield _of_validation(*validation.broken)


def _broken(
    curve: TrainingCurve, epoch: int, value: float, ending: RunEnding, given: Severity | None, used: UsedOptimizer
) -> Evidence:
    before, lasts, what = curve.before(epoch), not math.isfinite(curve.last), WHAT[math.isnan(value)]
    return _evidence(
        f"the loss is {what} from epoch {epoch} on" if lasts else f"the loss was {what} at epoch {epoch}",
        {
            "case": "no number",
            "epoch": epoch,
            "value": what,
            "lasts": lasts,
            "at_once": not before,
            "last_before": before[-1] if before else None,
            "epochs": ending.epochs,
            "lowest": None if curve.best is None else curve.best.value,
            "best_epoch": None if curve.best is None else curve.best.epoch,
        },
        Severity.NOTE if given is None and not lasts else given,
        _way(before, curve.column.decimals),
        _slower(used) if before else CLEAN,
        1.0 if lasts else 0.3,
    )


def _way(before: list[float], decimals: int | None) -> str:
    if not before:
        return "It was NaN from the start, so no step can be blamed: look at the data and at the labels first."
    last, low = printed(before[-1], decimals), min(before)
    fell = ", and had fallen until then." if before[-1] <= low else f", up from {printed(low, decimals)}."
    return f"A NaN never leaves the weights that it has reached. Before it was {last}{fell}"


def _risen(
    curve: TrainingCurve, divergence: Divergence, ending: RunEnding, given: Severity | None, used: UsedOptimizer
) -> Evidence:
    lowest, end = (printed(value, curve.column.decimals) for value in (divergence.lowest, divergence.end))
    lost = "all that was won" if divergence.lost >= 1 else f"{short(100 * divergence.lost, 2)} % of the way won"
    return _evidence(
        f"the loss rose from {lowest} at epoch {divergence.epoch} to {end} at epoch {ending.epochs}, and stayed up",
        {"case": "rose", **divergence.numbers, "epochs": ending.epochs},
        Severity.WARNING if given is None and divergence.lost < 1 else given,
        f"It ends {short(divergence.times, 2)} times as high as it has been: {lost} since the first epoch is lost.",
        _slower(used),
        min(math.log10(divergence.times) / 3, 1.0),
    )


def _of_validation(epoch: int, value: float) -> Evidence:
    seen = f"the validation loss is {WHAT[math.isnan(value)]} from epoch {epoch} on"
    return _evidence(
        f"{seen}, and the training loss is not",
        {"case": "validation no number", "epoch": epoch, "value": WHAT[math.isnan(value)]},
        Severity.WARNING,
        "The weights are sound, so it is the validation rows: missing cells, labels out of range, or none at all. "
        "EarlyStopping and ReduceLROnPlateau that watch val_loss see no progress in it.",
        Remedy("look for missing cells in the validation rows", "print(np.isnan(x_val).sum(axis=0))"),
        0.5,
        f"T{seen[1:]} while the training loss is a number: something is wrong with the validation rows.",
    )


def _evidence(
    seen: str,
    read: dict[str, Number],
    given: Severity | None,
    why: str,
    remedy: Remedy,
    strength: float,
    told: str = "",
) -> Evidence:
    all_the_same = " The saved weights do well all the same." if given is Severity.NOTE else ""
    told = told or f"Training diverged: {seen}.{all_the_same}"
    return Evidence({"seen": seen, **read}, Certainty.MEASURED, why, remedy, given, None, strength, told)


def _slower(used: UsedOptimizer) -> Remedy:
    better = used.usable / LOWER if used.usable else (1e-4 if used.adaptive else 0.01)
    text = (
        f"train from scratch with a learning rate of {better:.2g}{used.instead} and clipped gradients, on inputs and "
    )
    return Remedy(f"{text}targets of scale 1", used.again(better, "clipnorm=1.0"))
