"""Weighs the runs of both sides and writes down what they say: a trial."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from mlpdoctor.course import Arm, Trial, Verdict
from mlpdoctor.treatments.diff import as_json, diff
from mlpdoctor.treatments.edits import Edit
from mlpdoctor.treatments.spec import ModelSpec
from mlpdoctor.trials.candidates import Candidate
from mlpdoctor.trials.compare import Comparison, compare
from mlpdoctor.trials.judge import by_mistakes, judge
from mlpdoctor.trials.runs import Runs
from mlpdoctor.trials.scale import Scale


def weighed(control: Runs, treated: Runs, scale: Scale, before: float | None, seeds: int) -> Trial:
    """The runs of both sides, and what they say.

    Args:
        control: trained without the change.
        treated: trained with it.
        scale: of the model as it was saved.
        before: loss of the saved model.
        seeds: runs that were planned.
    """
    by = judge(control.side, treated.side) if scale.ladder is not None else by_mistakes(treated.side)
    many = min(len(control.losses), len(treated.losses))
    if by.own:
        other, own = control.arm, treated.arm
    else:
        other, own = control.by(by.measure), treated.by(by.measure)
        control.side.trainee.put(control.side.starts[0])
        before = by.measure(control.side)
    other, own = Arm(other.losses[:many]), Arm(own.losses[:many])
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
    broken = Arm((math.nan,) * len(treated.losses))
    found = Comparison(Verdict.CONFIRMED, None, f"without the change it cannot be trained: {why}")
    if not math.isfinite(treated.arm.high):
        found = Comparison(Verdict.REFUTED, None, "with the change the loss is no number either")
    name = treated.side.heads.label
    rung = scale.rung(treated.arm.median) if name == scale.loss else None
    return _trial(name, None, (broken, treated.arm), rung, found, treated.updates)


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
    name: str, before: float | None, arms: tuple[Arm, Arm], rung: str | None, found: Comparison, updates: int
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
        control=arms[0],
        treated=arms[1],
        rung=rung,
        gained=found.gained,
        verdict=found.verdict,
        reason=found.reason,
        updates=updates,
    )
