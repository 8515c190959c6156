"""All rules at a glance, for the terminal, as JSON and as Markdown: the manual holds what the last one gives."""

import json
import textwrap
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from mlpdoctor.core.check import Rule
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import readable
from mlpdoctor.report.markdown.text import escape, table

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


def as_json(rules: Sequence[Rule]) -> str:
    """A list of what ``explain RULE --format json`` gives of each."""
    return (
        json.dumps([rule_page.as_object(rule) for rule in rules], indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )


def as_markdown(rules: Sequence[Rule]) -> str:
    """The table of the manual."""
    rows = [(rule.code, rule.name, rule.severity.value, escape(readable(rule.summary))) for rule in rules]
    return table(("code", "name", "up to", "what it sees"), rows) + "\n"
