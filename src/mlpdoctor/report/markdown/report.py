"""Reports as Markdown: for a pull request, a job summary, a wiki."""

import shlex
from collections.abc import Iterator, Sequence

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.history_summary import HistorySummary
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report import curve_phrases, phrases
from mlpdoctor.report.folding import Shown
from mlpdoctor.report.ladder_rows import rows, witnesses
from mlpdoctor.report.markdown.text import block, code, escape, marked, table
from mlpdoctor.report.phrases import crashed, state
from mlpdoctor.report.tally import tally, total
from mlpdoctor.report.terminal.curve_chart import plain_text


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """A section for each model; of several a table comes first."""
    parts: list[str] = []
    if len(reports) + len(unread) != 1:
        parts += ["# mlpdoctor", escape(total(tally(reports, unread))) + "."]
        parts += [_overview(reports, unread)] if reports or unread else []
    for model in unread if not reports else ():
        parts.append(f"**{escape(model.path)} could not be read:** {escape(model.reason)}")
    for report in reports:
        parts += _report(report)
    return "\n\n".join(parts) + "\n"


def _overview(reports: Sequence[Report], unread: Sequence[Unread]) -> str:
    cells = []
    for report in reports:
        severity = state(report)
        cells.append((escape(report.path), severity.value if severity else "ok", escape(report.verdict)))
    cells += [(escape(model.path), "unread", escape(model.reason)) for model in unread]
    return table(("model", "worst", "verdict"), cells)


def _report(report: Report) -> Iterator[str]:
    yield f"## {escape(phrases.sources(report)[0][1])}"
    yield f"**{marked(report.verdict)}**"
    remedy = phrases.do(report)
    if remedy is not None:
        yield f"**Do:** {marked(remedy.text)}" if remedy.code is None else f"**Do:**\n\n{block(remedy.code)}"
    (kind, _, told), *others = phrases.sources(report)
    yield table(("", ""), [(kind, escape(told)), *((escape(path), escape(told)) for _, path, told in others)])
    if report.history is not None:
        yield from _curve(report.history, report.ladder)
    if report.ladder is not None:
        yield from _ladder_parts(report.ladder, f"Loss ladder: {report.ladder.loss}")
        if report.unseen is not None:
            yield from _ladder_parts(report.unseen.ladder, f"Unseen rows: {phrases.unseen(report.unseen)}")
    elif report.no_ladder is not None and report.data is not None:
        yield f"No loss ladder: {escape(report.no_ladder)}"
    if report.model is not None and report.model.not_followed is not None:
        yield f"{escape(report.model.not_followed)}. What needs the layers' values was left out."
    yield from _findings(report)
    yield from _closing_parts(report)


def _curve(history: HistorySummary, ladder: Ladder | None) -> Iterator[str]:
    """The training curve: the drawing in a block of text, the plateau, and what could not be read."""
    told = plain_text(history, ladder)
    if told is not None:
        yield "### Training curve"
        yield block(told, "text")
    yield f"**Plateau:** {escape(curve_phrases.plateau(history))}"
    bad = curve_phrases.bad(history)
    if bad is not None:
        yield f"**Not read:** {escape(bad)}"


def _ladder_parts(ladder: Ladder, heading: str) -> Iterator[str]:
    """The ladder as a table, and what reaches its rungs."""
    yield f"### {escape(heading)}"
    cells = [
        (f"**{escape(row.label)}**" if row.here else escape(row.label), escape(row.value), escape(row.remark))
        for row in rows(ladder, arrow="")
    ]
    yield table(("rung", "loss", ""), cells, right=(1,))
    told = list(witnesses(ladder, whole=True))
    if told:
        yield "\n".join(f"* {escape(note)}" for note in told)


def _findings(report: Report) -> Iterator[str]:
    """What is to be fixed in full; what only follows from it, and mere notes beside it, folded but all there."""
    findings = phrases.arrange(report)
    for one in findings.shown:
        yield f"### {one.number}. {one.finding.severity.value}: {_name(one.finding)}"
        yield from _finding_parts(one, report)
        if one.folded:
            folded = [Shown(0, finding, one.number) for finding in one.folded]
            yield from _folded(phrases.also_seen(one), folded, report)
    if findings.notes:
        yield from _folded(phrases.also_noted(findings), [Shown(0, note) for note in findings.notes], report)


def _folded(title: str, findings: Sequence[Shown], report: Report) -> Iterator[str]:
    """Findings behind a line that GitHub and GitLab open with a click; the names in it are those of rules."""
    yield f"<details><summary>{title[0].upper()}{title[1:]}</summary>"
    for one in findings:
        yield f"#### {one.finding.severity.value}: {_name(one.finding)}"
        yield from _finding_parts(one, report)
    yield "</details>"


def _name(finding: Finding) -> str:
    return f"{finding.code} {finding.name}"


def _finding_parts(one: Shown, report: Report) -> Iterator[str]:
    """One finding: how sure, what, where, why, and what to do."""
    yield f"*{escape(phrases.sure(one.finding))}*"
    yield marked(phrases.seen(one.finding))
    yield f"**Why:** {marked(one.finding.evidence.why)}"
    remedy = phrases.fix(one)
    if remedy is not None:
        yield f"**Fix:** {marked(remedy.text)}"
        if remedy.code is not None and remedy != phrases.do(report):
            yield block(remedy.code)


def _closing_parts(report: Report) -> Iterator[str]:
    """What went wrong, what is ruled out and what to do next; the counts are for who asks."""
    for outcome in crashed(report.outcomes):
        yield f"**{outcome.code} {outcome.name} crashed:** {escape(outcome.reason or '')}"
    suspects, hidden = phrases.suspects(report), phrases.hidden(report)
    if suspects:
        yield f"**Ruled out:** {escape(suspects)}"
    if hidden is not None:
        yield f"**Hidden:** {escape(hidden)}"
    judged = phrases.judged(report)
    if judged is not None:
        yield f"**New rows:** {escape(judged)}"
    steps = [f"* {name}: {code(shlex.join(words))}" for name, words in phrases.next_steps(report)]
    if steps:
        yield "\n".join(steps)
