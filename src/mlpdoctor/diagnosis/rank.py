"""Makes the findings of one report agree, puts the one to fix first on top, and effects under their causes.

Which fault may bring which about is said by the rules themselves (``core/check.py``): their stages, what they disturb
and what they are about. Here it is asked whether the one that was found did bring the other about in this network.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from mlpdoctor.core.check import ANY, Part, Role, Rule, Stage
from mlpdoctor.core.finding import Certainty, Finding, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.report_model import TRIED_FIRST, Outcome, RuledOut, Status
from mlpdoctor.nn.layers.graph import before

NAME_IN_CODE = re.compile(r"""\bname=(["'])(.*?)\1""")
"""The layer that a line of code makes."""


def ruled_out(
    findings: Sequence[Finding], outcomes: Iterable[Outcome], rules: Mapping[str, Rule]
) -> tuple[RuledOut, ...]:
    """What the findings exclude as a cause and what passed checks do, without what any finding names.

    First comes what people try first, in their order.
    """
    by_findings = [RuledOut(what, finding.code) for finding in findings for what in finding.evidence.rules_out]
    by_checks = [RuledOut(o.clears, o.code) for o in outcomes if o.clears and o.status is Status.PASSED]
    grave = [rules[finding.code] for finding in findings if finding.severity is not Severity.NOTE]
    blamed = {what for rule in grave for what in (*rule.names, rule.clears)}
    first: dict[str, RuledOut] = {}
    for suspect in (*by_findings, *by_checks):
        if suspect.what not in blamed:
            first.setdefault(suspect.what, suspect)
    order = {what: place for place, what in enumerate(TRIED_FIRST)}
    return tuple(sorted(first.values(), key=lambda suspect: order.get(suspect.what, len(order))))


def agreed(findings: Sequence[Finding], *, healthy: bool) -> tuple[Finding, ...]:
    """The same findings, ranked, with one line of code for each layer, and none for a healthy model.

    Args:
        findings: the first to fix first.
        healthy: whether the model does as well as anything is known to.
    """
    if healthy and all(finding.severity is Severity.NOTE for finding in findings):
        return tuple(_with(finding, None) for finding in findings)
    lines: dict[str, Finding] = {}
    kept = []
    for finding in findings:
        remedy = finding.evidence.remedy
        found = None if remedy is None or remedy.code is None else NAME_IN_CODE.search(remedy.code)
        if remedy is None or found is None:
            kept.append(finding)
            continue
        before = lines.setdefault(found[2], finding)
        code = (before.evidence.remedy.code if before.evidence.remedy is not None else None) or ""
        if code.partition("  #")[0] == (remedy.code or "").partition("  #")[0]:
            kept.append(_with(finding, dataclasses.replace(remedy, code=code)))  # whatever else one of them names
        else:
            kept.append(_with(finding, Remedy(f"fix {before.code} first: it changes the same layer, {found[2]}")))
    return tuple(kept)


def _with(finding: Finding, remedy: Remedy | None) -> Finding:
    return dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, remedy=remedy))


SEVERITIES = list(Severity)
CERTAINTIES = list(Certainty)
NEXT_TO_NOTHING = 0.05
"""A fault that alone keeps less than this share of what could be gained does not account for where the loss is."""

Joined = Callable[[tuple[str, ...], tuple[str, ...]], bool]
"""Whether one of the first layers lies on a way through one of the others."""


def anywhere(_: tuple[str, ...], __: tuple[str, ...]) -> bool:
    """Where nothing is known of the network any layer may touch any other."""
    return True


