"""Findings that the user knows of and has decided to live with, each with a reason."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from mlpdoctor.check import Rule
from mlpdoctor.finding import Finding, Report, Status
from mlpdoctor.fingerprint import location
from mlpdoctor.lean import dataclass
from mlpdoctor.selection import specific


@dataclass(frozen=True)
class Suppression:
    """One ``[[tool.mlpdoctor.suppress]]``.

    Attributes:
        rule: a rule's code or name, or the beginning of a code.
        reason: why; shown wherever suppressed findings are.
        layer: the layers it is for, with ``*``; None for all, and for findings without a layer.
        models: the models it is for, with ``*``; empty for all.
        origin: where it stands.
    """

    rule: str
    reason: str
    layer: str | None
    models: tuple[str, ...]
    origin: str

    def covers(self, finding: Finding, rule: Rule, model: str) -> bool:
        """Whether the finding is one of those meant."""
        return (
            specific(self.rule, rule) >= 0
            and (self.layer is None or fnmatchcase(finding.layer or "", self.layer))
            and (not self.models or matches(model, self.models))
        )


def idle(
    suppressions: Sequence[Suppression], reports: Sequence[Report], rules: Mapping[str, Rule]
) -> list[Suppression]:
    """Those that hid nothing although their rule looked at a model they are for."""
    return [one for one in suppressions if _looked(one, reports, rules) and not _hid(one, reports, rules)]


def _looked(one: Suppression, reports: Sequence[Report], rules: Mapping[str, Rule]) -> bool:
    return any(
        outcome.status not in {Status.SKIPPED, Status.CRASHED} and specific(one.rule, rules[outcome.code]) >= 0
        for report in reports
        if not one.models or matches(report.model.path, one.models)
        for outcome in report.outcomes
    )


def _hid(one: Suppression, reports: Sequence[Report], rules: Mapping[str, Rule]) -> bool:
    return any(
        one.covers(finding, rules[finding.code], report.model.path) for report in reports for finding in report.findings
    )


def matches(model: str, patterns: tuple[str, ...]) -> bool:
    """Whether a model's path is one of those that patterns such as ``models/*.keras`` mean."""
    path = location(model)
    return any(fnmatchcase(path, location(pattern)) for pattern in patterns)
