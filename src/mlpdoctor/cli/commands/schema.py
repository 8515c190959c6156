"""``mlpdoctor schema``: what the JSON of a report looks like."""

import click


@click.command()
@click.argument("command", type=click.Choice(["check", "curve", "treat", "compare", "brief"]), default="check")
def schema(command: str) -> None:
    """Print the JSON Schema of what a command writes.

    For check, curve, treat and compare that is what --format json prints; brief is a line of check --format brief.
    """
    from mlpdoctor.cli.output import put
    from mlpdoctor.report.json import comparison_schema as of_compare
    from mlpdoctor.report.json import schema as of_check
    from mlpdoctor.report.json import trials_schema as of_treat

    texts = {
        "check": of_check.text,
        "curve": of_check.of_a_curve,
        "treat": of_treat.text,
        "compare": of_compare.text,
        "brief": of_check.of_brief,
    }
    put(texts[command]())
