"""Activation functions: slopes, kinks, bounds and the other properties that proofs rest on."""

import itertools
import math

import numpy as np
import pytest
from activation_cases import ALL, ELEMENTWISE, GRID, slope, smooth_points

from mlpdoctor.nn.layers.activations import activation_of, named_activations
from mlpdoctor.nn.layers.activations.piecewise import relu
from mlpdoctor.nn.layers.activations.smooth import elu

NAMES = sorted(named_activations())


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_is_the_limit_of_differences(name: str) -> None:
    known = ALL[name]
    z = smooth_points(known)
    z = z[np.abs(z) <= 12]
    step = 1e-5
    difference = (known.function(z + step) - known.function(z - step)) / (2 * step)
    np.testing.assert_allclose(slope(known, z), difference, rtol=1e-6, atol=5e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kinks_are_where_the_slope_changes(name: str) -> None:
    known = ALL[name]
    z = np.linspace(-9, 9, 1801) + 0.00321  # misses every kink
    slopes = slope(known, z)
    if known.kinks is None:
        jumps = np.abs(np.diff(known.function(z))).max() > 0.1
        assert jumps or len(np.unique(slopes)) > 4
        return
    pieces = itertools.pairwise([-np.inf, *known.kinks, np.inf])
    constants = [np.unique(slopes[(z > start) & (z < end)]) for start, end in pieces]
    assert all(len(constant) == 1 for constant in constants)
    assert all(one != other for (one,), (other,) in itertools.pairwise(constants))
    for kink in known.kinks:  # continuous there
        low, high = known.function(np.array([kink - 1e-9, kink + 1e-9]))
        assert abs(high - low) < 1e-7


@pytest.mark.parametrize("name", sorted(ALL))
def test_bounds_hold_and_are_reached(name: str) -> None:
    known = ALL[name]
    values = known.function(np.linspace(-60, 60, 120_000).reshape(-1, 4))
    low, high = known.bounds
    assert values.min() >= low
    assert values.max() <= high
    if known.derivative is not None:
        assert np.isinf(low) or values.min() - low < 0.05
        assert np.isinf(high) or high - values.max() < 0.05


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gated_and_saturating_are_what_the_values_do(name: str) -> None:
    known = ALL[name]
    left, right = np.linspace(-60, -20, 50), np.linspace(20, 60, 50)
    # Functions that only underflow are not gated: exp is no zero in exact arithmetic.
    zero_side = any(not known.function(side).any() for side in (left, right))
    assert known.gated == zero_side
    flat = all(np.abs(slope(known, side)).max() < 3e-3 for side in (left, right))
    assert known.saturating == (flat and np.ptp(known.function(GRID)) > 0)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_values_raise_no_warning(name: str) -> None:
    known = named_activations()[name]
    z = np.array([[-1e300, -1e3, -1.0, 0.0], [1e-300, 1.0, 1e3, 1e150]])
    assert not np.isnan(known.function(z)).any()
    if known.derivative is not None:
        with np.errstate(over="ignore"):
            assert not np.isnan(known.derivative(np.clip(z, -1e150, 1e150))).any()


def test_affine_is_only_a_straight_line() -> None:
    assert [name for name in NAMES if named_activations()[name].affine] == ["linear"]
    assert relu(1.0).affine
    assert not relu(1.0, max_value=5.0).affine
    assert relu(0.0).kinks == (0.0,)
    assert relu(threshold=1.0).kinks is None
    assert elu(0.0).kinks == (0.0,)


def test_hard_sigmoid_depends_on_the_version() -> None:
    z = np.array([-2.6, -1.0, 0.0, 1.0, 2.6])
    two, three = activation_of("hard_sigmoid", 2), activation_of("hard_sigmoid", 3)
    assert two is not None
    assert three is not None
    np.testing.assert_allclose(two.function(z), np.clip(0.2 * z + 0.5, 0, 1))
    np.testing.assert_allclose(three.function(z), np.clip(z / 6 + 0.5, 0, 1))
    assert two.kinks == pytest.approx((-2.5, 2.5))
    assert three.kinks == pytest.approx((-3.0, 3.0))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, "linear"),
        ("swish", "silu"),
        ("softmax_v2", "softmax"),
        ({"module": "keras.layers", "class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}, "leaky_relu"),
        ({"class_name": "LeakyReLU", "config": {"alpha": 0.1}}, "leaky_relu"),
        ({"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}, None),
        ({"module": "mine", "class_name": "Bend", "config": {}, "registered_name": "mine>Bend"}, None),
        ({"class_name": "PReLU", "config": {}}, None),
        ("mine>bend", None),
        (7, None),
    ],
)
def test_activation_of_configurations(spec: object, expected: str | None) -> None:
    found = activation_of(spec)
    assert (found and found.name) == expected


def test_gelu_has_its_digits_in_both_tails() -> None:
    z = np.linspace(-37.0, 37.0, 7400)
    wanted = np.array([0.5 * math.erfc(-one / math.sqrt(2)) for one in z])
    found = ALL["gelu"].function(z) / z
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    np.testing.assert_allclose(found[z > -5], wanted[z > -5], rtol=1e-14)
    assert ALL["gelu"].function(np.array([np.inf, 0.0])).tolist() == [np.inf, 0.0]
    assert slope(ALL["gelu"], np.zeros(1)) == 0.5