def joined_in(network: Network) -> Joined:
    """Layers touch each other where one leads to the other."""
    ways: dict[str, set[str]] = {}
    for position, node in enumerate(network.nodes):
        ways.setdefault(node.layer.name, set()).update(network.nodes[p].layer.name for p in before(network, [position]))

    def joined(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
        pairs = [(one, other) for one in some for other in others if one in ways and other in ways]
        return not pairs or any(one in ways[other] or other in ways[one] for one, other in pairs)

    return joined


def rank(findings: Iterable[Finding], rules: Mapping[str, Rule], joined: Joined = anywhere) -> tuple[Finding, ...]:
    """Order findings: causes by severity, certainty, share explained and strength, each followed by its effects.

    A finding is an effect only of a finding at least as grave: a mere note never hides an error below it. A symptom,
    which says how bad the loss is and not why, stands under a warning too, which then is as grave as what it brings
    about; so does what a large constant column brings about. Findings of one rule and severity stay together, in front
    of what they bring about.

    Args:
        findings: in any order.
        rules: by their codes, at least those of the findings.
        joined: which layers touch each other.
    """

    def order(finding: Finding) -> tuple[int, int, float, float, str, str]:
        return _order(finding, rules[finding.code].role)

    ordered = sorted(findings, key=order)
    causes = [_cause(finding, ordered, rules, joined) for finding in ordered]
    raised = _as_grave_as_their_effects(ordered, causes)
    linked = [
        dataclasses.replace(finding, severity=severity, because_of=None if cause is None else ordered[cause].code)
        for finding, severity, cause in zip(ordered, raised, causes, strict=True)
    ]
    first = _source_of_the_broken(linked, rules)
    linked.sort(key=lambda finding: (finding.code != first, *order(finding)))
    ranked: list[Finding] = []
    for finding in linked:
        if finding.because_of is None and finding not in ranked:
            _append_group(finding, linked, ranked)
    return tuple(ranked)


def broken(rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The codes of the rules that say the model computes nothing at all."""
    return tuple(code for code, rule in rules.items() if rule.role is Role.BREAKDOWN)


def _source_of_the_broken(linked: Sequence[Finding], rules: Mapping[str, Rule]) -> str | None:
    """What made weights stop being numbers, or that they did: before it is fixed nothing else matters."""
    because = {finding.code: finding.because_of for finding in linked}
    codes = broken(rules)
    code = next((f.code for f in linked if f.code in codes and f.severity is Severity.ERROR), None)
    while code is not None and because.get(code) is not None:
        code = because[code]
    return code


def _append_group(first: Finding, findings: list[Finding], ranked: list[Finding]) -> None:
    alike = (first.code, first.severity, first.because_of)
    leads = all(finding.code != first.code for finding in ranked)
    ranked += [f for f in findings if (f.code, f.severity, f.because_of) == alike]
    for effect in findings if leads else ():
        if effect.because_of == first.code and effect not in ranked:
            _append_group(effect, findings, ranked)


def _cause(finding: Finding, ordered: Sequence[Finding], rules: Mapping[str, Rule], joined: Joined) -> int | None:
    """The place of the finding that brought this one about: of those that may have, the nearest.

    What only says how the model does comes after all that say why.
    """
    rule = rules[finding.code]
    grave = SEVERITIES.index(finding.severity)
    able = [
        place
        for place, other in enumerate(ordered)
        if rule.brought_about_by(rules[other.code])
        and joined(other.layers, finding.layers)
        and _accounts(other, rules[other.code], rule)
    ]
    strict = [place for place in able if SEVERITIES.index(ordered[place].severity) <= grave]
    milder = [place for place in able if ordered[place].severity is Severity.WARNING]
    if finding.severity is not Severity.ERROR:
        milder = []
    elif rule.role is not Role.SYMPTOM:
        milder = [place for place in milder if _worsens(ordered[place], rules[ordered[place].code], finding)]
    choice = strict or milder
    stages = [rules[other.code].stage for other in ordered]
    return min(choice, key=lambda place: (stages[place] >= Stage.OUTCOME, -stages[place], place), default=None)


def _worsens(cause: Finding, rule: Rule, effect: Finding) -> bool:
    """Whether a warning may be the cause of an error that is no symptom: it is an error then.

    Of a fault at the inputs it may only be where those enter: ``door`` among its numbers is the layer.
    """
    door = cause.evidence.numbers.get("door")
    return (ANY in rule.worsens or effect.code in rule.worsens) and (door is None or door in effect.layers)


def _accounts(cause: Finding, rule: Rule, effect: Rule) -> bool:
    """Whether the cause is large enough to account for what the effect is about."""
    left = rule.milder.get(cause.severity)
    weighs = effect.about & (Part.PACE | Part.LOSS)
    if left is Part.NOTHING or (weighs and left is not None and not weighs & left):
        return False
    share = None if rule.unfinished else cause.evidence.explains
    return not weighs or share is None or share >= NEXT_TO_NOTHING


def _as_grave_as_their_effects(ordered: Sequence[Finding], causes: Sequence[int | None]) -> list[Severity]:
    """A fault that brings an error about is one."""
    severities = [finding.severity for finding in ordered]
    for place, severity in enumerate(severities):
        cause = causes[place]
        while cause is not None and SEVERITIES.index(severities[cause]) > SEVERITIES.index(severity):
            severities[cause] = severity
            cause = causes[cause]
    return severities


def _order(finding: Finding, role: Role) -> tuple[int, int, float, float, str, str]:
    evidence = finding.evidence
    return (
        SEVERITIES.index(finding.severity),
        -1 if role is Role.OTHER_FILE else CERTAINTIES.index(evidence.certainty),
        -(evidence.explains if evidence.explains is not None else 0.0),
        -evidence.strength,
        finding.code,
        finding.layer or "",
    )
