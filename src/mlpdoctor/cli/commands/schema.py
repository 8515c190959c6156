"""``mlpdoctor schema``: what the JSON of a report looks like."""

import click


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
