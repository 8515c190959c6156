"""When a change is confirmed, refuted or neither: laws of the comparison, for any numbers."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.course import Arm, Verdict
from mlpdoctor.ladder import Ladder, Rung
from mlpdoctor.trials.compare import CLEAR, NOTHING, compare
from mlpdoctor.trials.scale import arrived, bottom_of, least_of, rung_reached, span_of

LOSSES = st.lists(st.floats(0.01, 10), min_size=1, max_size=5)
PAIRS = st.integers(1, 5).flatmap(
    lambda n: st.tuples(*(st.lists(st.floats(0.01, 10), min_size=n, max_size=n) for _ in range(2)))
)


def arms(pair: tuple[list[float], list[float]]) -> tuple[Arm, Arm]:
    return Arm(tuple(pair[0])), Arm(tuple(pair[1]))


@given(PAIRS)
def test_what_is_confirmed_is_better_in_every_run(pair: tuple[list[float], list[float]]) -> None:
    control, treated = arms(pair)
    found = compare(control, treated, 0.0, 1.0)
    if found.verdict is Verdict.CONFIRMED:
        assert all(one > other for one, other in zip(control.losses, treated.losses, strict=True))
        assert found.gained is not None
        assert found.gained >= CLEAR


@given(PAIRS)
def test_what_is_worse_in_every_run_is_refuted(pair: tuple[list[float], list[float]]) -> None:
    control, treated = arms(pair)
    worse = Arm(tuple(loss + control.high for loss in treated.losses))
    assert compare(control, worse, 0.0, 1.0).verdict is Verdict.REFUTED


@given(PAIRS, st.floats(1e-6, 1e6))
def test_the_unit_of_the_loss_does_not_matter(pair: tuple[list[float], list[float]], unit: float) -> None:
    control, treated = arms(pair)
    larger, other_larger = (Arm(tuple(unit * loss for loss in arm.losses)) for arm in (control, treated))
    one, other = compare(control, treated, 0.0, 1.0), compare(larger, other_larger, 0.0, unit)
    if one.gained is not None and min(abs(one.gained - edge) for edge in (0, NOTHING, CLEAR)) > 1e-6:
        assert one.verdict is other.verdict or "some runs" in one.reason + other.reason


@given(LOSSES)
def test_a_change_that_changes_nothing_is_refuted(losses: list[float]) -> None:
    arm = Arm(tuple(losses))
    assert compare(arm, arm, 0.0, 1.0).verdict is Verdict.REFUTED


@given(LOSSES)
def test_a_model_that_breaks_is_refuted_and_one_that_is_mended_confirmed(losses: list[float]) -> None:
    whole = Arm(tuple(losses))
    broken = Arm((math.nan,) * len(losses))
    assert compare(whole, broken, 0.0, 1.0).verdict is Verdict.REFUTED
    assert compare(broken, whole, 0.0, 1.0).verdict is Verdict.CONFIRMED
    assert compare(broken, broken, 0.0, 1.0).verdict is Verdict.REFUTED


def test_where_the_control_arrives_too_there_was_nothing_to_gain() -> None:
    found = compare(Arm((0.1001, 0.1)), Arm((0.1, 0.1)), 0.1, 1.0)
    assert found.verdict is Verdict.UNDECIDED
    assert "nothing left to gain" in found.reason


def test_runs_that_the_clock_has_cut_off_have_no_twin() -> None:
    assert compare(Arm((1.0, 1.0, 0.1)), Arm((0.5, 0.5)), 0.0, 1.0).verdict is Verdict.CONFIRMED
    assert compare(Arm((1.0,)), Arm((0.5, 2.0)), 0.0, 1.0).verdict is Verdict.CONFIRMED


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
    assert compare(Arm((1.0, 1.0, 1.0)), Arm(treated), 0.0, 2.0).verdict is verdict


def ladder(**values: float) -> Ladder:
    return Ladder(
        "mean squared error", tuple(Rung(name, f"best {name}", v, v, "proved", "") for name, v in values.items())
    )


LINE = ladder(constant=1.0, affine=0.5, model=0.5, architecture=0.5, data=0.0)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (2.0, "above the best constant"),
        (1.0, "on the best constant"),
        (0.7, "below the best constant"),
        (0.5, "on the floor of this architecture"),
        (0.2, "below the floor of the old architecture"),
        (1e-4, "zero, next to the best constant"),
        (math.inf, "not a number"),
    ],
)
def test_the_rung_that_a_loss_reaches_is_named(loss: float, words: str) -> None:
    assert rung_reached(loss, LINE) == words


def test_conflicting_rows_are_the_least() -> None:
    rungs = ladder(constant=1.0, affine=0.5, data=0.2)
    assert rung_reached(0.203, rungs) == "the least these data allow"
    assert rung_reached(0.4, rungs) == "below the best affine"
    assert least_of(rungs) == 0.2
    assert span_of(rungs) == pytest.approx(0.8)


def test_noise_is_a_floor_for_as_long_as_nobody_goes_below() -> None:
    noisy = dataclasses.replace(LINE, rungs=(*LINE.rungs, Rung("noise", "noise", 0.1, 0.1, "estimated", "", 0.02)))
    assert rung_reached(0.11, noisy) == "on the noise"
    assert rung_reached(0.061, noisy) == "on the noise"
    assert rung_reached(0.05, noisy) == "below the noise as estimated"
    assert least_of(noisy) == 0.1
    assert arrived(0.1, 0.1, 0.9)
    assert not arrived(0.2, 0.1, 0.9)


@pytest.mark.parametrize(
    ("noise", "error", "data", "bottom"),
    [
        (0.1, 0.02, 0.0, 0.06),  # likely no more than noise is left there
        (0.1, 0.07, 0.0, 0.0),  # an estimate that says nothing
        (0.1, 0.02, 0.08, 0.08),  # rows in conflict are no estimate
        (0.1, None, 0.0, 0.1),
    ],
)
def test_the_bottom_is_where_noise_is_left_even_if_it_is_less(
    noise: float, error: float | None, data: float, bottom: float
) -> None:
    rungs = (*ladder(constant=1.0, data=data).rungs, Rung("noise", "noise", noise, noise, "estimated", "", error))
    found = dataclasses.replace(LINE, rungs=rungs)
    assert bottom_of(found) == pytest.approx(bottom)
    assert bottom_of(found) <= least_of(found)
