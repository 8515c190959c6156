"""Where the results of ``check`` go, looked at before the work begins."""

import os
from collections.abc import Sequence
from pathlib import Path

from mlpdoctor.cli.output import SUMMARY, form_of
from mlpdoctor.core.kept_apart import Named
from mlpdoctor.core.whole_file import require_place


def destinations(files: Sequence[str], form: str, baseline: str | None, *, update: bool) -> list[Named]:
    """Every file that a run is going to write, each with what names it.

    Args:
        files: of ``--output``.
        form: of ``--format``.
        baseline: of ``--baseline``.
        update: whether that one is written.

    Raises:
        UsageError: a file's format is unknown, or it cannot be written.
    """
    found = [(f"--output {file}", file) for file in files]
    for option, file in found:
        form_of(file, form)
        require_place(Path(file), option)
    if baseline is not None and update:
        found.append((f"--baseline {baseline}", baseline))
    summary = os.environ.get(SUMMARY)
    if form == "github" and summary:
        found.append((f"{SUMMARY}={summary}", summary))
    return found
