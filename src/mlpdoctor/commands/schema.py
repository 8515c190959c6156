"""``mlpdoctor schema``: what the JSON of a report looks like."""

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of what check writes with --format json."""
    from mlpdoctor.output import put
    from mlpdoctor.report.schema import text

    put(text())
