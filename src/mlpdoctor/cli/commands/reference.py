"""What the package says of itself: ``mlpdoctor docs``, ``rules``, ``explain`` and ``schema``."""

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


@click.command()
@click.argument("rule", shell_complete=completion.rule)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json", "markdown"]), default="terminal", show_default=True
)
def explain(rule: str, form: str) -> None:
    """Explain RULE, a code such as A101 or a name such as dead-relu."""
    from mlpdoctor.cli.output import put, show
    from mlpdoctor.cli.selection import find
    from mlpdoctor.report import rule_page
    from mlpdoctor.report.catalogue import rules

    found = find(rule, rules())
    if form == "terminal":
        show(rule_page.RulePage(found))
    else:
        put(rule_page.as_json(found) if form == "json" else rule_page.as_markdown(found))


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
def rules(form: str) -> None:
    """List all rules."""
    from mlpdoctor.cli.output import put, show
    from mlpdoctor.report import rule_page
    from mlpdoctor.report.catalogue import rules as all_rules

    known = all_rules()
    if form == "table":
        show(rule_page.as_table(known))
    else:
        put(rule_page.list_as_json(known) if form == "json" else rule_page.list_as_markdown(known))


@click.command()
@click.argument("command", type=click.Choice(["check", "curve", "treat", "compare", "brief"]), default="check")
def schema(command: str) -> None:
    """Print the JSON Schema of what a command writes.

    For check, curve, treat and compare that is what --format json prints; brief is a line of check --format brief.
    """
    from mlpdoctor.cli.output import put
    from mlpdoctor.report.json import schema

    texts = {
        "check": schema.of_check,
        "curve": schema.of_a_curve,
        "treat": schema.of_treat,
        "compare": schema.of_compare,
        "brief": schema.of_brief,
    }
    put(texts[command]())
