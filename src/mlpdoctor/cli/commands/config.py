"""``mlpdoctor config``: what is in force, and who said so."""

from typing import Any

import click

from mlpdoctor.cli.commands.options import settings_options, understood


@click.command()
@click.argument("files", nargs=-1, metavar="[MODEL [DATA]]", type=click.Path())
@settings_options
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to show it."
)
def config(files: tuple[str, ...], form: str, **given: Any) -> None:  # noqa: ANN401  the options of settings_options
    """Show the settings that are in force, for MODEL or in general, and where each came from.

    Takes the options of check, and shows what they would come to.
    """
    from mlpdoctor.cli.config.settings import Settings
    from mlpdoctor.cli.config.shown import Shown
    from mlpdoctor.cli.output import put, show
    from mlpdoctor.cli.plan import plan
    from mlpdoctor.report.catalogue import rules

    known = rules()
    configuration, line = understood(given, lambda: known)
    settings = plan(files, configuration, line)[0].settings if files else Settings((configuration.top, line))
    shown = Shown(configuration, settings, known)
    if form == "json":
        put(shown.json())
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    for name, value, origin in shown.rows():
        table.add_row(name, Text(value), Text(origin, style="dim"))
    show(table)
