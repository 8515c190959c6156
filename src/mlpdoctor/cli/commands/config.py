"""``mlpdoctor config``: what is in force, and who said so."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from mlpdoctor.cli.commands.options import settings_options
from mlpdoctor.cli.commands.shared import understood
from mlpdoctor.cli.config.file import Configuration
from mlpdoctor.cli.config.keys import KEYS
from mlpdoctor.cli.config.settings import Placed, Settings
from mlpdoctor.core.check import Rule
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.report_model import legible_parts


@dataclass(frozen=True)
class Shown:
    """Settings as they are shown.

    Attributes:
        configuration: what the file says.
        settings: what is in force.
        rules: all rules.
    """

    configuration: Configuration
    settings: Settings
    rules: Sequence[Rule]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Name, value and origin of everything."""
        yield from legible_parts(list(self._rows()))

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        for name in KEYS:
            for placed in self._places(name):
                yield name, _written(placed.value), placed.origin
        yield "rules in force", self._in_force(), ""
        for code, values in self.settings.thresholds.items():
            rule = next(rule for rule in self.rules if rule.code == code)
            for name, placed in values.items():
                yield f"rules.{rule.name}.{name}", f"{placed.value} ({rule.thresholds[name]} by default)", placed.origin
        for named in self.configuration.models:
            yield f"models.{named.name}", named.model, ""
        for patterns, section in self.configuration.per_model:
            said = ", ".join(f"{name} = {_written(placed.value)}" for name, placed in section.values.items())
            yield f"per-model {', '.join(patterns)}", said or "thresholds", ""
        for one in self.configuration.suppressions:
            place = f" in {one.layer}" if one.layer else ""
            models = f" of {', '.join(one.models)}" if one.models else ""
            yield "suppress", f"{one.rule}{place}{models}: {one.reason}", one.origin

    def json(self) -> str:
        """The same as one JSON object."""
        codes = self.settings.codes(self.rules)
        thresholds = {
            code: {name: _place(placed) for name, placed in values.items()}
            for code, values in self.settings.thresholds.items()
        }
        whole = {
            "file": self.configuration.path,
            "settings": {name: _place(self._places(name)[-1]) for name in KEYS},
            "rules": [rule.code for rule in self.rules if rule.code in codes],
            "thresholds": thresholds,
            "models": {named.name: named.model for named in self.configuration.models},
            "suppress": [vars(one) for one in self.configuration.suppressions],
        }
        return json.dumps(legible_parts(whole), indent=2, ensure_ascii=False) + "\n"

    def _places(self, name: str) -> tuple[Placed, ...]:
        """Choices of rules add up, so every place is shown; of all else the one that counts."""
        said = self.settings.said(name) if KEYS[name].rules else ()
        return said or (self.settings.placed(name),)

    def _in_force(self) -> str:
        codes = self.settings.codes(self.rules)
        without = [rule.code for rule in self.rules if rule.code not in codes]
        few = sorted(codes) if len(codes) < len(without) else []
        which = ", ".join(few) if few else f"all but {', '.join(without)}" if without else "all"
        return f"{len(codes)} of {len(self.rules)}: {which}"


def _place(placed: Placed) -> dict[str, Any]:
    return {"value": placed.value, "from": placed.origin}


def _written(value: Any) -> str:  # noqa: ANN401
    if value is None or value == ():
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


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
