"""A rule's docstring taken apart: headings with the paragraph below each."""

from collections.abc import Iterator

from mlpdoctor.check import Rule

FAMILIES = {
    "A": "architecture",
    "O": "output contract",
    "W": "file and state",
    "U": "units",
    "L": "floors",
    "G": "steps and gradients",
    "D": "data",
    "H": "history",
}
"""What the first letter of a code says."""


def family(rule: Rule) -> str:
    """What kind of fault a rule looks for."""
    return FAMILIES.get(rule.code[0], "other")


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
