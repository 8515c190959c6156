"""Plain text, code and tables as Markdown that GitHub, GitLab and CommonMark show just as they were."""

import re
from collections.abc import Iterable, Sequence

ANYWHERE = re.compile(r"[\\`*_\[\]|~$]")
"""Punctuation that may mean something wherever it stands."""
HTML = re.compile(r"<|&(?=#?\w+;)")
SPAN = re.compile(r"(?<!`)`([^`\s](?:[^`]*[^`\s])?)`(?!`)")
"""Code in a sentence."""
ENTITIES = {"<": "&lt;", "&": "&amp;"}
START = re.compile(r"^(\d{0,9})([.)>]|[#=+-]+(?=\s|$))")
"""What would make a list, a heading, a rule or a quotation of a paragraph."""


def escape(text: str) -> str:
    """Text of unknown content, on one line, meaning nothing but itself."""
    return START.sub(r"\1\\\2", _literal(" ".join(text.split())))


def marked(text: str) -> str:
    """The same with code between single backticks shown as code; not for a cell of a table, which a pipe ends."""
    flat, made, end = " ".join(text.split()), "", 0
    for found in SPAN.finditer(flat):
        made += _literal(flat[end : found.start()]) + code(found[1])
        end = found.end()
    return START.sub(r"\1\\\2", made + _literal(flat[end:]))


def _literal(text: str) -> str:
    return HTML.sub(lambda found: ENTITIES[found[0]], ANYWHERE.sub(r"\\\g<0>", text))


def code(text: str) -> str:
    """Text in a code span, not for the cell of a table, where a pipe would end it."""
    flat = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str, language: str = "python") -> str:
    """Lines of code in a fence longer than any in them."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown already; the columns in ``right`` hold numbers."""
    rule = "|".join("--:" if column in right else "---" for column in range(len(heads)))
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join((lines[0], f"|{rule}|", *lines[1:]))
