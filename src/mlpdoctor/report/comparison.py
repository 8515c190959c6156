"""A comparison of two models or two runs, for people and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from mlpdoctor import __version__
from mlpdoctor.core.finding import Finding
from mlpdoctor.core.report_model import Comparison, LayerChange, Report
from mlpdoctor.core.text import percent, short
from mlpdoctor.report import phrases
from mlpdoctor.report.json.report import clean
from mlpdoctor.report.terminal.layout import MARGIN, plain, plain_parts, prose
from mlpdoctor.report.terminal.report import files

SCHEMA_VERSION = "1.0"
WIDTH = 12
"""Columns of a loss."""


class TerminalComparison:
    """A comparison as something rich can print."""

    def __init__(self, comparison: Comparison) -> None:
        """Hold it."""
        self.comparison = comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom, a blank line between them."""
        comparison = plain_parts(self.comparison, options.encoding)
        for part in _parts(comparison, console.width, options.encoding):
            lines = list(part)
            if lines:
                yield ""
                yield from lines
        yield ""


def _parts(found: Comparison, screen: int, encoding: str) -> Iterator[Iterator[RenderableType]]:
    for report in (found.before, found.after):
        yield files(phrases.sources(report), screen, encoding)
    yield iter([prose(found.verdict, screen, style="bold")])
    yield _ladders(found)
    for what, findings in (("gone", found.gone), ("new", found.new), ("kept", found.kept)):
        yield (prose(f"{what:5}  {_named(finding)}", screen) for finding in findings)
    yield (prose(_layer(change), screen, indent=MARGIN) for change in found.layers or ())


def _ladders(found: Comparison) -> Iterator[RenderableType]:
    if not found.rungs:
        return
    label = max(len("loss ladder"), *(len(_label(pair.name, pair.label)) for pair in found.rungs))
    margin = " " * MARGIN
    yield Text(f"{margin}{'loss ladder':{label}}{'before':>{WIDTH}}{'after':>{WIDTH}}", style="dim")
    for pair in found.rungs:
        numbers = "".join(f"{'' if one is None else short(one):>{WIDTH}}" for one in (pair.before, pair.after))
        bold = "bold" if pair.name == "model" else ""
        yield Text(f"{margin}{_label(pair.name, pair.label):{label}}{numbers}", style=bold)


def _label(name: str, label: str) -> str:
    return "your model" if name == "model" else label


def _named(finding: Finding) -> str:
    where = f" ({', '.join(finding.layers)})" if finding.layers else ""
    return f"{finding.severity.value}  {finding.code} {finding.name}{where}"


def _layer(change: LayerChange) -> str:
    told = list(change.options)
    if change.moved is not None and change.moved > 0:
        far = "from zero" if change.moved == float("inf") else f"by {percent(change.moved)} of their size"
        told.append(f"weights moved {far}")
    return f"{change.layer}: {change.change if not told else '; '.join(told)}"


def as_json(found: Comparison) -> str:
    """JSON text that ends in a newline."""
    value = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mlpdoctor", "version": __version__},
        "verdict": found.verdict,
        "before": _report(found.before),
        "after": _report(found.after),
        "ladder": [asdict(pair) for pair in found.rungs],
        "findings": {
            "gone": [_finding(finding) for finding in found.gone],
            "new": [_finding(finding) for finding in found.new],
            "kept": [_finding(finding) for finding in found.kept],
        },
        "layers": None if found.layers is None else [asdict(change) for change in found.layers],
    }
    return json.dumps(clean(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _report(report: Report) -> dict[str, Any]:
    return {
        "path": report.path,
        "verdict": report.verdict,
        "model": None if report.model is None else asdict(report.model),
        "data": None if report.data is None else asdict(report.data),
        "last_loss": None if report.history is None else report.history.last,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "layer": finding.layer,
        "layers": list(finding.layers),
        "message": finding.message,
    }


def sentence(found: Comparison, encoding: str) -> str:
    """The difference in one line."""
    return str(plain(found.verdict, encoding))
