"""Why findings are kept out of the verdict: a function from a finding to a reason, given by who asks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from mlpdoctor.core.finding import Finding

Hide: TypeAlias = Callable[[Finding], str | None]
"""The reason not to report a finding; None for one that is to be reported."""


def nothing(_: Finding) -> None:
    """Hides nothing."""


def marked(findings: Sequence[Finding], hide: Hide) -> list[Finding]:
    """The findings, those to hide with the reason."""
    return [replace(finding, suppressed=hide(finding)) for finding in findings]
