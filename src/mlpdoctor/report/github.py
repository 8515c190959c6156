"""Reports as workflow commands, which GitHub shows as annotations of a run and of the files in a pull request."""

from collections.abc import Iterator, Sequence

from mlpdoctor.core.finding import Finding, Severity, location
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.folding import names
from mlpdoctor.report.phrases import crashed

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
UNREAD = "mlpdoctor could not read this model"
TITLE, MESSAGE = 255, 4000
"""Characters kept: GitHub cuts titles at 255, and nobody reads an annotation of more than a page."""


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """One line for each finding shown, for the notes, for each check that crashed and each model that was not read."""
    lines = [line for report in reports for line in _report(report)]
    lines += [command("error", model.path, UNREAD, model.reason) for model in unread]
    return "".join(f"{line}\n" for line in lines)


def _report(report: Report) -> Iterator[str]:
    """An annotation for what is to be fixed, with what follows from it; one for all notes beside it.

    GitHub shows ten annotations of a kind in a step: those that only follow would take the place of causes.
    """
    findings = phrases.arrange(report)
    for one in findings.shown:
        finding = one.finding
        place = f" ({finding.layer})" if finding.layer else ""
        text = phrases.told(finding, report)
        if one.folded:
            text += f"\nAlso seen, following from this: {names(one.folded)}"
        yield command(COMMANDS[finding.severity], report.path, f"mlpdoctor: {_name(finding)}{place}", text)
    if findings.notes:
        text = "\n".join(f"{_name(finding)}: {phrases.seen(finding)}" for finding in findings.notes)
        yield command("notice", report.path, f"mlpdoctor: {phrases.also_noted(findings)}", text)
    for outcome in crashed(report.outcomes):
        yield command("error", report.path, f"mlpdoctor: {outcome.code} crashed", outcome.reason or "")


def _name(finding: Finding) -> str:
    return f"{finding.code} {finding.name}"


def command(kind: str, path: str, title: str, message: str) -> str:
    """A workflow command, whatever is in its parts; ``kind`` is ``error``, ``warning`` or ``notice``."""
    return f"::{kind} file={_part(location(path))},title={_part(_cut(title, TITLE))}::{_data(_cut(message, MESSAGE))}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _part(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
