"""Why a finding is not reported: it is suppressed, known, or less certain than was asked for."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from mlpdoctor.cli.selection import specific
from mlpdoctor.core.check import Rule
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Finding
from mlpdoctor.core.fingerprint import location
from mlpdoctor.core.legible import legible
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.diagnosis.hide import Hide


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
            and (self.layer is None or fnmatchcase(legible(finding.layer or ""), legible(self.layer)))
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
        if not one.models or matches(report.path, one.models)
        for outcome in report.outcomes
    )


def _hid(one: Suppression, reports: Sequence[Report], rules: Mapping[str, Rule]) -> bool:
    return any(
        one.covers(finding, rules[finding.code], report.path) for report in reports for finding in report.findings
    )


def matches(model: str, patterns: tuple[str, ...]) -> bool:
    """Whether a model's path is one of those that patterns such as ``models/*.keras`` mean."""
    path = location(model)
    return any(fnmatchcase(path, location(pattern)) for pattern in patterns)


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
