"""A page of the manual on a terminal: rich's Markdown, with code that stays as it can be copied."""

from typing import ClassVar

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.text import Text
from rich.theme import Theme

from mlpdoctor.report.terminal.layout import plain

WIDEST = 96
"""Columns of prose, whatever the screen: longer lines are hard to follow."""
THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
    }
)
"""Rich puts code on black, which stands out as boxes on a light screen."""


class _Code(CodeBlock):
    """Lines as they are: never broken, for they are copied and pasted, and wide output keeps its columns."""

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        yield Text(str(self.text).rstrip("\n"), style="markdown.code", no_wrap=True, overflow="ignore")


class _Heading(Heading):
    """A heading at the left edge."""

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
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

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the page at the width that suits prose."""
        text = "\n".join(plain(line, options.encoding) for line in self.text.split("\n"))
        if options.ascii_only:  # rich has no ASCII for its bullets; Markdown itself is easy to read
            yield Text(text, overflow="fold")
            return
        page = _Page(text, hyperlinks=False)
        for token in page.parsed:
            token.children = _without_own_links(token.children)
        with console.use_theme(THEME):
            yield from page.__rich_console__(console, options.update(width=min(options.max_width, WIDEST)))


def _without_own_links(tokens: list[Token] | None) -> list[Token] | None:
    """Links to other pages of the manual without their addresses, which a terminal cannot follow.

    A link that says no more than the topic says how to read it: ``mlpdoctor docs curve``.
    """
    if tokens is None:
        return None
    kept = []
    topic: str | None = None
    for token in tokens:
        if token.type == "link_open":
            page = str(token.attrs["href"]).partition("#")[0]
            topic = None if "://" in page else page.removesuffix(".md")
        elif topic is not None and token.type == "text" and token.content == topic:
            token.content = f"mlpdoctor docs {topic}"
        if topic is None or token.type not in {"link_open", "link_close"}:
            kept.append(token)
        elif token.type == "link_close":
            topic = None
    return kept
