"""Control against treated, seed by seed: whether a change did what it should. Plain numbers, no framework."""

import math

from mlpdoctor.course import Arm, Verdict
from mlpdoctor.ladder import ON_A_RUNG, Ladder
from mlpdoctor.lean import dataclass
from mlpdoctor.wording import percent, short

CLEAR = 0.1
"""A change that gains a tenth of what there was to gain over the control makes a difference worth acting on."""
NOTHING = 0.01
"""One that gains less than a hundredth in every run makes none: runs that differ in rounding alone come this near."""
AT_THE_END = 1e-3
"""A loss within a thousandth of the way from the least there can be to the best constant has arrived."""
SURELY = 2.0
"""Standard errors below an estimated noise from which on it is likely that only noise is left."""


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


def arrived(loss: float, least: float, span: float) -> bool:
    """Whether a loss is as low as there is any point in going."""
    return loss - least <= AT_THE_END * abs(span)


def least_of(ladder: Ladder) -> float:
    """The lowest loss worth asking for: that of the data, of the noise as estimated, or of perfect answers."""
    noise = ladder.value("noise")
    return max(ladder.perfect, ladder.value("data") or ladder.perfect, ladder.perfect if noise is None else noise)


def bottom_of(ladder: Ladder) -> float:
    """The loss at which nothing but noise is left even if there is less of it than estimated."""
    noise = ladder.rung("noise")
    data = max(ladder.perfect, ladder.value("data") or ladder.perfect)
    return data if noise is None else max(data, noise.value - SURELY * (noise.error or 0.0))


def span_of(ladder: Ladder) -> float:
    """From that loss to the best constant's."""
    constant = ladder.value("constant")
    return max((constant if constant is not None else 1.0) - least_of(ladder), 0.0)


def rung_reached(loss: float, ladder: Ladder) -> str | None:
    """Where a loss stands on the ladder of the model as it was, in words; None where the ladder has no rungs."""
    if not math.isfinite(loss):
        return "not a number"
    values = {rung.name: rung for rung in ladder.rungs if rung.name not in {"model", "readout"}}
    constant = ladder.value("constant")
    span = (constant - ladder.perfect) if constant is not None else 0.0
    data = ladder.value("data")
    if data is not None and loss - data <= max(AT_THE_END * span, ON_A_RUNG * abs(data - ladder.perfect)):
        return "the least these data allow" if data > ladder.perfect else "zero, next to the best constant"
    noise = ladder.rung("noise")
    if noise is not None and loss <= noise.value + (noise.error or 0.0):
        return "below the noise as estimated" if loss < bottom_of(ladder) else "on the noise"
    for name in ("architecture", "affine", "constant"):
        rung = values.get(name)
        if rung is not None and abs(loss - rung.value) <= ON_A_RUNG * abs(rung.value - ladder.perfect):
            return f"on the {rung.label}" if name != "architecture" else "on the floor of this architecture"
    below = [rung for rung in values.values() if rung.name in {"architecture", "affine", "constant"}]
    under = [rung for rung in below if loss < rung.value]
    if not below:
        return None
    if not under:
        return "above the best constant"
    rung = min(under, key=lambda one: (one.value, one.name != "architecture"))
    return "below the floor of the old architecture" if rung.name == "architecture" else f"below the {rung.label}"
