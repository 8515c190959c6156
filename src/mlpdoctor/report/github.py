"""Reports as workflow commands, which GitHub shows as annotations of a run and of the files in a pull request."""

from collections.abc import Iterator, Sequence

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.fingerprint import location
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.folding import live
from mlpdoctor.report.phrases import crashed

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
UNREAD = "mlpdoctor could not read this model"
TITLE, MESSAGE = 255, 4000
"""Characters kept: GitHub cuts titles at 255, and nobody reads an annotation of more than a page."""


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """One line for each finding that is not suppressed, each check that crashed, each model that was not read."""
    lines = [line for report in reports for line in _report(report)]
    lines += [command("error", model.path, UNREAD, model.reason) for model in unread]
    return "".join(f"{line}\n" for line in lines)


def _report(report: Report) -> Iterator[str]:
    shown = live(report.findings)
    for finding in shown:
        place = f" ({finding.layer})" if finding.layer else ""
        title = f"mlpdoctor: {finding.code} {finding.name}{place}"
        yield command(COMMANDS[finding.severity], report.path, title, phrases.told(finding, report))
    for outcome in crashed(report.outcomes):
        yield command("error", report.path, f"mlpdoctor: {outcome.code} crashed", outcome.reason or "")


def command(kind: str, path: str, title: str, message: str) -> str:
    """A workflow command, whatever is in its parts; ``kind`` is ``error``, ``warning`` or ``notice``."""
    return f"::{kind} file={_part(location(path))},title={_part(_cut(title, TITLE))}::{_data(_cut(message, MESSAGE))}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _part(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
