"""A rule's page and the list of all rules, for the terminal, as JSON and as Markdown; the manual holds the last."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from mlpdoctor.core.check import Rule
from mlpdoctor.report.catalogue import family, readable, sections
from mlpdoctor.report.markdown import code, escape, marked, table
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


LEAST = 20
"""Columns that a rule's words get even where the screen has none left; lines then break anywhere."""


class RuleList:
    """A line for each rule, broken under its words; ``rich.table`` would take longer than all else of the command."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Hold the rules."""
        self.rules = rules

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield all lines as one text."""
        names, levels = (max(map(len, column), default=0) for column in self._columns())
        indent = len("A101") + names + levels + 6
        room = max(options.max_width - indent, LEAST)
        lines: list[str] = []
        for rule in self.rules:
            head = f"{rule.code}  {rule.name:{names}}  {rule.severity.value:{levels}}  "
            first, *others = textwrap.wrap(readable(rule.summary), room) or [""]
            lines += [head + first, *(" " * indent + other for other in others)]
        yield Text("\n".join(lines), no_wrap=options.max_width >= indent + LEAST, overflow="fold")

    def _columns(self) -> tuple[list[str], list[str]]:
        return [rule.name for rule in self.rules], [rule.severity.value for rule in self.rules]


def as_table(rules: Sequence[Rule]) -> RuleList:
    """A line or more for each rule, as something rich can print."""
    return RuleList(rules)


def list_as_json(rules: Sequence[Rule]) -> str:
    """A list of what ``explain RULE --format json`` gives of each."""
    return json.dumps([as_object(rule) for rule in rules], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def list_as_markdown(rules: Sequence[Rule]) -> str:
    """The table of the manual."""
    rows = [(rule.code, rule.name, rule.severity.value, escape(readable(rule.summary))) for rule in rules]
    return table(("code", "name", "up to", "what it sees"), rows) + "\n"
