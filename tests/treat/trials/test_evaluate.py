"""When a change is confirmed, refuted or neither: laws of the comparison, for any numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.trial_result import RunGroup, Verdict
from mlpdoctor.treat.trials.evaluate import CLEAR, NOTHING, compare

LOSSES = st.lists(st.floats(0.01, 10), min_size=1, max_size=5)
PAIRS = st.integers(1, 5).flatmap(
    lambda n: st.tuples(*(st.lists(st.floats(0.01, 10), min_size=n, max_size=n) for _ in range(2)))
)


def groups(pair: tuple[list[float], list[float]]) -> tuple[RunGroup, RunGroup]:
    return RunGroup(tuple(pair[0])), RunGroup(tuple(pair[1]))


@given(PAIRS)
def test_what_is_confirmed_is_better_in_every_run(pair: tuple[list[float], list[float]]) -> None:
    control, treated = groups(pair)
    found = compare(control, treated, 0.0, 1.0)
    if found.verdict is Verdict.CONFIRMED:
        assert all(one > other for one, other in zip(control.losses, treated.losses, strict=True))
        assert found.gained is not None
        assert found.gained >= CLEAR


@given(PAIRS)
def test_what_is_worse_in_every_run_is_refuted(pair: tuple[list[float], list[float]]) -> None:
    control, treated = groups(pair)
    worse = RunGroup(tuple(loss + control.high for loss in treated.losses))
    assert compare(control, worse, 0.0, 1.0).verdict is Verdict.REFUTED


@given(PAIRS, st.floats(1e-6, 1e6))
def test_the_unit_of_the_loss_does_not_matter(pair: tuple[list[float], list[float]], unit: float) -> None:
    control, treated = groups(pair)
    larger, other_larger = (RunGroup(tuple(unit * loss for loss in group.losses)) for group in (control, treated))
    one, other = compare(control, treated, 0.0, 1.0), compare(larger, other_larger, 0.0, unit)
    if one.gained is not None and min(abs(one.gained - edge) for edge in (0, NOTHING, CLEAR)) > 1e-6:
        assert one.verdict is other.verdict or "some runs" in one.reason + other.reason


@given(LOSSES)
def test_a_change_that_changes_nothing_is_refuted(losses: list[float]) -> None:
    group = RunGroup(tuple(losses))
    assert compare(group, group, 0.0, 1.0).verdict is Verdict.REFUTED


@given(LOSSES)
def test_a_model_that_breaks_is_refuted_and_one_that_is_mended_confirmed(losses: list[float]) -> None:
    whole = RunGroup(tuple(losses))
    broken = RunGroup((math.nan,) * len(losses))
    assert compare(whole, broken, 0.0, 1.0).verdict is Verdict.REFUTED
    assert compare(broken, whole, 0.0, 1.0).verdict is Verdict.CONFIRMED
    assert compare(broken, broken, 0.0, 1.0).verdict is Verdict.REFUTED


def test_where_the_control_arrives_too_there_was_nothing_to_gain() -> None:
    found = compare(RunGroup((0.1001, 0.1)), RunGroup((0.1, 0.1)), 0.1, 1.0)
    assert found.verdict is Verdict.UNDECIDED
    assert "nothing left to gain" in found.reason


def test_runs_that_the_clock_has_cut_off_have_no_twin() -> None:
    assert compare(RunGroup((1.0, 1.0, 0.1)), RunGroup((0.5, 0.5)), 0.0, 1.0).verdict is Verdict.CONFIRMED
    assert compare(RunGroup((1.0,)), RunGroup((0.5, 2.0)), 0.0, 1.0).verdict is Verdict.CONFIRMED


@pytest.mark.parametrize(
    ("treated", "verdict"),
    [
        ((0.95, 0.95, 0.95), Verdict.UNDECIDED),  # five hundredths: something, but too little
        ((0.5, 1.1, 0.5), Verdict.UNDECIDED),  # not in every run
        ((0.89, 0.5, 0.89), Verdict.CONFIRMED),
        ((0.995, 0.999, 1.0), Verdict.REFUTED),
        ((math.inf, 0.1, 0.1), Verdict.UNDECIDED),
    ],
)
def test_named_cases(treated: tuple[float, ...], verdict: Verdict) -> None:
    assert compare(RunGroup((1.0, 1.0, 1.0)), RunGroup(treated), 0.0, 2.0).verdict is verdict
