"""What the trials say of the findings: a pure function from one report to another."""

import dataclasses
from collections.abc import Sequence

from mlpdoctor.course import Trial, Verdict
from mlpdoctor.finding import Certainty, Evidence, Finding, Report
from mlpdoctor.wording import short


def told(report: Report, trials: Sequence[Trial]) -> Report:
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
