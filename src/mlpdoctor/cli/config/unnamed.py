"""What a configuration may not do that was found and not named: whoever unpacks a project gets its file with it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mlpdoctor.cli.config.file import Configuration
from mlpdoctor.cli.config.settings import Placed, Settings
from mlpdoctor.core.errors import UsageError


def keep_inside(configuration: Configuration, settings: Settings, *, update: bool) -> None:
    """Stop where it has something written outside its own folder.

    Args:
        configuration: which may have been found.
        settings: in force for the run.
        update: whether the baseline is written.

    Raises:
        UsageError: it has, whether by its path or through a link.
    """
    for name in ("output", "baseline") if update else ("output",):
        placed = settings.placed(name)
        if not _said_by(configuration, placed):
            continue
        folder = os.path.realpath(Path(configuration.path or ".").parent)
        for file in (placed.value,) if isinstance(placed.value, str) else placed.value:
            if not Path(os.path.realpath(file)).is_relative_to(folder):
                raise UsageError(
                    f"{placed.origin}: {name} = {file} lies outside the folder of this file, which was found and not "
                    f"named; if you trust it, name it with --config {configuration.path}"
                )


def starts_keras(configuration: Configuration, settings: Iterable[Settings]) -> Iterator[str]:
    """The places of the file that have models run through Keras, each once.

    Args:
        configuration: which may have been found.
        settings: in force for each model.
    """
    engines = (one.placed("engine") for one in settings)
    yield from dict.fromkeys(one.origin for one in engines if one.value == "keras" and _said_by(configuration, one))


def _said_by(configuration: Configuration, placed: Placed) -> bool:
    """Whether a setting stands in a file that was found."""
    return configuration.found and placed.file == configuration.path
