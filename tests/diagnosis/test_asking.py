"""Checks and facts get what their parameters name, and every check ends in exactly one outcome."""

from collections.abc import Iterator

import numpy as np
from hand_built import Draft

from mlpdoctor.core.check import Absent, Check, Fact, Stage, check, fact
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.report_model import Status
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types, statistics_behind
from mlpdoctor.diagnosis.run_checks import filled, run
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.unit_activity import Firing
from mlpdoctor.statistics.views import PerLayer


class Size(int):
    """A fact of these tests."""


class Double(int):
    """A fact that asks for another."""


class Missing(int):
    """A fact that is never there."""


calls: list[str] = []


@fact
def size(network: Network) -> Size:
    calls.append("size")
    return Size(len(network.layers))


@fact
def double(size: Size, targets: TargetMoments | None) -> Double | Absent:
    return Double(2 * size) if targets is None else Absent("there are data")


@fact
def missing() -> Missing | Absent:
    return Absent("there never is one", applicable=False)


FACTS = fact_types([size, double, missing])


def network() -> Network:
    draft = Draft(2)
    return draft.network(draft.dense(draft.dense(0, 3, "relu"), 1))


def answers(**given: object) -> FactResolver:
    return FactResolver(network(), FACTS, **given)  # type: ignore[arg-type]


def outcome(one: Check, **given: object) -> tuple[Status, str | None, int]:
    findings, (ended,) = run([one], answers(**given))
    return ended.status, ended.reason, len(findings)


def seen(**numbers: int) -> Evidence:
    return Evidence(numbers, Certainty.MEASURED, "because")


@check("X001", Severity.NOTE, "{layers} layers", stage=Stage.DATA)
def network_check(network: Network, size: Size) -> Iterator[Evidence]:
    """Sees every network."""
    assert len(network.layers) == size
    yield seen(layers=size)


@check("X002", Severity.NOTE, "layer", stage=Stage.DATA)
def layer_check(layer: Layer) -> Iterator[Evidence]:
    """Sees Dense layers."""
    if layer.kind == "Dense":
        yield seen()


@check("X003", Severity.NOTE, "dead", stage=Stage.DATA)
def unit_check(layer: Layer, firing: Firing) -> Iterator[Evidence]:
    """Sees dead units."""
    assert layer.kind == "Dense"
    if firing.dead.any():
        yield seen()


@check("X004", Severity.NOTE, "never", stage=Stage.DATA)
def absent_check(missing: Missing) -> Iterator[Evidence]:
    """Asks for what there is not."""
    yield seen(missing=missing)


@check("X005", Severity.NOTE, "never", stage=Stage.DATA)
def broken_check(network: Network) -> Iterator[Evidence]:
    """Is broken."""
    yield seen(size=int(network.name))


@check("X006", Severity.NOTE, "{number}", stage=Stage.DATA)
def optional_check(missing: Missing | None, passes: Passes | None) -> Iterator[Evidence]:
    """Can do without."""
    assert missing is None
    assert passes is None
    yield seen(number=1)


def test_a_fact_is_worked_out_once_however_many_ask() -> None:
    calls.clear()
    known = answers()
    assert known.get(Double) == 6
    assert known.get(Double) == 6
    assert known.get(Size) == 3
    assert calls == ["size"]


def test_statistics_are_found_through_the_facts_that_need_them() -> None:
    def asks(double: Double, firing: PerLayer[Firing]) -> None: ...

    assert statistics_behind([asks], FACTS) == {TargetMoments, Firing}


def test_a_network_check_runs_once() -> None:
    assert outcome(network_check) == (Status.FOUND, None, 1)


def test_a_layer_check_runs_on_every_layer() -> None:
    assert outcome(layer_check) == (Status.FOUND, None, 2)


def test_a_statistic_comes_layer_by_layer_and_absent_layers_are_left_out() -> None:
    dead = Firing(5, np.array([0, 3, 5]))
    statistics = {(Firing, "dense_1"): dead}
    assert outcome(unit_check, statistics=statistics) == (Status.FOUND, None, 1)
    alive = {(Firing, "dense_1"): Firing(5, np.array([1, 3, 5]))}
    assert outcome(unit_check, statistics=alive) == (Status.PASSED, None, 0)


def test_without_data_a_check_of_data_is_skipped_and_says_so() -> None:
    assert outcome(unit_check) == (Status.SKIPPED, "no data were given", 0)


def test_an_absent_fact_gives_its_reason() -> None:
    assert outcome(absent_check) == (Status.NOT_APPLICABLE, "there never is one", 0)


def test_optional_needs_are_none_when_absent() -> None:
    assert outcome(optional_check) == (Status.FOUND, None, 1)


def test_a_crash_is_an_outcome_of_its_own_and_the_others_still_run() -> None:
    findings, ended = run([broken_check, network_check], answers())
    assert [one.status for one in ended] == [Status.CRASHED, Status.FOUND]
    assert ended[0].reason is not None
    assert ended[0].reason.startswith("ValueError: ")
    assert "by_hand" in ended[0].reason
    assert [one.code for one in findings] == ["X001"]


def test_every_check_has_exactly_one_outcome() -> None:
    all_checks = [network_check, layer_check, unit_check, absent_check, broken_check, optional_check]
    _, ended = run(all_checks, answers())
    assert [one.code for one in ended] == [one.rule.code for one in all_checks]


def test_messages_write_numbers_for_people() -> None:
    text = filled("{rows} rows, {flat_share} flat, {loss}, {name}", {
        "rows": 12345, "flat_share": 0.5, "loss": 0.0056759, "name": "dense"
    })  # fmt: skip
    assert text == "12,345 rows, 50 % flat, 0.005676, dense"


def test_thresholds_are_the_keyword_defaults_and_are_not_asked_for() -> None:
    @check("X007", Severity.NOTE, "x", stage=Stage.DATA)
    def with_threshold(network: Network, *, tolerated: float = 0.25) -> Iterator[Evidence]:
        """Has a threshold."""
        assert network
        assert tolerated == 0.25
        yield seen()

    assert with_threshold.rule.thresholds == {"tolerated": 0.25}
    assert outcome(with_threshold)[0] is Status.FOUND


def test_facts_are_known_by_the_type_they_return() -> None:
    assert set(FACTS) == {Size, Double, Missing}
    assert all(isinstance(one, Fact) for one in FACTS.values())
