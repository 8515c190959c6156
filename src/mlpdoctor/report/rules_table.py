"""All rules at a glance, for the terminal, as JSON and as Markdown: README holds what the last one gives."""

import json
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from mlpdoctor.check import Rule
from mlpdoctor.report import page
from mlpdoctor.report.markdown_text import escape, table


def as_table(rules: Sequence[Rule]) -> Table:
    """A line or more for each rule."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for rule in rules:
        grid.add_row(rule.code, rule.name, rule.severity.value, Text(rule.summary))
    return grid


def as_json(rules: Sequence[Rule]) -> str:
    """A list of what ``explain RULE --format json`` gives of each."""
    return json.dumps([page.as_object(rule) for rule in rules], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(rules: Sequence[Rule]) -> str:
    """The table of README."""
    rows = [(rule.code, rule.name, rule.severity.value, escape(rule.summary)) for rule in rules]
    return table(("code", "name", "up to", "what it sees"), rows) + "\n"
