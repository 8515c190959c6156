"""What a shell offers after the tab key: rules, thresholds, topics of the manual."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def rule(_: click.Context, __: click.Parameter, begun: str) -> "list[CompletionItem]":
    """Codes and names of rules, with what they see."""
    from mlpdoctor.report.catalogue import rules

    return _items(begun, ((spelling, one.summary) for one in rules() for spelling in (one.code, one.name)))


def selectors(context: click.Context, parameter: click.Parameter, begun: str) -> "list[CompletionItem]":
    """Rules and families of rules, also behind a comma."""
    from click.shell_completion import CompletionItem

    from mlpdoctor.cli.selection import ALL
    from mlpdoctor.report.catalogue import rules

    before, comma, word = begun.rpartition(",")
    families = sorted({one.code[0] for one in rules()})
    found = [
        *_items(word, ((family, f"all {family} rules") for family in (ALL, *families))),
        *rule(context, parameter, word),
    ]
    return [CompletionItem(f"{before}{comma}{item.value}", help=item.help) for item in found]


def threshold(_: click.Context, __: click.Parameter, begun: str) -> "list[CompletionItem]":
    """``dead-relu.tolerated=``, with the default."""
    from mlpdoctor.report.catalogue import rules

    numbers = (
        (f"{one.name}.{name}=", f"{value} by default") for one in rules() for name, value in one.thresholds.items()
    )
    return _items(begun, numbers)


def topic(_: click.Context, __: click.Parameter, begun: str) -> "list[CompletionItem]":
    """Topics of the manual, with their headings."""
    from mlpdoctor.cli.manual import topics

    return _items(begun, topics().items())


def _items(begun: str, offers: Iterable[tuple[str, str]]) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(word, help=text) for word, text in offers if word.lower().startswith(begun.lower())]
