"""A rule's page, for the terminal, as JSON and as Markdown: its docstring under its headings, wrapped to the width."""

import json
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from mlpdoctor.core.check import Rule
from mlpdoctor.report.catalogue import family, readable, sections
from mlpdoctor.report.markdown.text import code, marked
from mlpdoctor.report.terminal.layout import code as code_lines
from mlpdoctor.report.terminal.layout import plain, prose


class RulePage:
    """A page, as something rich can print."""

    def __init__(self, rule: Rule) -> None:
        """Hold the rule."""
        self.rule = rule

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the page's parts from top to bottom, no wider than prose is to be."""
        rule, screen = self.rule, console.width
        yield prose(f"{rule.code} {rule.name}  (up to {rule.severity.value})", screen, indent=0, style="bold")
        yield ""
        yield prose(plain(readable(rule.summary), options.encoding), screen, indent=0)
        for heading, text in sections(rule.page):
            yield ""
            yield prose(heading, screen, indent=0, style="bold")
            yield prose(plain(text, options.encoding), screen, indent=4)
        if rule.thresholds:
            yield ""
            yield prose("Thresholds", screen, indent=0, style="bold")
            for name, value in rule.thresholds.items():
                yield code_lines(f"{name} = {value}", indent=4, style="")


def as_object(rule: Rule) -> dict[str, Any]:
    """The page as plain values, its headings in the order they have."""
    return {
        "code": rule.code,
        "name": rule.name,
        "family": family(rule),
        "severity": rule.severity.value,
        "summary": readable(rule.summary),
        "message": rule.message,
        "clears": rule.clears,
        "thresholds": dict(rule.thresholds),
        "sections": dict(sections(rule.page)),
    }


def as_json(rule: Rule) -> str:
    """The page as JSON text that ends in a newline."""
    return json.dumps(as_object(rule), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(rule: Rule) -> str:
    """The page as Markdown text that ends in a newline."""
    parts = [f"# {rule.code} {rule.name}", f"{marked(readable(rule.summary))} *Up to {rule.severity.value}.*"]
    parts += [part for heading, text in sections(rule.page) for part in (f"## {heading}", marked(text))]
    if rule.thresholds:
        lines = [f"* {code(f'{name} = {value}')}" for name, value in rule.thresholds.items()]
        parts += ["## Thresholds", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
