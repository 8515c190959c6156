"""Runs the checks with what they ask for: findings, and one outcome a check."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlpdoctor.core.check import Absent, Check
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.finding import Evidence, Finding, Number
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.report_model import Outcome, Status
from mlpdoctor.core.text import percent, short
from mlpdoctor.diagnosis.resolve import FactResolver, asked, kind_of


def layers_of(network: Network, function: Callable[..., Any]) -> Iterator[Layer | None]:
    """The layers a check runs on: each in turn when it asks for a Layer, else once for the whole network."""
    per_layer = any(kind_of(annotation)[0] is Layer for annotation in asked(function).values())
    yield from network.layers if per_layer else (None,)


def run(checks: Iterable[Check], resolver: FactResolver) -> tuple[list[Finding], list[Outcome]]:
    """Run all checks; findings in no particular order, outcomes in the order of the checks."""
    findings: list[Finding] = []
    outcomes: list[Outcome] = []
    for one in checks:
        try:
            found, status, reason = _run_one(one, resolver)
        except DataFileError:  # the rows cannot be read any more, so that no check can go on
            raise
        except MemoryError:
            found, status, reason = [], Status.SKIPPED, "there is not enough memory for it"
        except Exception as fault:  # noqa: BLE001  whatever it is, the other checks still run and this one says so
            found, status, reason = [], Status.CRASHED, f"{type(fault).__name__}: {fault}"
        findings += found
        rule = one.rule
        outcomes.append(Outcome(rule.code, rule.name, status, reason, rule.clears, rule.untreatable is None))
    return findings, outcomes


def _run_one(one: Check, resolver: FactResolver) -> tuple[list[Finding], Status, str | None]:
    found: list[Finding] = []
    ran = False
    absent = Absent("the network has no layers", applicable=False)
    for layer in layers_of(resolver.network, one.function):
        arguments = resolver.arguments(one.function, layer)
        if isinstance(arguments, Absent):
            absent = arguments
            continue
        ran = True
        place = None if layer is None else layer.name
        found += [_finding(one, evidence, place) for evidence in one.function(**arguments)]
    if ran:
        return found, Status.FOUND if found else Status.PASSED, None
    return [], Status.SKIPPED if absent.applicable else Status.NOT_APPLICABLE, absent.reason


def _finding(one: Check, evidence: Evidence, layer: str | None) -> Finding:
    return Finding(
        code=one.rule.code,
        name=one.rule.name,
        severity=evidence.severity or one.rule.severity,
        message=filled(one.rule.message, evidence.numbers),
        evidence=evidence,
        layer=layer,
    )


def filled(template: str, numbers: Mapping[str, Number]) -> str:
    """The message: a template filled from the evidence alone, numbers written for people."""
    return template.format_map({name: _written(name, value) for name, value in numbers.items()})


def _written(name: str, value: Number) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return percent(value) if name.endswith("share") else short(value)
