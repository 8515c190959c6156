"""H804: a loss that swings far above its own trend."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.analysis.curves.noise import Swings
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent, printed, short
from mlpdoctor.facts.history.last_run import Divergence
from mlpdoctor.facts.history.outlook import Outlook, ReferenceGap
from mlpdoctor.facts.history.run_rates import UsedOptimizer
from mlpdoctor.facts.history.training_curve import TrainingCurve

LOWER = 5.0
"""The rate to try is a fifth of the one there was: swings shrink with it."""
MATTERS = 0.02
"""Swings under a fiftieth of the whole way cost nothing worth a word, however large beside a small loss."""
HIGHER = 0.1
"""Of a curve alone whose first loss was thrown high, swings are still a note: it has not come far since."""
SPIKE = 3.0
"""A single epoch three times above the trend is a spike ..."""
HIGH = 0.1
"""... and worth a note where it is a tenth of the whole way high."""
UNSURE = 2.0
"""Twice the error of a scatter told from so few epochs, as a share of it, is added to what is tolerated."""
HIDDEN = 4.0
"""Swings of fewer half units of the last digit printed are made by rounding: from one digit to the next is two."""
FEWEST = 15
"""Epochs from which swings are told: of ten the second half is five."""


@check(
    "H804",
    Severity.WARNING,
    "{seen}",
    stage=Stage.CURVE,
    about=Part.SIZE,
    names=("learning rate", "too high a learning rate"),
)
def oscillating(
    curve: TrainingCurve,
    gap: ReferenceGap,
    outlook: Outlook | None,
    divergence: Divergence | None,
    used: UsedOptimizer,
    *,
    large: float = 0.15,
    often: float = 0.25,
) -> Iterator[Evidence]:
    """A loss that swings far above its own trend.

    Why it matters
        The loss of an epoch is a mean over all its batches; it should scatter by a few per cent. Where it jumps by a
        sixth and more from epoch to epoch, each update throws the weights across the valley instead of down into it,
        and where training ends is a matter of luck.
    How to fix it
        A lower learning rate, or one that falls; larger batches; clipped gradients where single batches do it.
    When it stays silent
        Fewer than 15 epochs; swings of less than a fiftieth of the way from the best constant (without data: from the
        first loss) to what is known to be reachable, such as those of a loss near zero; a validation loss that swings
        alone: few rows make it.
    How sure
        Measured: ``large`` is the standard deviation of ln(loss) about its running median over the second half of the
        epochs, printed digits allowed for, and ``often`` the share of epochs higher than the one before. A note where
        the model does about as well as anything is known to or the loss surely falls all the same, and for single
        spikes that go by.
    """
    swings = curve.swings
    if swings is None or len(curve.column) < FEWEST or curve.level is None or divergence is not None:
        return
    level = curve.level.value
    span = gap.span if gap.span > 0 else math.inf
    sure = large * (1 + UNSURE / math.sqrt(len(curve.column) / 2))
    sure = max(sure, HIDDEN * curve.level.rounding / abs(level)) if level else math.inf
    matters = swings.typical * level >= MATTERS * span
    early = float(np.median(curve.column.values[: len(curve.column) // 4]))
    if swings.typical >= sure and swings.rises >= often and (matters or (not gap.known and level >= HIGHER * early)):
        falling = outlook is not None and outlook.gain > 0
        mild = gap.done or falling or not matters
        yield _swinging(curve, swings, level, used, mild=mild)
    elif swings.spikes and swings.largest >= SPIKE and (swings.largest - 1) * level >= HIGH * span:
        yield _spiking(swings, used)


def _swinging(curve: TrainingCurve, swings: Swings, level: float, used: UsedOptimizer, *, mild: bool) -> Evidence:
    low, high = (level * math.exp(sign * swings.typical) for sign in (-1, 1))
    seen = f"the loss swings by {percent(swings.typical)} from epoch to epoch, between about {short(low, 2)} and "
    seen += f"{short(high, 2)}"
    return Evidence(
        numbers={
            "seen": seen,
            "case": "swings",
            "low": low,
            "high": high,
            "typical": swings.typical,
            "largest": swings.largest,
            "largest_at_epoch": swings.epoch,
            "rises": swings.rises,
            "level": level,
            "first_epoch": swings.first,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE if mild else None,
        why=f"{percent(swings.rises)} of the epochs since epoch {swings.first} are higher than the one before, and the "
        f"highest, epoch {swings.epoch}, is {short(swings.largest, 2)} times the trend: the steps are too large for "
        "the loss to settle.",
        remedy=_remedy(used),
        strength=min(swings.typical, 1.0),
        verdict=None
        if mild
        else f"The loss does not settle: around {printed(level, curve.column.decimals)} it swings by "
        f"{percent(swings.typical)} from epoch to epoch.",
    )


def _spiking(swings: Swings, used: UsedOptimizer) -> Evidence:
    which = count(len(swings.spikes), "spike")
    return Evidence(
        numbers={
            "seen": f"the loss has {which}, the highest at epoch {swings.epoch}, {short(swings.largest, 2)} times the "
            "trend",
            "case": "spikes",
            "typical": swings.typical,
            "largest": swings.largest,
            "largest_at_epoch": swings.epoch,
            "spikes": swings.spikes[:10],
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE,
        why="The loss came back from each of them. Single batches with outliers do that, and Adam after many small "
        "gradients.",
        remedy=Remedy("clip the gradient if they cost time", used.again(used.last or 1e-3, "clipnorm=1.0")),
        strength=0.2,
    )


def _remedy(used: UsedOptimizer) -> Remedy:
    if not used.last:
        return Remedy(
            "lower the learning rate to a fifth, or let it fall as the loss stops falling",
            'keras.callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=10, min_lr=1e-6)',
        )
    lower = used.last / LOWER
    text = f"train with a learning rate of {lower:.2g} in place of {used.last:.2g}, and with larger batches"
    return Remedy(text, used.again(lower))
