"""What stays the same of a finding from one training to the next: rule, layer and model file, never numbers."""

import hashlib
import os
from pathlib import Path

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.legible import legible

LENGTH = 32
"""Hexadecimal digits kept: 128 bits never collide by chance."""


def fingerprint(finding: Finding, model: str) -> str:
    """The same for the same rule at the same layer of the same file, whatever the weights and the data.

    Findings of one rule at one layer, such as several columns of one data file, share it.

    Args:
        finding: whose fingerprint it is.
        model: path of the model file, as it was given.
    """
    told = "\n".join((finding.code, legible(finding.layer or ""), location(model)))
    return hashlib.sha256(told.encode()).hexdigest()[:LENGTH]


def location(path: str) -> str:
    """The path with forward slashes, from the working directory where it lies under it, else as it was given.

    So ``./models/a.keras`` and ``/home/me/project/models/a.keras`` are one file, on Windows as well. It is legible, and
    the same for a path that has been made so.
    """
    here, folder = Path(os.path.abspath(path)), _legible(Path.cwd())  # noqa: PTH100  a link keeps its name, which is
    # what users and repositories know
    for one in (_legible(here), _legible(here.parent.resolve() / here.name)):
        if one.is_relative_to(folder):
            return one.relative_to(folder).as_posix()
    return legible(Path(os.path.normpath(path)).as_posix())


def _legible(path: Path) -> Path:
    return Path(legible(str(path)))
