"""Why a finding is not reported: its certainty is below the one asked for, it is suppressed, or it is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from mlpdoctor.check import Rule
from mlpdoctor.config.suppression import Suppression
from mlpdoctor.finding import Certainty, Finding
from mlpdoctor.lean import dataclass

Hide: TypeAlias = Callable[[Finding], str | None]
"""The reason not to report a finding; None for one that is to be reported."""
SURENESS = list(Certainty)


@dataclass(frozen=True)
class Hidden:
    """What is not to be reported of one model.

    Attributes:
        model: path of its file.
        rules: all rules by code.
        certainty: the least certainty of what is reported.
        suppressions: of the configuration.
        known: of the baseline.
    """

    model: str
    rules: Mapping[str, Rule]
    certainty: Certainty
    suppressions: Sequence[Suppression]
    known: Hide

    def __call__(self, finding: Finding) -> str | None:
        """The first reason there is; what somebody wrote down comes before what a number says."""
        for suppression in self.suppressions:
            if suppression.covers(finding, self.rules[finding.code], self.model):
                return suppression.reason
        sure = finding.evidence.certainty
        if SURENESS.index(sure) > SURENESS.index(self.certainty):
            return f"{sure.value}, and --certainty asks for {self.certainty.value} or surer"
        return self.known(finding)


def nothing(_: Finding) -> None:
    """Hides nothing."""


def marked(findings: Sequence[Finding], hide: Hide) -> list[Finding]:
    """The findings, those to hide with the reason."""
    return [replace(finding, suppressed=hide(finding)) for finding in findings]
