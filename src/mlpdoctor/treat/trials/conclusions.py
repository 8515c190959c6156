"""What trials say of the findings, and what they come to, in words."""

import dataclasses
import math
from collections.abc import Sequence

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import count, short
from mlpdoctor.core.trial_result import Memory, Trial, TrialResult, Verdict
from mlpdoctor.treat.trials.experiment import NO_TIME
from mlpdoctor.treat.trials.scale import bottom_of

ORDER = (Verdict.CONFIRMED, Verdict.UNDECIDED, Verdict.REFUTED)


def update_report(report: Report, trials: Sequence[Trial]) -> Report:
    """The report with its findings tried: confirmed causes come first, refuted ones last, and both say so.

    A finding is confirmed by any change that answers it and gains, and refuted when all of them were.

    Args:
        report: as the checks made it.
        trials: of single changes.
    """
    verdicts = {finding.code: _verdict(finding, trials) for finding in report.findings}
    if not any(verdicts.values()):
        return report
    findings = [_marked(finding, verdicts[finding.code]) for finding in report.findings]
    groups: list[list[Finding]] = []
    for finding in findings:
        if finding.because_of is None or not groups:
            groups.append([])
        groups[-1].append(finding)
    ordered = [finding for group in sorted(groups, key=lambda one: _place(one, verdicts)) for finding in group]
    leading = next((finding for finding in ordered if finding.suppressed is None), None)
    first = next((finding for finding in report.findings if finding.suppressed is None), None)
    verdict = report.verdict
    if leading is not None and first is not None and leading.code != first.code and leading.evidence.verdict:
        verdict = leading.evidence.verdict
    return dataclasses.replace(report, findings=tuple(ordered), verdict=verdict)


def _verdict(finding: Finding, trials: Sequence[Trial]) -> Trial | None:
    """The trial that decides about a finding."""
    own = [trial for trial in trials if finding.code in trial.answers]
    gained = [trial for trial in own if trial.verdict is Verdict.CONFIRMED]
    if gained:
        return min(gained, key=lambda trial: trial.treated.median)
    undecided = [trial for trial in own if trial.verdict is Verdict.UNDECIDED]
    return next(iter(undecided or own), None)


def _marked(finding: Finding, trial: Trial | None) -> Finding:
    if trial is None:
        return finding
    evidence, runs = finding.evidence, f"{len(trial.treated.losses)} runs of {trial.updates:,} updates"
    numbers = f"{short(trial.treated.median)} beside {short(trial.control.median)} without it"
    if trial.judged_by not in ("", None):
        numbers += f", {trial.judged_by}"
    if trial.verdict is Verdict.CONFIRMED:
        gained = None if trial.gained is None else min(max(trial.gained, 0.0), 1.0)
        said = f"Tried: {trial.text}; {numbers} (medians of {runs})."
        sure = evidence.certainty if evidence.certainty is Certainty.PROVED else Certainty.TRIED
        explains = evidence.explains if evidence.explains is not None else gained
        return _with(finding, dataclasses.replace(evidence, certainty=sure, explains=explains), said)
    if trial.verdict is Verdict.UNDECIDED:
        return _with(finding, evidence, f"Tried, and undecided: {trial.text}; {numbers} (medians of {runs}).")
    said = f"Tried and refuted: {trial.text}; {numbers} (medians of {runs})."
    sure = evidence.certainty if evidence.certainty is Certainty.PROVED else Certainty.TRIED
    return _with(finding, dataclasses.replace(evidence, certainty=sure, explains=None, strength=0.0), said)


def _with(finding: Finding, evidence: Evidence, said: str) -> Finding:
    return dataclasses.replace(finding, evidence=dataclasses.replace(evidence, why=f"{evidence.why} {said}"))


def _place(group: list[Finding], verdicts: dict[str, Trial | None]) -> tuple[int, int]:
    """Where a cause with its effects belongs: hidden ones stay behind all others."""
    found = [trial.verdict for finding in group if (trial := verdicts[finding.code]) is not None]
    first = verdicts[group[0].code]
    refuted = first is not None and first.verdict is Verdict.REFUTED
    rank = 0 if Verdict.CONFIRMED in found else 2 if refuted else 1
    return int(group[0].suppressed is not None), rank


