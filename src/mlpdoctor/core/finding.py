"""What a diagnosis consists of: findings with their evidence, outcomes of checks, and the whole report."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from mlpdoctor.core.errors import legible
from mlpdoctor.core.fast_dataclass import dataclass

Number: TypeAlias = int | float | str | bool | tuple["Number", ...] | Mapping[str, "Number"] | None
"""A piece of evidence: a plain value that JSON can hold."""


class Severity(StrEnum):
    """How bad it is, the worst first."""

    ERROR = "error"
    """Training cannot reach what these data allow, or the result is useless."""
    WARNING = "warning"
    """Likely to cost loss or time."""
    NOTE = "note"
    """Context."""


class Certainty(StrEnum):
    """How sure it is, the surest first."""

    PROVED = "proved"
    """A theorem about this network or these data, with its witness."""
    TRIED = "tried"
    """A controlled training trial showed it."""
    MEASURED = "measured"
    """Counted on all rows, or read in the file."""
    ESTIMATED = "estimated"
    """A statistic with an error bar."""


@dataclass(frozen=True)
class Draws:
    """That a remedy draws weights anew, and how, so that it can be tried before it leads.

    Attributes:
        layers: those whose initializers the remedy names; all other weights are drawn as the file says.
        kernel: the initializer that it names for them.
        bias: likewise; None for the layer's own.
        rate: the learning rate that goes with it, as a factor on the one that training started with.
        units: how many the first of them gets; None for as many as it has.
    """

    layers: tuple[str, ...] = ()
    kernel: str = "glorot_uniform"
    bias: str | None = None
    rate: float = 1.0
    units: int | None = None


@dataclass(frozen=True)
class Remedy:
    """What to do: a sentence, and the line of code where one line does it."""

    text: str
    code: str | None = None
    draws: Draws | None = None


@dataclass(frozen=True)
class Evidence:
    """What one check saw in one place.

    Attributes:
        numbers: what was measured, by name; they fill the rule's message.
        certainty: how sure this is.
        why: why it keeps the loss up, in a sentence or two.
        remedy: what to do about it.
        severity: a milder or graver degree than the rule's own, where the numbers say so.
        explains: share of ``model - max(data, noise)`` that this alone keeps in place; None when unknown.
        strength: from 0 to 1, how marked it is; orders findings that are alike in all else.
        verdict: the answer to "why is my loss stuck?" when this finding leads the report.
        rules_out: causes that this finding excludes.
        layers: the layers it is about, the one to change first; a check that runs per layer need not say.
    """

    numbers: Mapping[str, Number]
    certainty: Certainty
    why: str
    remedy: Remedy | None = None
    severity: Severity | None = None
    explains: float | None = None
    strength: float = 0.0
    verdict: str | None = None
    rules_out: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A piece of evidence with the rule it belongs to and the place where it was seen."""

    code: str
    name: str
    severity: Severity
    message: str
    evidence: Evidence
    layer: str | None = None
    because_of: str | None = None
    """Code of the finding that causes this one."""
    suppressed: str | None = None
    """Why it is not to be reported, where the user said so; it is kept and counted, and fails nothing."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers it is about, the one to change first."""
        return self.evidence.layers or (() if self.layer is None else (self.layer,))


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


Hide: TypeAlias = Callable[[Finding], str | None]
"""The reason not to report a finding; None for one that is to be reported."""


def nothing(_: Finding) -> None:
    """Hides nothing."""


def marked(findings: Sequence[Finding], hide: Hide) -> list[Finding]:
    """The findings, those to hide with the reason."""
    return [replace(finding, suppressed=hide(finding)) for finding in findings]
