"""Differences with an error bar: the bar holds the truth, and it is small where it can be."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.gradcheck.numeric import at_a_tiny_step, derivative, noise_of, power_of_two, rounded

EPSILON = float(np.finfo(np.float64).eps)
SMOOTH: dict[str, tuple[Callable[[float], float], float]] = {
    "exp": (math.exp, 1.0),
    "sine": (lambda t: math.sin(3 * t), 3.0),
    "saturated": (lambda t: math.tanh(5 + t), 1 / math.cosh(5) ** 2),
    "flat": (lambda t: 1.0 + t**4, 0.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_function_gets_eight_digits(name: str) -> None:
    function, true = SMOOTH[name]
    found = derivative(function, function(0), 0.25, 4 * EPSILON, single=False, enough=0.0)
    assert abs(found.value - true) <= found.error < 1e-8


@pytest.mark.parametrize("distance", [0.2, 0.03, 1e-3, 1e-5])
def test_a_kink_nearby_is_stepped_over_or_told(distance: float) -> None:
    def bent(t: float) -> float:
        return 2 * t + max(t - distance, 0.0)

    found = derivative(bent, bent(0), 0.25, EPSILON, single=False, enough=0.0)
    assert abs(found.value - 2) <= 4 * found.error + 1e-9


def test_what_float32_rounds_away_is_in_the_bar() -> None:
    def coarse(t: float) -> float:
        return float(np.float32(math.exp(np.float32(t))))

    noise = noise_of(coarse, [2.0**-12, 2.0**-28])
    assert 1e-8 < noise < 1e-6
    found = derivative(coarse, coarse(0), 0.25, noise, single=True, enough=0.0)
    assert abs(found.value - 1) <= found.error < 1e-2


def test_kinks_are_not_taken_for_rounding() -> None:
    def bent(t: float) -> float:
        return 2 * t + abs(t - 1e-4)

    assert noise_of(bent, [2.0**-12, 2.0**-28]) < 1e-14
    assert noise_of(bent, [2.0**-12]) > 1e-6


def test_a_difference_is_confirmed_only_where_it_is_no_kink() -> None:
    def bent(t: float) -> float:
        return 2 * t + max(t - 1e-6, 0.0)

    found = at_a_tiny_step(bent, bent(0), 0.5, EPSILON, 2.0**-40)
    assert abs(found.value - 2) <= found.error < 0.05


@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(-1, 1), st.floats(-2, 2)), max_size=3),
)
def test_the_bar_holds_the_truth(coefficients: list[float], kinks: list[tuple[float, float]]) -> None:
    """Polynomials with kinks here and there; none so near that no step is smaller."""
    kinks = [(place, turn) for place, turn in kinks if abs(place) > 1e-4]

    def function(t: float) -> float:
        smooth = sum(number * t**power for power, number in enumerate(coefficients))
        return smooth + sum(turn * max(t - place, 0.0) for place, turn in kinks)

    true = (coefficients[1] if len(coefficients) > 1 else 0.0) + sum(turn for place, turn in kinks if place < 0)
    found = derivative(function, function(0), 0.25, 20 * EPSILON, single=False, enough=0.0)
    assert abs(found.value - true) <= 4 * found.error + 1e-9


@given(st.floats(1e-30, 1e30))
def test_a_power_of_two_is_next_below(size: float) -> None:
    found = power_of_two(size)
    assert found <= size < 2 * found
    assert math.frexp(found)[0] == 0.5


@given(st.floats(1e-20, 1e6))
def test_steps_away_from_rounded_values_are_exact_in_float32(value: float) -> None:
    place = float(rounded(np.array(value)))
    step = power_of_two(abs(place) or 1.0) * 2.0**-12
    assert abs(place - value) <= abs(value) * 2.0**-11
    assert float(np.float32(place + step)) == place + step