def in_order(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """What was confirmed first, the best of it on top, then what is undecided, then what was refuted."""
    order = list(ORDER)
    return tuple(
        sorted(
            trials,
            key=lambda one: (
                order.index(one.verdict),
                one.treated.median if one.verdict is Verdict.CONFIRMED else 0.0,
            ),
        )
    )


def conclusion(result: TrialResult) -> str:
    """The answer to what would move the loss."""
    if result.nothing_to_gain:
        return f"There is nothing to cure: the saved loss, {short(result.before)}, is as low as these data allow."
    if result.best is not None:
        return f"{_cured(result.best)}{_by_heart_too(result)}"
    if result.train_on:
        known = any(
            finding.severity is not Severity.NOTE and finding.suppressed is None for finding in result.report.findings
        )
        more = (
            "" if known else " No finding explains that: the training stopped too early or did something else than fit."
        )
        return (
            "Nothing needs to be changed but the length of training: with it alone the loss goes from "
            f"{short(result.before)} to {short(result.control.median)}.{more}"
        )
    fresh = result.fresh
    if fresh is not None and fresh.verdict is Verdict.CONFIRMED:
        return (
            "The model can learn this, the training did not: the same network from fresh weights, compiled with Adam "
            f"at 0.001, goes to {short(fresh.treated.median)}, where the saved one trained on ends at "
            f"{short(fresh.control.median)}. The fault is in your training code, callbacks or data pipeline."
        )
    return f"{_nothing(result)}{_by_heart(result.memory)}"


def _by_heart_too(result: TrialResult) -> str:
    """What a loss below the noise means: the rows themselves may have been learned, and rows alone cannot tell."""
    ladder, best = result.report.ladder, result.best
    noise = None if ladder is None else ladder.rung("noise")
    if ladder is None or noise is None or best is None or best.judged_by != ladder.loss:
        return ""
    if best.treated.median >= bottom_of(ladder):
        return ""
    estimate = short(noise.value, 2) if noise.error is None else f"{short(noise.value, 2)} ± {short(noise.error, 2)}"
    return (
        f" That is less than the noise that these rows seem to hold ({estimate}): before you rely on it, judge it on "
        "rows that it was not trained on."
    )


def _nothing(result: TrialResult) -> str:
    many = len(result.trials) + len(result.combinations)
    if result.interrupted:
        return f"Interrupted: {count(many, 'change')} tried by then, none confirmed."
    if not many and any(why == NO_TIME for _, why in result.untried):
        return "The time was over before any change was tried. Give more with --budget."
    if not many:
        return "There was nothing to try: no finding of this report names a change that can be tried."
    if many == 1:
        return "The one change tried did not lower the loss clearly."
    return f"None of the {many} changes tried lowered the loss clearly."


def _by_heart(memory: Memory | None) -> str:
    if memory is None:
        return ""
    rows = count(memory.rows, "row")
    if memory.learned:
        return (
            f" From fresh weights the network can memorise {rows}, so gradients do pass its layers: what is left needs "
            "more capacity, more training, or inputs that say more."
        )
    return (
        f" From fresh weights it cannot even memorise {rows} ({short(memory.reached)}; always predicting the mean is "
        f"{short(memory.constant)}): the fault is in its layers or its loss."
    )


def _cured(best: Trial) -> str:
    what = best.text[0].upper() + best.text[1:]
    start = "" if best.before is None or not math.isfinite(best.before) else f" from {short(best.before)}"
    where = f", {best.rung}" if best.rung else ""
    runs = f"median of {count(len(best.treated.losses), 'run')} of {count(best.updates, 'update')}"
    also = ", from fresh weights too," if best.drawn_anew else ""
    without = "cannot be done"
    if math.isfinite(best.control.median):
        without = f"ends at {short(best.control.median)}"
    return (
        f"{what}: that takes the {best.judged_by}{start} to {short(best.treated.median)}{where} ({runs}). "
        f"The same training without {'it' if len(best.names) == 1 else 'them'}{also} {without}."
    )
