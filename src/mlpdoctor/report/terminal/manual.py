"""A page of the manual on a terminal: rich's Markdown, with code that stays as it can be copied."""

from typing import ClassVar

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.text import Text

from mlpdoctor.report.symbols import plain

WIDEST = 96
"""Columns of prose, whatever the screen: longer lines are hard to follow."""
HEADINGS = {"h1": "bold underline", "h2": "bold", "h3": "bold"}


class _Code(CodeBlock):
    """Lines as they are: never broken, for they are copied and pasted, and wide output keeps its columns."""

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        yield Text(str(self.text).rstrip("\n"), style="cyan", no_wrap=True, overflow="ignore")


class _Heading(Heading):
    """A heading at the left edge."""

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize(HEADINGS.get(self.tag, "italic"))
        yield self.text


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _Code,
        "code_block": _Code,
        "heading_open": _Heading,
    }


class ManualPage:
    """A page, as something rich can print."""

    def __init__(self, text: str) -> None:
        """Hold the Markdown of the page."""
        self.text = text

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the page at the width that suits prose."""
        lines = (plain(line, options.encoding) for line in self.text.split("\n"))
        page = _Page("\n".join(lines), hyperlinks=False)
        for token in page.parsed:
            token.children = _without_own_links(token.children)
        yield from page.__rich_console__(_, options.update(width=min(options.max_width, WIDEST)))


def _without_own_links(tokens: list[Token] | None) -> list[Token] | None:
    """The text of links to other pages of the manual without their addresses, which a terminal cannot follow."""
    if tokens is None:
        return None
    kept = []
    outside = False
    for token in tokens:
        if token.type == "link_open":
            outside = "://" in str(token.attrs["href"])
        if outside or token.type not in {"link_open", "link_close"}:
            kept.append(token)
    return kept
