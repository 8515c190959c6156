"""Control against treated, seed by seed: whether a change did what it should."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import percent, short
from mlpdoctor.core.trial_result import RunGroup, Trial, Verdict
from mlpdoctor.treat.editing.diff import as_json, diff
from mlpdoctor.treat.editing.edits import Edit, ModelSpec
from mlpdoctor.treat.trials.candidates import Candidate
from mlpdoctor.treat.trials.judge import by_mistakes, judge
from mlpdoctor.treat.trials.runs import Runs
from mlpdoctor.treat.trials.scale import AT_THE_END, Scale

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


def compare(control: RunGroup, treated: RunGroup, least: float, span: float) -> Comparison:
    """Judge a change by its runs, each beside the control's run on the same batches.

    Args:
        control: trained on as it is.
        treated: trained on with the change.
        least: the lowest loss that can be: that of the data or the noise, or of perfect answers.
        span: from there to the loss of the best constant; what is next to nothing is measured by it.
    """
    many = min(len(control.losses), len(treated.losses))  # the clock may have stopped either
    control, treated = RunGroup(control.losses[:many]), RunGroup(treated.losses[:many])
    if not math.isfinite(treated.median):
        return Comparison(Verdict.REFUTED, None, "with the change the loss becomes NaN or infinite")
    if not math.isfinite(control.median):
        finite = all(map(math.isfinite, treated.losses))
        verdict = Verdict.CONFIRMED if finite else Verdict.UNDECIDED
        return Comparison(verdict, 1.0 if finite else None, "without the change the loss is NaN or infinite")
    tiny = AT_THE_END * abs(span)
    if control.high - least <= tiny < treated.low - least:
        return Comparison(Verdict.REFUTED, None, f"worse: {short(treated.median)} against {short(control.median)}")
    if control.high - least <= tiny:
        return Comparison(
            Verdict.UNDECIDED, None, "without the change the loss got as low as it can: there was nothing left to gain"
        )
    gains = [_gain(one, other, least, tiny) for one, other in zip(control.losses, treated.losses, strict=True)]
    middle = sorted(gains)[len(gains) // 2] if len(gains) % 2 else sum(sorted(gains)[len(gains) // 2 - 1 :][:2]) / 2
    if min(gains) > 0 and middle >= CLEAR:
        every = "every run" if len(gains) > 1 else "its run"
        return Comparison(
            Verdict.CONFIRMED,
            middle,
            f"better in {every}: it gains {percent(min(middle, 1.0))} of what there was to gain",
        )
    if max(gains) <= NOTHING:
        worse = middle < -NOTHING
        said = f"worse: {short(treated.median)} against {short(control.median)}" if worse else "no better in any run"
        return Comparison(Verdict.REFUTED, middle, said)
    if min(gains) <= 0:
        return Comparison(Verdict.UNDECIDED, middle, "better in some runs and not in others")
    return Comparison(Verdict.UNDECIDED, middle, f"only {percent(middle)} better: not enough to call it the cause")


def _gain(control: float, treated: float, least: float, tiny: float) -> float:
    """The share of what one run of the control leaves above the least that its twin takes away."""
    if not math.isfinite(treated):
        return -math.inf
    if not math.isfinite(control):
        return 1.0
    left = control - least
    return (control - treated) / left if left > tiny else 0.0


def evaluated(control: Runs, treated: Runs, scale: Scale, before: float | None, seeds: int) -> Trial:
    """The runs of both sides, and what they say.

    Args:
        control: trained without the change.
        treated: trained with it.
        scale: of the model as it was saved.
        before: loss of the saved model.
        seeds: runs that were planned.
    """
    by = judge(control.variant, treated.variant) if scale.ladder is not None else by_mistakes(treated.variant)
    many = min(len(control.losses), len(treated.losses))
    if by.own:
        other, own = control.group, treated.group
    else:
        other, own = control.by(by.measure), treated.by(by.measure)
        control.variant.trainee.put(control.variant.starts[0])
        before = by.measure(control.variant)
    other, own = other.first(many), own.first(many)
    name = scale.loss if by.own else by.label
    found = compare(other, own, *scale.of(name if by.own else "", other, own))
    if found.verdict is Verdict.CONFIRMED and many < min(2, seeds):
        found = Comparison(Verdict.UNDECIDED, found.gained, f"{found.reason}, but there was time for one run only")
    rung = scale.rung(own.median) if by.own else None
    return _trial(name, before, (other, own), rung, found, treated.updates)


def unhindered(why: str, treated: Runs, scale: Scale) -> Trial:
    """A model that could not be trained at all, and now can.

    Args:
        why: it could not.
        treated: trained with the change.
        scale: of the model as it was saved.
    """
    broken = RunGroup((math.nan,) * len(treated.losses))
    found = Comparison(Verdict.CONFIRMED, None, f"without the change it cannot be trained: {why}")
    if not math.isfinite(treated.group.high):
        found = Comparison(Verdict.REFUTED, None, "with the change the loss is NaN or infinite as well")
    name = treated.variant.heads.label
    rung = scale.rung(treated.group.median) if name == scale.loss else None
    return _trial(name, None, (broken, treated.group), rung, found, treated.updates)


def described(trial: Trial, spec: ModelSpec, candidates: Sequence[Candidate], edits: tuple[Edit, ...]) -> Trial:
    """The trial with what was changed in it.

    Args:
        trial: what it came to.
        spec: the model without the changes.
        candidates: the changes.
        edits: of all of them, as they were carried out.
    """
    values: tuple[Any, ...] = tuple(as_json(spec, edits))
    return dataclasses.replace(
        trial,
        names=tuple(candidate.treatment.name for candidate in candidates),
        answers=tuple(dict.fromkeys(code for candidate in candidates for code in candidate.findings)),
        text=", and ".join(candidate.treatment.text for candidate in candidates),
        code=tuple(line for candidate in candidates for line in candidate.treatment.code.splitlines()),
        diff=tuple((line.sign, line.text) for line in diff(spec, edits)),
        edits=values,
        drawn_anew=any(candidate.treatment.shared for candidate in candidates),
    )


def _trial(
    name: str,
    before: float | None,
    groups: tuple[RunGroup, RunGroup],
    rung: str | None,
    found: Comparison,
    updates: int,
) -> Trial:
    return Trial(
        names=(),
        answers=(),
        text="",
        code=(),
        diff=(),
        edits=(),
        judged_by=name,
        before=before,
        control=groups[0],
        treated=groups[1],
        rung=rung,
        gained=found.gained,
        verdict=found.verdict,
        reason=found.reason,
        updates=updates,
    )
