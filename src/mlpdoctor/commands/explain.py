"""``mlpdoctor explain``: a rule's page."""

import click

from mlpdoctor.commands import completion


@click.command()
@click.argument("rule", shell_complete=completion.rule)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json", "markdown"]), default="terminal", show_default=True
)
def explain(rule: str, form: str) -> None:
    """Explain RULE, a code such as A101 or a name such as dead-relu."""
    from mlpdoctor.catalogue import rules
    from mlpdoctor.output import put, show
    from mlpdoctor.report import page
    from mlpdoctor.selection import find

    found = find(rule, rules())
    if form == "terminal":
        show(*page.page(found))
    else:
        put(page.as_json(found) if form == "json" else page.as_markdown(found))
