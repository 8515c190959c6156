"""What every format for people says of a report in the same words."""

from collections.abc import Iterable

from mlpdoctor.core.finding import Finding, Remedy, Severity
from mlpdoctor.core.ladder import UnseenLadder
from mlpdoctor.core.report_model import MODEL, TRIED_FIRST, DataSummary, ModelSummary, Outcome, Report, Status
from mlpdoctor.core.text import count, listing, percent, short
from mlpdoctor.report.folding import Arranged, Shown, arranged, live, names

ALL = 0.995
"""A share from which it is all to a reader."""
UNTRAINED = "W304"
"""The rule that says so: rows that it has not seen are all rows to such a model."""
LAYERS = {"torch": "Linear layer", "scikit-learn": "layer", "arrays": "layer"}
"""What is no Dense layer of Keras is called, by what the formats of models begin with."""
OPENERS = frozenset({"a", "all", "an", "each", "every", "its", "no", "one", "the", "there", "these", "this", "with"})
"""Words that a sentence may begin with in a capital; any other first word may be a name, which is never changed."""


def crashed(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The checks that crashed."""
    return tuple(outcome for outcome in outcomes if outcome.status is Status.CRASHED)


def state(report: Report) -> Severity | None:
    """The gravest severity among the findings that are not suppressed; None without any."""
    present = {finding.severity for finding in live(report.findings)}
    return next((severity for severity in Severity if severity in present), None)


def model(summary: ModelSummary) -> str:
    """The model in a line: its size, its optimizer, its loss."""
    alone = summary.parameters == 0 and summary.format.endswith("architecture")
    size = "no weights" if alone else count(summary.parameters, "parameter")
    kind = next((own for library, own in LAYERS.items() if summary.format.startswith(library)), "Dense layer")
    parts = [f"{count(summary.dense_layers, kind)}, {size}"]
    if summary.optimizer:
        rate = "" if summary.learning_rate is None else f" at {summary.learning_rate:.3g}"
        after = "" if summary.iterations is None else f" after {count(summary.iterations, 'update')}"
        parts.append(f"{summary.optimizer}{rate}{after}")
    untold = "saved without compile()" if "Keras" in summary.format else "no loss in the file"
    parts.append(summary.loss or ("no loss" if summary.path == MODEL else untold))
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
    history = []
    if summary is not None:
        from mlpdoctor.report import curve_phrases

        history = [("history", curve_phrases.path(summary), curve_phrases.history(summary))]
    return [*model_given, *data_given, *history] if model_given else [*history, *data_given]


def data_path(summary: DataSummary) -> str:
    """Where the data came from."""
    return "standard input" if summary.path == "-" else summary.path


def healthy(report: Report) -> bool:
    """Whether there is nothing to do: there are notes at most, and none says to change anything."""
    return leading(report) is None and all(finding.evidence.remedy is None for finding in live(report.findings))


def arrange(report: Report, *, whole: bool = False) -> Arranged:
    """What is shown of a report's findings, and what is folded."""
    return arranged(report.findings, whole=whole)


def leading(report: Report) -> Finding | None:
    """The finding to fix first; None where there are notes at most."""
    return next((finding for finding in live(report.findings) if finding.severity is not Severity.NOTE), None)


def do(report: Report) -> Remedy | None:
    """What to do first: the lines to write, else what to do in one short sentence."""
    first = leading(report)
    remedy = None if first is None else first.evidence.remedy
    if remedy is None or remedy.code is not None:
        return remedy
    return Remedy(_clause(remedy.text))


def _clause(text: str) -> str:
    """A text up to where its second thought begins."""
    return min((text.partition(mark)[0] for mark in ("; ", ". ")), key=len).rstrip(".")


def sure(finding: Finding) -> str:
    """How sure a finding is, and how much of the loss it accounts for."""
    evidence = finding.evidence
    if evidence.explains is not None and evidence.explains > 0:
        return f"{evidence.certainty.value}, accounts for {_share(evidence.explains)} the loss that can be removed"
    return evidence.certainty.value


def _share(explains: float) -> str:
    """A share of something in two digits: ``all of``, ``37 % of``."""
    return "all of" if explains >= ALL else f"{percent(float(f'{explains:.2g}'))} of"


def seen(finding: Finding) -> str:
    """What was seen and where, as a sentence."""
    text = finding.message if finding.message.endswith((".", "!", "?")) else f"{finding.message}."
    if finding.layer and finding.layer not in text:
        return f"{finding.layer}: {text}"
    first = text.partition(" ")[0]
    return f"{text[0].upper()}{text[1:]}" if first in OPENERS else text


def fix(one: Shown) -> Remedy | None:
    """What to do: fix the cause first where it is shown, else what the finding itself says."""
    if one.follows is not None:
        return Remedy(f"follows from {one.follows}; fix that first")
    return one.finding.evidence.remedy


def also_seen(one: Shown, *, brief: bool = False) -> str:
    """What is folded under a finding, in a line."""
    return f"also seen, following from {one.number}: {names(one.folded, brief=brief)}"


def also_noted(findings: Arranged, *, brief: bool = False) -> str:
    """The notes that are folded, in a line."""
    return f"{'also ' if findings.shown else ''}noted: {names(findings.notes, brief=brief)}"


def told(finding: Finding, report: Report) -> str:
    """All of a finding in a few lines, for formats that have one text for it."""
    lines = [f"{seen(finding)} ({sure(finding)})", finding.evidence.why]
    cause = next((other for other in live(report.findings) if other.code == finding.because_of), None)
    remedy = finding.evidence.remedy
    if cause is not None:
        lines.append(f"Follows from {cause.code} {cause.name}; fix that first.")
    elif remedy is not None:
        lines.append(f"Fix: {remedy.text}")
        lines += [] if remedy.code is None else [remedy.code]
    return "\n".join(lines)


def suspects(report: Report, *, whole: bool = False) -> str:
    """What people would try that is ruled out; nothing for nothing, and on a healthy model.

    ``whole`` adds what few would think of, and the finding that rules each out.
    """
    if not whole:
        return "" if healthy(report) else ", ".join(s.what for s in report.ruled_out if s.what in TRIED_FIRST)
    by_number = {f.code: n for n, f in reversed(list(enumerate(live(report.findings), start=1)))}
    by = [f"{s.what} (by {by_number[s.by]})" if s.by in by_number else s.what for s in report.ruled_out]
    return ", ".join(_grouped(by))


def _grouped(told: list[str]) -> list[str]:
    """``a (by 1), b (by 1)`` as ``a, b (by 1)``."""
    kept = []
    for this, following in zip(told, [*told[1:], ""], strict=True):
        text, mark, by = this.rpartition(" (by ")
        kept.append(text if mark and following.endswith(f"{mark}{by}") else this)
    return kept


TREATABLE = "Keras"
"""What the kind of a model that ``treat`` can train begins with: a file of Keras's own."""


def next_steps(report: Report) -> list[tuple[str, list[str]]]:
    """Commands that lead on, each with what it does: to test the leading finding, and to have it explained."""
    first = next(iter(live(report.findings)), None)
    if first is None:
        return []
    explain = ("explain", ["mlpdoctor", "explain", first.code])
    if report.model is None or leading(report) is None or report.data is None or report.data.path == "-":
        return [explain]
    if report.no_ladder is not None or not report.model.format.startswith(TREATABLE):
        return [explain]  # without a loss that is known nothing tells whether a change helps
    grave = {finding.code for finding in live(report.findings) if finding.severity is not Severity.NOTE}
    if not any(outcome.treatable for outcome in report.outcomes if outcome.code in grave):
        return [explain]
    return [("test it", ["mlpdoctor", "treat", report.path, report.data.path, *report.asked]), explain]


def unseen(ladder: UnseenLadder) -> str:
    """What the ladder on unseen rows is about, and how far it lies above the one on the rows trained on."""
    gap = f"your model's loss is {short(abs(ladder.gap), 3)} ± {short(ladder.gap_error, 2)}"
    way = "higher" if ladder.gap > 0 else "lower"
    return f"{count(ladder.rows, 'row')}, {ladder.told}; {gap} {way} than on the rows trained on"


def judged(report: Report) -> str | None:
    """That a healthy report is about the rows given, and how to have others judged; None where that is no question."""
    trained = all(finding.code != UNTRAINED for finding in report.findings)
    known = report.ladder is not None and report.ladder.rung("model") is not None
    if report.unseen is not None or not known or not trained or not healthy(report):
        return None
    return "only the rows given were judged; see --validation and --split"


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
