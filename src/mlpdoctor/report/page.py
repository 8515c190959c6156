"""A rule's page for the terminal: its docstring under its headings, its paragraphs set anew to the width."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mlpdoctor.check import Rule


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


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings with the paragraph below each, its lines joined."""
    heading = ""
    lines: list[str] = []
    for line in text.splitlines()[1:]:
        if line and not line.startswith(" "):
            if heading:
                yield heading, " ".join(lines)
            heading, lines = line, []
        elif line:
            lines.append(line.strip())
    if heading:
        yield heading, " ".join(lines)
