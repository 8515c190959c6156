"""Reports as Markdown: for a pull request, a job summary, a wiki."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.history_summary import HistorySummary
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.core.trial_result import Trial, TrialResult
from mlpdoctor.report import curve_phrases, phrases
from mlpdoctor.report import trial_phrases as words
from mlpdoctor.report.folding import Shown
from mlpdoctor.report.ladder_rows import rows, witnesses
from mlpdoctor.report.phrases import crashed, state
from mlpdoctor.report.tally import tally, total
from mlpdoctor.report.terminal.curve_chart import plain_text

ANYWHERE = re.compile(r"[\\`*_\[\]|~$]")
"""Punctuation that may mean something wherever it stands."""
HTML = re.compile(r"<|&(?=#?\w+;)")
SPAN = re.compile(r"(?<!`)`([^`\s](?:[^`]*[^`\s])?)`(?!`)")
"""Code in a sentence."""
ENTITIES = {"<": "&lt;", "&": "&amp;"}
START = re.compile(r"^(\d{0,9})([.)>]|[#=+-]+(?=\s|$))")
"""What would make a list, a heading, a rule or a quotation of a paragraph."""


def escape(text: str) -> str:
    """Text of unknown content, on one line, meaning nothing but itself."""
    return START.sub(r"\1\\\2", _literal(" ".join(text.split())))


def marked(text: str) -> str:
    """The same with code between single backticks shown as code; not for a cell of a table, which a pipe ends."""
    flat, made, end = " ".join(text.split()), "", 0
    for found in SPAN.finditer(flat):
        made += _literal(flat[end : found.start()]) + code(found[1])
        end = found.end()
    return START.sub(r"\1\\\2", made + _literal(flat[end:]))


def _literal(text: str) -> str:
    return HTML.sub(lambda found: ENTITIES[found[0]], ANYWHERE.sub(r"\\\g<0>", text))


def code(text: str) -> str:
    """Text in a code span, not for the cell of a table, where a pipe would end it."""
    flat = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str, language: str = "python") -> str:
    """Lines of code in a fence longer than any in them."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown already; the columns in ``right`` hold numbers."""
    rule = "|".join("--:" if column in right else "---" for column in range(len(heads)))
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join((lines[0], f"|{rule}|", *lines[1:]))


def render_trials(result: TrialResult) -> str:
    """Markdown text that ends in a newline."""
    return "\n\n".join(_parts(result)) + "\n"


def _parts(result: TrialResult) -> Iterator[str]:
    report = result.report
    yield f"## {escape(report.path)}, treated"
    yield f"**{escape(result.verdict)}**"
    (kind, _, model), *others = words.sources(result)
    yield table(("", ""), [(kind, escape(model)), *((escape(path), escape(told)) for _, path, told in others)])
    yield f"{escape(f'{result.judged_by}: {words.control(result)}. {words.protocol(result.protocol)}.')}"
    trials = words.shown(result)
    if trials:
        heads = ("trial", "verdict", "measured by", "before", "control", "treated", "gained", "")
        yield table(heads, [_row(trial, result) for trial in trials], right=(3, 4, 5, 6))
    for number, trial in enumerate(trials, start=1):
        if trial.diff:
            yield f"### {number}. {escape(trial.text)}"
            yield block("\n".join(f"{sign} {line}" for sign, line in trial.diff), "diff")
    if result.memory is not None:
        yield f"**By heart:** {escape(words.memory(result.memory))}"
    told = words.untried(result)
    if told:
        yield "\n".join(f"* untried: {escape(line)}" for line in told)
    if result.interrupted:
        yield "**Interrupted:** this is what was known by then."


def _row(trial: Trial, result: TrialResult) -> tuple[str, ...]:
    mark = "**" if trial == result.best else ""
    return (
        f"{mark}{escape(words.names(trial))}{mark}{words.answers(trial)}",
        trial.verdict.value,
        escape(trial.judged_by),
        words.number(trial.before),
        words.control_of(trial),
        words.group(trial.treated),
        words.gained(trial),
        escape(words.told(trial)),
    )


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
