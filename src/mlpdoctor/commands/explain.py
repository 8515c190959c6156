"""``mlpdoctor explain``: a rule's page."""

import click

from mlpdoctor.commands import completion


@click.command()
@click.argument("rule", shell_complete=completion.rule)
def explain(rule: str) -> None:
    """Explain RULE, a code such as A101 or a name such as dead-relu."""
    from mlpdoctor.catalogue import rules
    from mlpdoctor.output import show
    from mlpdoctor.report.page import page
    from mlpdoctor.selection import find

    show(*page(find(rule, rules())))
