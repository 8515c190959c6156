"""Control against treated, seed by seed: whether a change did what it should. Plain numbers, no framework."""

import math

from mlpdoctor.course import Arm, Verdict
from mlpdoctor.lean import dataclass
from mlpdoctor.trials.scale import AT_THE_END
from mlpdoctor.wording import percent, short

CLEAR = 0.1
"""A change that gains a tenth of what there was to gain over the control makes a difference worth acting on."""
NOTHING = 0.01
"""One that gains less than a hundredth in every run makes none: runs that differ in rounding alone come this near."""


@dataclass(frozen=True)
class Comparison:
    """What a trial says.

    Attributes:
        verdict: confirmed, refuted or undecided.
        gained: the median share of what there was to gain; None where nothing was.
        reason: why, in a sentence.
    """

    verdict: Verdict
    gained: float | None
    reason: str


def compare(control: Arm, treated: Arm, least: float, span: float) -> Comparison:
    """Judge a change by its runs, each beside the control's run on the same batches.

    Args:
        control: trained on as it is.
        treated: trained on with the change.
        least: the lowest loss that can be: that of the data or the noise, or of perfect answers.
        span: from there to the loss of the best constant; what is next to nothing is measured by it.
    """
    many = min(len(control.losses), len(treated.losses))  # the clock may have stopped either
    control, treated = Arm(control.losses[:many]), Arm(treated.losses[:many])
    if not math.isfinite(treated.median):
        return Comparison(Verdict.REFUTED, None, "with the change the loss is no longer a number")
    if not math.isfinite(control.median):
        finite = all(map(math.isfinite, treated.losses))
        verdict = Verdict.CONFIRMED if finite else Verdict.UNDECIDED
        return Comparison(verdict, 1.0 if finite else None, "without the change the loss is not even a number")
    tiny = AT_THE_END * abs(span)
    if control.high - least <= tiny < treated.low - least:
        return Comparison(Verdict.REFUTED, None, f"worse, {short(treated.median)} beside {short(control.median)}")
    if control.high - least <= tiny:
        return Comparison(
            Verdict.UNDECIDED, None, "the control reached the least there is as well: there was nothing left to gain"
        )
    gains = [_gain(one, other, least, tiny) for one, other in zip(control.losses, treated.losses, strict=True)]
    middle = sorted(gains)[len(gains) // 2] if len(gains) % 2 else sum(sorted(gains)[len(gains) // 2 - 1 :][:2]) / 2
    if min(gains) > 0 and middle >= CLEAR:
        every = "every run" if len(gains) > 1 else "its run"
        return Comparison(
            Verdict.CONFIRMED, middle, f"better in {every}, by {percent(min(middle, 1.0))} of what there was to gain"
        )
    if max(gains) <= NOTHING:
        worse = middle < -NOTHING
        said = f"worse, {short(treated.median)} beside {short(control.median)}" if worse else "no better in any run"
        return Comparison(Verdict.REFUTED, middle, said)
    if min(gains) <= 0:
        return Comparison(Verdict.UNDECIDED, middle, "better in some runs and not in others")
    return Comparison(Verdict.UNDECIDED, middle, f"better by {percent(middle)} of what there was to gain, too little")


def _gain(control: float, treated: float, least: float, tiny: float) -> float:
    """The share of what one run of the control leaves above the least that its twin takes away."""
    if not math.isfinite(treated):
        return -math.inf
    if not math.isfinite(control):
        return 1.0
    left = control - least
    return (control - treated) / left if left > tiny else 0.0
