"""A report as a small piece of HTML for notebooks: no script, nothing from outside, every text escaped."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

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


def as_html(report: Mapping[str, Any]) -> str:
    """The piece of HTML.

    Args:
        report: as its JSON.
    """
    shown = [one for one in report["findings"] if one["suppressed"] is None]
    return "\n".join(
        [
            '<div class="mlpdoctor" role="region" aria-label="mlpdoctor report">',
            STYLE,
            f'<p class="verdict">{escape(report["verdict"])}</p>',
            *_fix(shown),
            *_ladder(report["ladder"]),
            *_findings(shown),
            *_ruled_out(report["ruled_out"]),
            "</div>",
        ]
    )


def _fix(findings: list[Mapping[str, Any]]) -> Iterator[str]:
    """The line to copy."""
    for one in findings:
        if one["severity"] != "note" and one["remedy"] is not None:
            yield f"<p>{escape(one['remedy']['text'])}</p>"
            if one["remedy"]["code"] is not None:
                yield f"<pre><code>{escape(one['remedy']['code'])}</code></pre>"
            return


def _ladder(ladder: Mapping[str, Any]) -> Iterator[str]:
    """The rungs from the top down, each with a bar."""
    rungs = [rung for rung in ladder["rungs"] if rung["value"] is not None]
    if not rungs:
        return
    most = max(abs(rung["value"]) for rung in rungs) or 1.0
    yield f"<table><caption>loss ladder: {escape(ladder['loss'])}</caption>"
    for rung in rungs:
        here = ' class="here"' if rung["name"] == "model" else ""
        width = BAR * max(rung["value"], 0.0) / most
        yield (
            f'<tr{here}><td>{escape(rung["label"])}</td><td class="value">{rung["value"]:.4g}</td>'
            f'<td><span class="bar" style="width:{width:.2f}em"></span></td><td>{escape(rung["certainty"])}</td></tr>'
        )
    yield "</table>"


def _findings(findings: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "<ol>"
    for number, one in enumerate(findings):
        where = f"{one['layer']}: " if one["layer"] else ""
        head = (
            f'<span class="{escape(one["severity"])}">{escape(one["severity"])}</span> '
            f"<b>{escape(one['code'])} {escape(one['name'])}</b> <i>{escape(one['certainty'])}</i>"
        )
        body = f"{escape(where + one['message'])}. {escape(one['why'])}"
        opened = " open" if number < FIRST_OPEN else ""
        yield f"<li><details{opened}><summary>{head}</summary>{body}</details></li>"
    yield "</ol>"


def _ruled_out(suspects: list[Mapping[str, Any]]) -> Iterator[str]:
    if suspects:
        yield f"<p>Ruled out: {escape(', '.join(one['what'] for one in suspects))}</p>"
