"""Findings that the user knows of and has decided to live with, each with a reason."""

from fnmatch import fnmatchcase

from mlpdoctor.check import Rule
from mlpdoctor.finding import Finding
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


def matches(model: str, patterns: tuple[str, ...]) -> bool:
    """Whether a model's path is one of those that patterns such as ``models/*.keras`` mean."""
    path = location(model)
    return any(fnmatchcase(path, location(pattern)) for pattern in patterns)
