"""Which rules run, with which thresholds, and why a finding of theirs is not reported."""

import dataclasses
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mlpdoctor.core.check import Check, Rule
from mlpdoctor.core.errors import UsageError, closest, legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Finding, Hide, location
from mlpdoctor.core.report_model import Report, Status

ALL = "ALL"
"""Selects every rule."""
NAMED = 100
"""A rule's own name is more specific than any beginning of its code."""


@dataclass(frozen=True)
class Choice:
    """What one place, a file or the command line, says about the rules.

    Attributes:
        select: only these; None leaves the choice of earlier places as it is.
        ignore: not these.
        extend_select: these too.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()


def chosen(rules: Iterable[Rule], choices: Sequence[Choice]) -> frozenset[str]:
    """The codes of the rules that are in force.

    A later choice beats an earlier one, and its ``select`` starts again. Within one choice the more specific word beats
    the more general, so ``select A, ignore A101`` and ``ignore A, select A101`` both say what they seem to;
    ``ignore`` beats ``select`` where both are as specific.
    """
    return frozenset(rule.code for rule in rules if _in_force(rule, choices))


def _in_force(rule: Rule, choices: Sequence[Choice]) -> bool:
    on = True
    for choice in choices:
        wanted = (*(choice.select or ()), *choice.extend_select)
        chooses = max((specific(word, rule) for word in wanted), default=-1)
        ignores = max((specific(word, rule) for word in choice.ignore), default=-1)
        on = on and choice.select is None
        if chooses >= 0 or ignores >= 0:
            on = chooses > ignores
    return on


def specific(word: str, rule: Rule) -> int:
    """How closely a word names a rule: more for a longer beginning of its code, -1 when it means another."""
    if word.upper() == ALL:
        return 0
    if rule_name(word) == rule.name or word.upper() == rule.code:
        return NAMED
    return len(word) if rule.code.startswith(word.upper()) else -1


def rule_name(name: str) -> str:
    """A rule's name however it was written: ``Dead_ReLU`` is ``dead-relu``."""
    return name.lower().replace("_", "-")


def known(words: Iterable[str], rules: Sequence[Rule], where: str) -> None:
    """Stop at a word that names no rule.

    Args:
        words: codes, beginnings of codes, and names.
        rules: all there are.
        where: what the words were given to, for the message.

    Raises:
        UsageError: with the names that are near.
    """
    for word in words:
        if not word or all(specific(word, rule) < 0 for rule in rules):
            raise UsageError(f"{where}: there is no rule {word!r}{_hint(word, rules)}")


def find(name: str, rules: Sequence[Rule], where: str | None = None) -> Rule:
    """The one rule of that code or name.

    Raises:
        UsageError: there is none, with the names that are near.
    """
    for rule in rules:
        if specific(name, rule) == NAMED:
            return rule
    raise UsageError(f"{f'{where}: ' if where else ''}there is no rule {name!r}{_hint(name, rules)}")


def _hint(word: str, rules: Sequence[Rule]) -> str:
    names = [spelling for rule in rules for spelling in (rule.name, rule.code)]
    return closest(word, names, "'mlpdoctor rules' lists them all")


KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def checked(rule: Rule, name: str, value: Any, where: str) -> Any:  # noqa: ANN401  what a file or an option holds
    """The value, once it is certain that the rule has such a threshold and that it is of the default's type and sign.

    Raises:
        UsageError: it has not, or it is not.
    """
    name = name.replace("-", "_")
    if name not in rule.thresholds:
        has = ", ".join(rule.thresholds)
        without = f"{rule.name} has no threshold {name!r}"
        raise UsageError(
            f"{where}: {without}{closest(name, rule.thresholds, f'it has {has}')}"
            if has
            else f"{where}: {without}, nor any other"
        )
    default = rule.thresholds[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wanted = (
        f"{where}: {rule.name}.{name}: expected {KINDS.get(type(default), type(default).__name__)} such as {default}"
    )
    if type(value) is not type(default) or (isinstance(value, float) and not math.isfinite(value)):
        raise UsageError(f"{wanted}, got {value!r}")
    if isinstance(value, int | float) and default >= 0 > value:
        raise UsageError(f"{wanted}, got {value!r}, which is below 0")
    return value


def with_thresholds(check: Check, values: Mapping[str, Any]) -> Check:
    """The same check with other numbers to decide by."""
    if not values:
        return check
    rule = dataclasses.replace(check.rule, thresholds={**check.rule.thresholds, **values})
    return Check(rule, functools.partial(check.function, **values))


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
