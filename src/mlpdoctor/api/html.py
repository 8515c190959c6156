"""A report as a small piece of HTML for notebooks: no script, nothing from outside, every text escaped."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short
from mlpdoctor.report.phrases import do, seen

BAR = 12.0
"""Width of the longest bar, in em."""
STYLE = """<style>
.mlpdoctor{font-family:system-ui,sans-serif;line-height:1.45;max-width:60em}
.mlpdoctor .verdict{font-weight:600;font-size:1.05em;margin:.4em 0}
.mlpdoctor pre{background:rgba(128,128,128,.13);padding:.5em .7em;border-radius:4px;overflow-x:auto;margin:.3em 0}
.mlpdoctor table{border-collapse:collapse;margin:.6em 0}
.mlpdoctor td{padding:.15em .9em .15em 0;text-align:left;border:0;background:none}
.mlpdoctor td.value{text-align:right;font-variant-numeric:tabular-nums}
.mlpdoctor .bar{display:inline-block;height:.7em;background:#5b8db8;vertical-align:middle}
.mlpdoctor .here{font-weight:600}
.mlpdoctor .error{color:#c0392b}.mlpdoctor .warning{color:#b7791f}.mlpdoctor .note{opacity:.75}
.mlpdoctor ol{padding-left:1.5em}.mlpdoctor li{margin:.35em 0}
</style>"""
FIRST_OPEN = 3
"""Findings that are shown in full; the rest is folded."""


def as_html(report: Report) -> str:
    """The piece of HTML of a report."""
    shown = [one for one in report.findings if one.suppressed is None]
    return "\n".join(
        [
            '<div class="mlpdoctor" role="region" aria-label="mlpdoctor report">',
            STYLE,
            f'<p class="verdict">{escape(report.verdict)}</p>',
            *_fix(report),
            *([] if report.ladder is None else _ladder(report.ladder)),
            *_findings(shown),
            *_ruled_out(report),
            "</div>",
        ]
    )


def _fix(report: Report) -> Iterator[str]:
    """What to do, and the line to copy."""
    remedy = do(report)
    if remedy is None:
        return
    yield f"<p>{escape(remedy.text)}</p>"
    if remedy.code is not None:
        yield f"<pre><code>{escape(remedy.code)}</code></pre>"


def _ladder(ladder: Ladder) -> Iterator[str]:
    """The rungs from the top down, each with a bar."""
    rungs = [rung for rung in ladder.rungs if math.isfinite(rung.value)]
    most = max((abs(rung.value) for rung in rungs), default=0.0) or 1.0
    yield f"<table><caption>loss ladder: {escape(ladder.loss)}</caption>"
    for rung in rungs:
        here = ' class="here"' if rung.name == "model" else ""
        width = BAR * max(rung.value, 0.0) / most
        yield (
            f'<tr{here}><td>{escape(rung.label)}</td><td class="value">{short(rung.value)}</td>'
            f'<td><span class="bar" style="width:{width:.2f}em"></span></td><td>{escape(rung.certainty)}</td></tr>'
        )
    yield "</table>"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    """All of them, the first few opened."""
    yield "<ol>"
    for number, one in enumerate(findings):
        severity = one.severity.value
        head = (
            f'<span class="{severity}">{severity}</span> <b>{escape(one.code)} {escape(one.name)}</b> '
            f"<i>{one.evidence.certainty.value}</i>"
        )
        opened = " open" if number < FIRST_OPEN else ""
        body = escape(f"{seen(one)} {one.evidence.why}")
        yield f"<li><details{opened}><summary>{head}</summary>{body}</details></li>"
    yield "</ol>"


def _ruled_out(report: Report) -> Iterator[str]:
    if report.ruled_out:
        yield f"<p>Ruled out: {escape(', '.join(one.what for one in report.ruled_out))}</p>"
