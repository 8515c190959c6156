"""``mlpdoctor rules``: the list of all rules."""

import click


@click.command()
def rules() -> None:
    """List all rules."""
    from rich.table import Table
    from rich.text import Text

    from mlpdoctor.catalogue import rules as all_rules
    from mlpdoctor.output import show

    table = Table.grid(padding=(0, 2, 0, 0))
    for rule in all_rules():
        table.add_row(rule.code, rule.name, rule.severity.value, Text(rule.summary))
    show(table)
