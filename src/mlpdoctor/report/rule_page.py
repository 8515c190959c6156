"""A rule's page, for the terminal, as JSON and as Markdown: its docstring under its headings, set anew to the width."""

import json
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mlpdoctor.core.check import Rule
from mlpdoctor.report.catalogue import family, sections
from mlpdoctor.report.markdown.text import code, escape


def page(rule: Rule) -> Iterator[RenderableType]:
    """The parts from top to bottom."""
    yield Text(f"{rule.code} {rule.name}  (up to {rule.severity.value})", style="bold")
    yield Padding(Text(rule.summary), (1, 0, 0, 0), expand=False)
    for heading, text in sections(rule.page):
        yield Padding(Text(heading, style="bold"), (1, 0, 0, 0), expand=False)
        yield Padding(Text(text), (0, 0, 0, 4), expand=False)
    if rule.thresholds:
        yield Padding(Text("Thresholds", style="bold"), (1, 0, 0, 0), expand=False)
        for name, value in rule.thresholds.items():
            yield Padding(Text(f"{name} = {value}"), (0, 0, 0, 4), expand=False)


def as_object(rule: Rule) -> dict[str, Any]:
    """The page as plain values, its headings in the order they have."""
    return {
        "code": rule.code,
        "name": rule.name,
        "family": family(rule),
        "severity": rule.severity.value,
        "summary": rule.summary,
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
    parts = [f"# {rule.code} {rule.name}", f"{escape(rule.summary)} *Up to {rule.severity.value}.*"]
    parts += [part for heading, text in sections(rule.page) for part in (f"## {heading}", escape(text))]
    if rule.thresholds:
        lines = [f"* {code(f'{name} = {value}')}" for name, value in rule.thresholds.items()]
        parts += ["## Thresholds", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
