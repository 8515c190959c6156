"""Gives facts and checks what their parameters ask for, by type, or says why there is none; and runs the checks."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import field
from typing import Any, TypeVar

from mlpdoctor.core.check import Absent, Check, Fact
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Finding, Number
from mlpdoctor.core.history import History
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.report_model import Outcome, Status
from mlpdoctor.core.text import percent, short
from mlpdoctor.core.whole_file import patience
from mlpdoctor.engine.forward_views import OF_LAYERS, OF_THE_FORWARD_PASS, Statistics, view_of
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.generalisation import Unseen
from mlpdoctor.statistics import views
from mlpdoctor.statistics.views import PerLayer

S = TypeVar("S")

SLOW = 20.0
"""Seconds after which somebody wonders whether a fact will ever be known."""

NO_DATA = Absent("no data were given")
NO_HISTORY = Absent("no history was given", applicable=False)
NO_UNSEEN = Absent("no unseen rows were given: --validation or --split", applicable=False)


@functools.cache
def asked(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The types a check or a fact asks for, by parameter; thresholds, being keyword-only, are not among them."""
    # Thresholds that users set are bound with partial.
    plain = inspect.unwrap(function.func if isinstance(function, functools.partial) else function)
    annotations = inspect.get_annotations(plain, eval_str=True)
    return {name: annotations[name] for name in plain.__code__.co_varnames[: plain.__code__.co_argcount]}


def fact_types(facts: Iterable[Fact]) -> Mapping[Any, Fact]:
    """The facts by the type they return."""
    by_type = {}
    for fact in facts:
        annotation = inspect.get_annotations(fact.function, eval_str=True)["return"]
        (kind,) = (part for part in _parts(annotation) if part is not Absent)
        by_type[kind] = fact
    return by_type


def _parts(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401
    union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    return typing.get_args(annotation) if union else (annotation,)


def _kind(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401
    """The type asked for, and whether None will do instead."""
    parts = _parts(annotation)
    (kind,) = (part for part in parts if part is not types.NoneType)
    return kind, types.NoneType in parts


def statistics_behind(functions: Iterable[Callable[..., Any]], facts: Mapping[Any, Fact]) -> set[type[Any]]:
    """Every statistic these functions need, themselves or through the facts they ask for."""
    needed: set[type[Any]] = set()
    todo = list(functions)
    seen = set(todo)
    while todo:
        for annotation in asked(todo.pop()).values():
            kind, _ = _kind(annotation)
            if typing.get_origin(kind) is PerLayer:
                (kind,) = typing.get_args(kind)
            if kind in facts and facts[kind].function not in seen:
                seen.add(facts[kind].function)
                todo.append(facts[kind].function)
            elif hasattr(kind, "of"):
                needed.add(kind)
    return needed


@dataclass(eq=False)
class FactResolver:
    """All that is known in one diagnosis: the network, the pass over the data, and facts as they are asked for.

    Attributes:
        network: the model.
        facts: how each type of fact is worked out.
        passes: for facts that must read the rows again; None without data.
        no_forward: why the network could not be run, or None.
        statistics: what the pass collected.
        seconds: what took time of its own, by name.
        history: what training logged; None without a history.
        quick: whether to go without the facts that can take long.
        unseen: rows that the network was not trained on; None without any.
    """

    network: Network
    facts: Mapping[Any, Fact]
    passes: Passes | None = None
    no_forward: str | None = None
    statistics: Statistics = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    history: History | None = None
    quick: bool = False
    unseen: Unseen | None = None
    _known: dict[Any, Any] = field(default_factory=dict)

    def arguments(self, function: Callable[..., Any], layer: Layer | None = None) -> dict[str, Any] | Absent:
        """What to call a check or fact with, or why it cannot be called."""
        given = {}
        for name, annotation in asked(function).items():
            kind, optional = _kind(annotation)
            value = self.get(kind, layer)
            if isinstance(value, Absent):
                if not optional:
                    return value
                value = None
            given[name] = value
        return given

    def get(self, kind: Any, layer: Layer | None = None) -> Any:  # noqa: ANN401
        """The value of that type, or ``Absent``."""
        if kind is Layer:
            return layer
        if kind is Network:
            return self.network
        if kind is Passes:
            return NO_DATA if self.passes is None else self.passes
        if kind is History:
            return NO_HISTORY if self.history is None else self.history
        if kind is Unseen:
            return NO_UNSEEN if self.unseen is None else self.unseen
        if typing.get_origin(kind) is PerLayer:
            return self._per_layer(typing.get_args(kind)[0])
        if kind in self.facts:
            return self._fact(kind)
        return self._statistic(kind, layer)

    def _fact(self, kind: Any) -> Any:  # noqa: ANN401
        if kind not in self._known:
            self._known[kind] = self._worked_out(self.facts[kind])
        return self._known[kind]

    def _worked_out(self, one: Fact) -> Any:  # noqa: ANN401
        if one.dear and self.quick:
            return Absent(f"--quick leaves out {one.dear}")
        arguments = self.arguments(one.function)
        if isinstance(arguments, Absent):
            return arguments
        try:
            with patience(f"still {one.dear}; check --quick leaves that out", SLOW) if one.dear else nullcontext():
                return one.function(**arguments)
        except MemoryError:
            return Absent("there is not enough memory for it")

    def _statistic(self, kind: type[Any], layer: Layer | None) -> Any:  # noqa: ANN401
        place = layer.name if layer is not None and view_of(kind) in OF_LAYERS else None
        return self.statistics.get((kind, place), self._why_absent(kind))

    def _per_layer(self, kind: type[S]) -> PerLayer[S] | Absent:
        found = {place: seen for (one, place), seen in self.statistics.items() if one is kind and place is not None}
        return PerLayer(found) if found else self._why_absent(kind)

    def _why_absent(self, kind: type[Any]) -> Absent:
        view = view_of(kind)
        if self.passes is None:
            return NO_DATA
        if view in OF_THE_FORWARD_PASS and self.no_forward is not None:
            return Absent(self.no_forward)
        if view in (views.RowLoss, views.PerfectLoss):
            from mlpdoctor.nn.heads import Heads

            heads = self.get(Heads)
            return heads if isinstance(heads, Absent) else Absent("the target columns do not match the model's outputs")
        if view in (*OF_LAYERS, views.Pieces):
            return Absent("no layer of this network is of that kind", applicable=False)
        if view is views.Cells:
            return Absent("the data have no rows")
        return Absent("no row of the data is complete")


def layers_of(network: Network, function: Callable[..., Any]) -> Iterator[Layer | None]:
    """The layers a check runs on: each in turn when it asks for a Layer, else once for the whole network."""
    per_layer = any(_kind(annotation)[0] is Layer for annotation in asked(function).values())
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
