"""``mlpdoctor docs``: the manual that comes with the package, a page for each topic."""

import os
import sys

import click

from mlpdoctor.cli import manual
from mlpdoctor.cli.commands import completion


@click.command()
@click.argument("topic", required=False, shell_complete=completion.topic)
def docs(topic: str | None) -> None:
    """Show the manual: the list of its topics, or the page on TOPIC."""
    from mlpdoctor.cli.output import console, put

    if topic is None:
        put(manual.listing())
        return
    text = manual.page(topic)
    if not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        put(text)
        return
    from mlpdoctor.report.terminal.manual import ManualPage

    console("auto").print(ManualPage(text), crop=False)  # lines of code stay whole, to be copied
