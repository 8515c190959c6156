"""``mlpdoctor rules``: the list of all rules."""

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
def rules(form: str) -> None:
    """List all rules."""
    from mlpdoctor.catalogue import rules as all_rules
    from mlpdoctor.output import put, show
    from mlpdoctor.report import rules_table

    known = all_rules()
    if form == "table":
        show(rules_table.as_table(known))
    else:
        put(rules_table.as_json(known) if form == "json" else rules_table.as_markdown(known))
