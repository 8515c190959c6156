"""H806: a loss that falls steadily and gets nowhere."""

import math
from collections.abc import Iterator

from mlpdoctor.analysis.curves.slope import Reach
from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, named, printed, short
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.outlook import Outlook, ReferenceGap, Way
from mlpdoctor.facts.history.run_rates import UsedOptimizer
from mlpdoctor.facts.history.training_curve import TrainingCurve

TENFOLD = 10.0
"""The rate to try is ten times the one there was: rates are found by factors."""
ORDINARY, ORDINARY_ADAPTIVE = 0.1, 1e-3
"""Rates to try where the old one is not known: for steps as long as the gradient, and for all others ..."""
MOST = 0.1
"""... and no rate above this is ever named."""
COUNTED = 1e7
"""Epochs beyond which a number says no more than that they are too many."""


@check(
    "H806",
    Severity.WARNING,
    "the loss falls steadily, but by only {pace} an epoch{far}",
    stage=Stage.CURVE,
    about=Part.PACE,
    because="G604 W306",
    names=("epochs",),
)
def slow_convergence(
    curve: TrainingCurve,
    outlook: Outlook,
    gap: ReferenceGap,
    ending: RunEnding,
    used: UsedOptimizer,
) -> Iterator[Evidence]:
    """A loss that falls steadily and gets nowhere.

    Why it matters
        A curve that falls by a thousandth an epoch looks like a plateau on any plot. It still falls: every step goes
        the right way and is too short. Waiting helps, but takes weeks; the reason is a learning rate that is too low,
        inputs or targets on a large scale, or a gradient that fades on its way.
    How to fix it
        Scale inputs and targets, then ten times the rate, then Adam in place of SGD.
    When it stays silent
        Curves of fewer than 20 epochs; a fall that scatter or printed digits could explain; a loss that has come more
        than half of the way to what these data are known to allow; one that gets to the next rung of the ladder in
        less than five times the epochs made (see H802); the long tail of a curve that fell fast before,
        where nobody knows of a rung below it.
    How sure
        Measured: the slope of ln(loss) over the last quarter of the epochs is below zero by twice its 95 % error bar,
        or the loss fell with each of the last eight.
        How long the way is at this pace is a straight line on the log scale, and rather too short. Without data it is
        a note: the curve may belong to a model that was good from the start.
    """
    if outlook.way is not Way.CRAWLS:
        return
    slope = outlook.slope
    pace = f"{short(-100 * math.expm1(slope.per_epoch), 2)} %"  # however small it is
    last = printed(curve.last, curve.column.decimals)
    goal = None if outlook.goal is None else f"{named(outlook.label)}, {short(outlook.goal)}"
    to_go = None if outlook.reach is None else _epochs(outlook.reach)
    far = "" if goal is None else f": {to_go} more epochs to {goal}"
    rate = used.largest
    yield Evidence(
        numbers={
            "pace": pace,
            "far": far,
            "share_per_epoch": -math.expm1(slope.per_epoch),
            "goal_label": None if outlook.goal is None else outlook.label,
            "slope": slope.per_epoch,
            "error": slope.error,
            "epochs": ending.epochs,
            "last": curve.last,
            "first": curve.first,
            "goal": outlook.goal,
            "epochs_to_goal": None if outlook.reach is None else _finite(outlook.reach.epochs),
            "epochs_to_goal_at_least": None if outlook.reach is None else _finite(outlook.reach.low),
            "rate": rate,
        },
        certainty=Certainty.MEASURED,
        severity=None if gap.known else Severity.NOTE,
        why=f"After {count(ending.epochs, 'epoch')} the loss is {last}"
        + ("" if curve.first is None else f", and it began with {printed(curve.first, curve.column.decimals)}")
        + (
            f". At this pace {to_go} more epochs take it to {goal}, and curves slow down as they fall." if goal else "."
        ),
        remedy=_remedy(used),
        strength=_strength(outlook, ending),
        verdict=f"The loss, {last}, looks flat but still falls, by only {pace} an epoch"
        + (f": at that pace it takes {to_go} more epochs to {goal}." if goal else "."),
    )


def _epochs(reach: Reach) -> str:
    return f"about {short(float(f'{reach.epochs:.1e}'))}" if reach.epochs < COUNTED else "millions of"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _strength(outlook: Outlook, ending: RunEnding) -> float:
    if outlook.reach is None or not math.isfinite(outlook.reach.epochs):
        return 0.5
    return min(math.log10(max(outlook.reach.epochs / ending.epochs, 1.0)) / 4, 1.0)


def _remedy(used: UsedOptimizer) -> Remedy:
    rate, ordinary = used.usable, ORDINARY_ADAPTIVE if used.adaptive else ORDINARY
    better = ordinary if not rate else max(min(TENFOLD * rate, MOST), rate)
    text = "scale inputs and targets to mean 0 and spread 1 if they are not, and train with a rate of"
    return Remedy(f"{text} {better:.2g}{used.instead}", used.again(better))
