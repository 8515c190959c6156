"""Gives facts and checks what their parameters ask for, by type, or says why there is none."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import field
from typing import Any, TypeVar

from mlpdoctor.core import random_state
from mlpdoctor.core.check import Absent, Fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.whole_file import patience
from mlpdoctor.engine.forward_views import OF_LAYERS, OF_THE_FORWARD_PASS, Statistics, view_of
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.generalisation import Unseen
from mlpdoctor.facts.ladder.swings import Ids
from mlpdoctor.nn.heads import Heads
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


def kind_of(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401
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
            kind, _ = kind_of(annotation)
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
        shared: facts that other models with the same data have had worked out, by `_place`; None where there are none.
        single: whether the network takes the rows in float32.
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
    shared: dict[Any, Any] | None = None
    single: bool = False
    _known: dict[Any, Any] = field(default_factory=dict)

    def arguments(self, function: Callable[..., Any], layer: Layer | None = None) -> dict[str, Any] | Absent:
        """What to call a check or fact with, or why it cannot be called."""
        given = {}
        for name, annotation in asked(function).items():
            kind, optional = kind_of(annotation)
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
        place: Hashable = None
        if one.of_data:
            arguments = {name: getattr(value, "of_data", value) for name, value in arguments.items()}
            place = self._place(one)
        if self.shared is not None and place in self.shared:
            return self.shared[place]
        try:
            with patience(f"still {one.dear}; check --quick leaves that out", SLOW) if one.dear else nullcontext():
                found = one.function(**arguments)
        except MemoryError:
            return Absent("there is not enough memory for it")
        if self.shared is not None and place is not None:
            self.shared[place] = found
        return found

    def _place(self, one: Fact) -> Hashable:
        """All that a fact of the data depends on beside the rows; equal for networks that have it in common."""
        heads = self.get(Heads)
        judged = None if isinstance(heads, Absent) else heads.judged
        return one.function.__name__, self.single, random_state.number(0), self.get(Ids).columns, judged

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
            heads = self.get(Heads)
            return heads if isinstance(heads, Absent) else Absent("the target columns do not match the model's outputs")
        if view in (*OF_LAYERS, views.Pieces):
            return Absent("no layer of this network is of that kind", applicable=False)
        if view is views.Cells:
            return Absent("the data have no rows")
        return Absent("no row of the data is complete")
