"""``mlpdoctor schema``: what the JSON of a report looks like."""

import click


@click.command()
@click.argument("command", type=click.Choice(["check", "curve", "treat"]), default="check")
def schema(command: str) -> None:
    """Print the JSON Schema of what check, curve or treat writes with --format json."""
    from mlpdoctor.cli.output import put
    from mlpdoctor.report.json import schema as of_check
    from mlpdoctor.report.json import trials_schema as of_treat

    put({"check": of_check.text, "curve": of_check.of_a_curve, "treat": of_treat.text}[command]())
