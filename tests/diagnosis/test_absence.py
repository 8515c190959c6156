"""What is not there: the reason a reader is given, and what a check or a fact is given in its place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from hand_built import Draft, Table, drawn, sequential

from mlpdoctor.core.check import Absent, Fact, Stage, check, fact
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.report_model import Status
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types, statistics_behind
from mlpdoctor.diagnosis.run_checks import layers_of, run
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics import views
from mlpdoctor.statistics.views import PerLayer


@dataclass(frozen=True)
class RowCount:
    rows: int

    @classmethod
    def of(cls, view: views.Targets) -> Self:
        return cls(len(view.values))

    def __add__(self, other: Self) -> Self:
        return type(self)(self.rows + other.rows)


@dataclass(frozen=True)
class UnitCount:
    units: int

    @classmethod
    def of(cls, view: views.PreActivation) -> Self:
        return cls(view.values.shape[1])

    def __add__(self, other: Self) -> Self:
        return self


@dataclass(frozen=True)
class LossSeen:
    @classmethod
    def of(cls, view: views.RowLoss) -> Self:
        del view
        return cls()

    def __add__(self, other: Self) -> Self:
        return self


@dataclass(frozen=True)
class CellsSeen:
    @classmethod
    def of(cls, view: views.Cells) -> Self:
        del view
        return cls()

    def __add__(self, other: Self) -> Self:
        return self


@dataclass(frozen=True)
class Half:
    rows: float


@dataclass(frozen=True)
class Quarter:
    rows: float


@dataclass(frozen=True)
class Never:
    pass


CALLS: list[str] = []


@fact
def half(rows: RowCount) -> Half | Absent:
    CALLS.append("half")
    return Half(rows.rows / 2)


@fact
def quarter(whole: Half) -> Quarter:
    CALLS.append("quarter")
    return Quarter(whole.rows / 2)


@fact
def never(network: Network) -> Never | Absent:
    del network
    return Absent("there is no such thing", applicable=False)


FACTS = fact_types([half, quarter, never])


def answers(network: Network | None = None, **given: Any) -> FactResolver:  # noqa: ANN401
    data = Passes(Table(np.ones((8, 2)), np.ones((8, 1))))
    options: dict[str, Any] = {"passes": data, "statistics": {(RowCount, None): RowCount(8)}} | given
    return FactResolver(network or sequential(2, (3, "relu"), (1, None)), FACTS, **options)


def uses_all(units: PerLayer[UnitCount], whole: Quarter, cells: CellsSeen | None) -> None:
    del units, whole, cells


def test_statistics_are_found_behind_facts_options_and_layers() -> None:
    assert statistics_behind([uses_all], FACTS) == {UnitCount, RowCount, CellsSeen}
    assert statistics_behind([], FACTS) == set()


def test_a_fact_behind_a_fact_is_worked_out_once() -> None:
    CALLS.clear()
    known = answers()
    assert known.get(Quarter) == Quarter(2.0)
    assert known.get(Half) == Half(4.0)
    assert known.get(Quarter) is known.get(Quarter)
    assert CALLS == ["half", "quarter"]


def asks_in_vain(gone: Never, rows: RowCount) -> None:
    del gone, rows


def asks_politely(gone: Never | None, rows: RowCount) -> None:
    del gone, rows


def test_what_is_absent_stops_a_check_or_is_none() -> None:
    assert answers().arguments(asks_in_vain) == Absent("there is no such thing", applicable=False)
    assert answers().arguments(asks_politely) == {"gone": None, "rows": RowCount(8)}


def test_the_network_the_passes_and_the_layer_are_given_as_they_are() -> None:
    known = answers()
    layer = known.network.layers[1]
    assert known.get(Network) is known.network
    assert known.get(Passes) is known.passes
    assert known.get(Layer, layer) is layer


def test_a_layers_own_statistic_goes_to_that_layer_and_the_datas_to_all() -> None:
    network = sequential(2, (3, "relu"), (4, "relu"), (1, None))
    seen = {(UnitCount, "dense_1"): UnitCount(3), (UnitCount, "dense_2"): UnitCount(4), (RowCount, None): RowCount(8)}
    known = answers(network, statistics=seen)
    units = [known.get(UnitCount, layer) for layer in network.layers]
    assert units[1:3] == [UnitCount(3), UnitCount(4)]
    assert isinstance(units[0], Absent)
    assert known.get(RowCount, network.layers[1]) == RowCount(8)
    assert known.get(PerLayer[UnitCount]) == {"dense_1": UnitCount(3), "dense_2": UnitCount(4)}


def reason(known: FactResolver, kind: Any) -> tuple[str, bool]:  # noqa: ANN401
    found = known.get(kind)
    assert isinstance(found, Absent)
    return found.reason, found.applicable


def test_every_absence_has_its_own_reason() -> None:
    bare = answers(passes=None, statistics={})
    for kind in (RowCount, UnitCount, PerLayer[UnitCount], Passes, Half, Quarter):
        assert reason(bare, kind) == ("no data were given", True)
    empty = answers(statistics={})
    assert reason(empty, RowCount) == ("no row of the data is complete", True)
    assert reason(empty, CellsSeen) == ("the data have no rows", True)
    assert reason(empty, UnitCount) == ("no layer of this network is of that kind", False)
    assert reason(empty, PerLayer[UnitCount]) == ("no layer of this network is of that kind", False)
    unfollowed = answers(statistics={}, no_forward="layer 'x' is of the kind Mixer")
    assert reason(unfollowed, UnitCount) == ("layer 'x' is of the kind Mixer", True)
    assert reason(unfollowed, RowCount) == ("no row of the data is complete", True)


def test_a_missing_loss_is_the_reason_for_missing_sums_of_it() -> None:
    from mlpdoctor.facts.outputs.heads import heads

    network = replace(sequential(2, (1, None)), losses=(None,))
    known = FactResolver(network, fact_types([heads]), Passes(Table(np.ones((2, 2)), np.ones((2, 1)))))
    text, applicable = reason(known, LossSeen)
    assert "--loss" in text
    assert applicable
    fitting = FactResolver(sequential(2, (1, None)), fact_types([heads]), known.passes)
    assert reason(fitting, LossSeen) == ("the target columns do not match the model's outputs", True)


def per_layer(layer: Layer) -> None:
    del layer


def per_network(network: Network) -> None:
    del network


def test_a_check_that_asks_for_a_layer_runs_on_each_once() -> None:
    draft = Draft(2)
    first = draft.dense(0, 2)
    network = draft.network(draft.again(first, first))
    assert [layer.name for layer in layers_of(network, per_layer) if layer] == ["in_0", "dense_1"]
    assert list(layers_of(network, per_network)) == [None]


EVIDENCE = Evidence({"rows": 8, "half_share": 0.5}, Certainty.MEASURED, why="")


@check("T001", Severity.WARNING, "{rows} rows, {half_share}", stage=Stage.DATA, clears="rows")
def finds(rows: RowCount) -> Iterator[Evidence]:
    del rows
    yield EVIDENCE
    yield replace(EVIDENCE, severity=Severity.NOTE)


@check("T002", Severity.ERROR, "-", stage=Stage.DATA)
def passes_by(rows: RowCount) -> Iterator[Evidence]:
    del rows
    yield from ()


@check("T003", Severity.ERROR, "-", stage=Stage.DATA)
def crashes(rows: RowCount) -> Iterator[Evidence]:
    yield EVIDENCE
    raise ZeroDivisionError(rows)


@check("T004", Severity.ERROR, "-", stage=Stage.DATA)
def does_not_apply(gone: Never) -> Iterator[Evidence]:
    del gone
    yield EVIDENCE


@check("T005", Severity.ERROR, "-", stage=Stage.DATA)
def has_no_data(cells: CellsSeen) -> Iterator[Evidence]:
    del cells
    yield EVIDENCE


@check("T006", Severity.ERROR, "{rows} in {place}", stage=Stage.DATA)
def each_layer(layer: Layer, units: UnitCount) -> Iterator[Evidence]:
    del units
    yield replace(EVIDENCE, numbers={"rows": 8, "place": layer.name})


@check("T007", Severity.ERROR, "{nothing_of_the_kind}", stage=Stage.DATA)
def says_what_it_does_not_know(rows: RowCount) -> Iterator[Evidence]:
    del rows
    yield EVIDENCE


@check("T008", Severity.ERROR, "-", stage=Stage.DATA)
def asks_for_a_fact(whole: Half) -> Iterator[Evidence]:
    del whole
    yield EVIDENCE


def fails(rows: RowCount) -> Half:
    raise ZeroDivisionError(rows)


ALL = [finds, passes_by, crashes, does_not_apply, has_no_data, each_layer, says_what_it_does_not_know]


def test_every_check_ends_in_exactly_one_outcome_in_their_order() -> None:
    seen = {(RowCount, None): RowCount(8), (UnitCount, "dense_1"): UnitCount(3)}
    findings, outcomes = run(ALL, answers(statistics=seen))
    assert [outcome.code for outcome in outcomes] == [one.rule.code for one in ALL]
    assert [outcome.status for outcome in outcomes] == [
        Status.FOUND,
        Status.PASSED,
        Status.CRASHED,
        Status.NOT_APPLICABLE,
        Status.SKIPPED,
        Status.FOUND,
        Status.CRASHED,
    ]
    assert [finding.code for finding in findings] == ["T001", "T001", "T006"]


def test_a_crash_says_what_happened_and_leaves_no_half_finding() -> None:
    findings, (outcome,) = run([crashes], answers())
    assert findings == []
    assert outcome.reason == "ZeroDivisionError: RowCount(rows=8)"


def test_a_crash_in_a_fact_crashes_the_checks_that_ask_for_it_and_no_others() -> None:
    known = answers()
    known.facts = {**FACTS, Half: Fact(fails)}
    _, outcomes = run([asks_for_a_fact, finds], known)
    assert [outcome.status for outcome in outcomes] == [Status.CRASHED, Status.FOUND]


def test_a_finding_carries_its_rule_its_place_and_its_own_severity() -> None:
    network = drawn(sequential(2, (3, "relu"), (1, None)), 0)
    seen = {(RowCount, None): RowCount(8), (UnitCount, "dense_1"): UnitCount(3)}
    findings, _ = run([finds, each_layer], answers(network, statistics=seen))
    assert [finding.severity for finding in findings] == [Severity.WARNING, Severity.NOTE, Severity.ERROR]
    assert [finding.layer for finding in findings] == [None, None, "dense_1"]
    assert [finding.message for finding in findings] == ["8 rows, 50 %"] * 2 + ["8 in dense_1"]
    assert [finding.name for finding in findings] == ["finds", "finds", "each-layer"]
