"""``mlpdoctor rules`` and ``mlpdoctor explain``: the list of all rules, and the page of one."""

import click

from mlpdoctor.cli.commands import completion


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
