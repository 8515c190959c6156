"""What every format for people says of a report in the same words."""

from collections.abc import Iterable, Sequence

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Remedy, Severity
from mlpdoctor.core.report_model import DataSummary, ModelSummary, Outcome, Report, Status, Unread
from mlpdoctor.core.text import count, listing, percent
from mlpdoctor.report import curve_phrases


@dataclass(frozen=True)
class Tally:
    """Counts over the models of a run.

    Attributes:
        models: asked about, readable or not.
        unread: of them could not be looked at.
        errors: findings of that severity, without the suppressed ones; likewise ``warnings`` and ``notes``.
        suppressed: findings that the user asked not to hear of.
        crashed: checks that crashed.
    """

    models: int
    unread: int
    errors: int
    warnings: int
    notes: int
    suppressed: int
    crashed: int


def tally(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> Tally:
    """Count."""
    shown = [finding for report in reports for finding in live(report.findings)]
    return Tally(
        models=len(reports) + len(unread),
        unread=len(unread),
        errors=sum(finding.severity is Severity.ERROR for finding in shown),
        warnings=sum(finding.severity is Severity.WARNING for finding in shown),
        notes=sum(finding.severity is Severity.NOTE for finding in shown),
        suppressed=sum(len(report.findings) for report in reports) - len(shown),
        crashed=sum(len(crashed(report.outcomes)) for report in reports),
    )


def live(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are not suppressed, in order."""
    return tuple(finding for finding in findings if finding.suppressed is None)


def crashed(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The checks that crashed."""
    return tuple(outcome for outcome in outcomes if outcome.status is Status.CRASHED)


def state(report: Report) -> Severity | None:
    """The gravest severity among the findings that are not suppressed; None without any."""
    present = {finding.severity for finding in live(report.findings)}
    return next((severity for severity in Severity if severity in present), None)


def model(summary: ModelSummary) -> str:
    """The model in a line: its size, its optimizer, its loss."""
    parts = [f"{count(summary.dense_layers, 'Dense layer')}, {count(summary.parameters, 'parameter')}"]
    if summary.optimizer:
        rate = "" if summary.learning_rate is None else f" at {summary.learning_rate:.3g}"
        after = "" if summary.iterations is None else f" after {count(summary.iterations, 'update')}"
        parts.append(f"{summary.optimizer}{rate}{after}")
    parts.append(summary.loss or "saved without a loss")
    return ", ".join(parts)


def data(summary: DataSummary) -> str:
    """The data in a line: rows, features, targets, and what was assumed."""
    rows = count(summary.rows, "row")
    if summary.rows_used != summary.rows:
        rows += f" ({summary.rows_used:,} complete)"
    features = f"{count(len(summary.features), 'feature')} ({listing(summary.features)})"
    how = next((guess.removeprefix("target: ") for guess in summary.guesses if guess.startswith("target: ")), None)
    named = listing(summary.targets) + (f", {how}" if how else "")
    kinds = f": {'; '.join(summary.target_kinds)}" if summary.target_kinds else ""
    targets = f"{count(len(summary.targets), 'target')} ({named}){kinds}"
    others = [guess for guess in summary.guesses if not guess.startswith("target: ")]
    if summary.weight is not None:
        others.insert(0, f"rows weighted by {summary.weight}")
    return "; ".join([f"{rows}, {features} -> {targets}", *others])


def sources(report: Report) -> list[tuple[str, str, str]]:
    """The files a report is about, each with what it is, its path and what it holds in a line."""
    model_given = [] if report.model is None else [("model", report.model.path, model(report.model))]
    data_given = [] if report.data is None else [("data", data_path(report.data), data(report.data))]
    summary = report.history
    history = [] if summary is None else [("history", curve_phrases.path(summary), curve_phrases.history(summary))]
    return [*model_given, *data_given, *history] if model_given else [*history, *data_given]


def data_path(summary: DataSummary) -> str:
    """Where the data came from."""
    return "standard input" if summary.path == "-" else summary.path


def sure(finding: Finding) -> str:
    """How sure a finding is, and how much of the loss it keeps in place."""
    evidence = finding.evidence
    if evidence.explains is not None and evidence.explains > 0:
        return f"{evidence.certainty.value}, keeps {percent(evidence.explains)} of the loss"
    return evidence.certainty.value


def seen(finding: Finding) -> str:
    """What was seen and where, as a sentence."""
    return f"{finding.layer}: {finding.message}." if finding.layer else f"{finding.message}."


def fix(finding: Finding, shown: tuple[Finding, ...]) -> Remedy | None:
    """What to do: mend the cause first where it is shown, else the finding's own remedy."""
    cause = next((n for n, other in enumerate(shown, start=1) if other.code == finding.because_of), None)
    if cause is not None:
        return Remedy(f"a consequence of {cause}: mend that first")
    return finding.evidence.remedy


def told(finding: Finding, shown: tuple[Finding, ...]) -> str:
    """All of a finding in a few lines, for formats that have one text for it."""
    lines = [f"{seen(finding)} ({sure(finding)})", finding.evidence.why]
    remedy = fix(finding, shown)
    if remedy is not None:
        lines.append(f"Fix: {remedy.text}")
        lines += [] if remedy.code is None else [remedy.code]
    return "\n".join(lines)


def suspects(report: Report) -> str:
    """What is ruled out and by which finding; nothing for nothing."""
    by_number = {f.code: n for n, f in reversed(list(enumerate(live(report.findings), start=1)))}
    told = [f"{s.what} (by {by_number[s.by]})" if s.by in by_number else s.what for s in report.ruled_out]
    return ", ".join(_grouped(told))


def _grouped(told: list[str]) -> list[str]:
    """``a (by 1), b (by 1)`` as ``a, b (by 1)``."""
    kept = []
    for this, following in zip(told, [*told[1:], ""], strict=True):
        text, mark, by = this.rpartition(" (by ")
        kept.append(text if mark and following.endswith(f"{mark}{by}") else this)
    return kept


def idle(outcomes: tuple[Outcome, ...]) -> dict[tuple[Status, str], list[str]]:
    """The checks that did not run, by how and why."""
    quiet: dict[tuple[Status, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.reason is not None and outcome.status is not Status.CRASHED:
            quiet.setdefault((outcome.status, outcome.reason), []).append(f"{outcome.code} {outcome.name}")
    return quiet


def checks(report: Report) -> str:
    """How the checks ended, counted."""
    number = {status: sum(o.status is status for o in report.outcomes) for status in Status}
    quiet = number[Status.NOT_APPLICABLE] + number[Status.SKIPPED]
    text = f"{number[Status.PASSED]} passed, {number[Status.FOUND]} found something, {quiet} did not apply"
    if number[Status.CRASHED]:
        text += f", {number[Status.CRASHED]} crashed"
    return text


def hidden(report: Report) -> str | None:
    """How many findings are suppressed, and why; None for none."""
    reasons = [finding.suppressed for finding in report.findings if finding.suppressed is not None]
    if not reasons:
        return None
    return f"{count(len(reasons), 'finding')} suppressed ({listing(tuple(dict.fromkeys(reasons)))})"


def total(run: Tally) -> str:
    """A run over several models in a line."""
    parts = [
        count(run.models, "model"),
        count(run.errors, "error"),
        count(run.warnings, "warning"),
        count(run.notes, "note"),
    ]
    parts += [f"{run.suppressed:,} suppressed"] if run.suppressed else []
    parts += [f"{count(run.crashed, 'check')} crashed"] if run.crashed else []
    parts += [f"{count(run.unread, 'model')} could not be read"] if run.unread else []
    return ", ".join(parts)
