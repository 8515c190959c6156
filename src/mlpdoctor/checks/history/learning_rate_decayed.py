"""H808: a learning rate that fell until nothing moved, before the loss was where it could be."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent, printed
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.outlook import ReferenceGap
from mlpdoctor.facts.history.run_rates import FrozenRate, RateCurve, UsedOptimizer
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.ladder.loss_position import NEAR

UNSEEN = 5e-4
"""A change that three digits do not show."""
LONG = 0.25
"""Share of the epochs that were spent at a rate of nothing; schedules that end well spend the last few there."""


@check(
    "H808",
    Severity.ERROR,
    "the learning rate fell from {from_rate} to {to_rate}, and the last {frozen} moved nothing",
    stage=Stage.STEP,
    disturbs=Part.LOSS,
    because="A101 A102 A106 L503 L505 L508",
    names=("learning rate",),
)
def learning_rate_decayed(
    curve: TrainingCurve,
    frozen: FrozenRate,
    rates: RateCurve,
    gap: ReferenceGap,
    ending: RunEnding,
    used: UsedOptimizer,
) -> Iterator[Evidence]:
    """A learning rate that fell until nothing moved, before the loss was where it could be.

    Why it matters
        ReduceLROnPlateau with a short patience takes the scatter of a falling loss for a plateau and cuts the rate,
        then again, until the loss does stand still; a schedule with too few decay_steps does the same by the clock.
        The log goes flat and looks like a minimum, and it is only that the steps have become too short.
    How to fix it
        A patience of ten epochs or more with a min_lr, or decay_steps as many as there are updates; start again from
        the rate at which the loss was falling.
    When it stays silent
        A rate that came to its end together with the loss: a saved model that does well, cosine and step schedules that
        spend less than a quarter of their epochs at a hundredth of their rate. Of a curve alone it is a warning only
        where the loss was falling when the rate was first cut and kept more than half of its first value; a note where
        the cut came too early to tell.
    How sure
        Measured: the rate of each epoch is in the log, the loss moves by less than a hundredth since it is under a
        hundredth of its highest. An error where the loss is further than half the way from what is known to be
        reachable; a warning where it had stopped falling before the rate was cut: then the rate followed, and
        something else stopped it.
    """
    if gap.done or frozen.epochs < LONG * len(curve.column):
        return
    untold = not gap.known and frozen.falling is None and gap.far
    if not (gap.known or frozen.falling or untold):
        return
    rate = f"{frozen.before:.2g}"
    last = printed(curve.last, curve.column.decimals)
    severity = _severity(gap, falling=frozen.falling)
    yield Evidence(
        numbers={
            "from_rate": rate,
            "to_rate": f"{rates.rates.last:.2g}",
            "frozen": count(frozen.epochs, "epoch"),
            "since_epoch": frozen.since,
            "first_cut_at_epoch": frozen.cut,
            "falling_before_the_cut": frozen.falling,
            "pace_before_the_cut": frozen.pace,
            "moved_since_share": frozen.moved,
            "drops": tuple((drop.epoch, drop.before, drop.after) for drop in rates.rates.drops[:10]),
            "last": curve.last,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=_why(frozen, last),
        remedy=_remedy(used, frozen, ending),
        strength=min(frozen.epochs / len(curve.column), 1.0),
        verdict=_verdict(frozen, rates, last, severity),
    )


def _severity(gap: ReferenceGap, *, falling: bool | None) -> Severity | None:
    if not gap.far:
        cut_short = falling is True and gap.of_model and gap.left > NEAR
        return Severity.WARNING if cut_short else Severity.NOTE
    if falling is None and not gap.known:
        return Severity.NOTE
    if falling is False:
        return Severity.WARNING
    return None if gap.of_model else Severity.WARNING


def _why(frozen: FrozenRate, last: str) -> str:
    since = f"Since epoch {frozen.since} the rate is under a hundredth of what it was, and the loss has "
    since += (
        f"not moved from {last}."
        if abs(frozen.moved) < UNSEEN
        else f"moved by {percent(abs(frozen.moved))}, to {last}."
    )
    if frozen.falling:
        return f"{since} When the rate was first cut, at epoch {frozen.cut}, the loss was falling by {_pace(frozen)}."
    if frozen.falling is None:
        return since
    return f"{since} It had stopped falling before the first cut, at epoch {frozen.cut}: the rate followed."


def _pace(frozen: FrozenRate) -> str:
    return f"{percent(frozen.pace or 0.0)} an epoch"


def _verdict(frozen: FrozenRate, rates: RateCurve, last: str, severity: Severity | None) -> str | None:
    if severity is Severity.NOTE and frozen.falling is False:
        return None
    how = f"The learning rate fell from {frozen.before:.2g} to {rates.rates.last:.2g}, and since epoch {frozen.since} "
    how += f"the loss stands still at {last}"
    return f"{how}, although it was falling when the rate was cut." if frozen.falling else f"{how}."


def _remedy(used: UsedOptimizer, frozen: FrozenRate, ending: RunEnding) -> Remedy:
    patience = max(10, ending.epochs // 10)
    return Remedy(
        f"train on from a rate of {frozen.before:.2g}, and cut it only when the loss has stood still for {patience} "
        f"epochs: ReduceLROnPlateau(patience={patience}, min_lr={frozen.before / 100:.1g})",
        used.again(frozen.before),
    )
