"""Estimates of the noise: near the known noise of made-up data, with error bars that hold it, and refusals."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors.neighbours import at_distance_zero, nearest
from mlpdoctor.analysis.floors.noise import Noise, least_entropy, of_classes, of_numbers
from mlpdoctor.core.network import Array

Power = Literal["squares", "absolute"]


def sine(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    x = rng.uniform(-3, 3, size=(rows, 1))
    return x, np.sin(3 * x[:, 0])


def plane(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    x = rng.normal(size=(rows, 5)) * [1, 10, 100, 0.1, 1e6]
    return x, x @ [0.3, 0.03, 0.003, 3, 3e-7]


def product(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    x = rng.normal(size=(rows, 3))
    return x, x[:, 0] * x[:, 1] + np.sin(x[:, 2])


def levels(rng: np.random.Generator, rows: int) -> tuple[Array, Array]:
    x = rng.integers(0, 3, size=(rows, 3)).astype(np.float64)
    return x, x[:, 0] * x[:, 1] - np.square(x[:, 2])


def estimate(found: Noise | str) -> Noise:
    assert isinstance(found, Noise), found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("power", ["squares", "absolute"])
@pytest.mark.parametrize("size", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("problem", [sine, plane, product, levels])
def test_three_error_bars_hold_the_noise(
    problem: Callable[[np.random.Generator, int], tuple[Array, Array]], size: float, power: Power
) -> None:
    true = size**2 if power == "squares" else size * np.sqrt(2 / np.pi)
    missed = told = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, y = problem(rng, 250)
        found = of_numbers(X, y + size * rng.normal(size=250), power)
        if isinstance(found, str):  # rightly where much noise may as well be a function too fast for such rows
            assert size > 0.5
            assert "looks like noise" in found
            continue
        told += 1
        missed += abs(found.value - true) > 3 * found.error
    assert missed <= 1
    assert told >= 5 or size > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("problem", [sine, plane, levels])
def test_enough_rows_make_it_sharp(problem: Callable[[np.random.Generator, int], tuple[Array, Array]]) -> None:
    rng = np.random.default_rng(1)
    X, y = problem(rng, 2000)
    clean = estimate(of_numbers(X, y, "squares"))
    assert clean.value + 3 * clean.error < 0.01 * y.var()
    noisy = estimate(of_numbers(X, y + 0.5 * rng.normal(size=2000), "squares"))
    assert noisy.value == pytest.approx(0.25, rel=0.15)
    assert noisy.error < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("power", ["squares", "absolute"])
def test_the_error_bar_is_about_the_spread_over_samples(power: Power) -> None:
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, y = sine(rng, 300)
        found.append(estimate(of_numbers(X, y + 0.5 * rng.normal(size=300), power)))
    spread = np.std([one.value for one in found])
    assert 0.8 * spread < np.mean([one.error for one in found]) < 2.0 * spread


def test_three_error_bars_reach_as_far_as_no_extrapolation() -> None:
    pairs = nearest(np.random.default_rng(7).normal(size=(500, 4)))
    assert not isinstance(pairs, str)
    start, error = at_distance_zero(pairs, 2 + pairs.distance, np.positive)
    assert start < 2 <= start + error  # across steps the same differences would start lower
    assert start + 3 * error >= 2 + pairs.distance[:, 0].mean()


@pytest.mark.slow
def test_noise_that_is_not_normal_is_within_the_factor_stated() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(size=(2000, 1))
    rare = np.where(rng.uniform(size=2000) < 0.03, 30.0, 0.0) * rng.choice([-1, 1], size=2000)
    for noise in (rng.laplace(size=2000), rng.choice([-1.0, 1.0], size=2000), rare):
        found = estimate(of_numbers(x, x[:, 0] + noise, "absolute"))
        true = np.abs(noise - np.median(noise)).mean()
        assert true / 1.42 - 3 * found.error <= found.value <= 1.42 * true + 3 * found.error


@settings(deadline=None, max_examples=examples(25))
@given(
    seed=st.integers(0, 2**32),
    size=st.sampled_from([2.0**-60, 1.0, 2.0**60]),
    shift=st.sampled_from([0.0, 2.0**20]),
    power=st.sampled_from(["squares", "absolute"]),
)
def test_units_and_constant_columns_do_not_matter(seed: int, size: float, shift: float, power: Power) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(-500, 500, size=(120, 2)).astype(np.float64)
    y = rng.integers(-500, 500, size=120) + X[:, 0]
    plain = estimate(of_numbers(X, y, power))
    moved = estimate(of_numbers(np.column_stack([(X + shift) * size, np.full(120, 0.1)]), (y + shift) * size, power))
    unit = size**2 if power == "squares" else size
    assert (moved.value / unit, moved.error / unit) == pytest.approx((plain.value, plain.error))


def test_rows_with_identical_features_are_compared_with_each_other() -> None:
    rng = np.random.default_rng(3)
    X = np.repeat([[0.0], [1.0]], 500, axis=0)
    y = 100 * X[:, 0] + rng.normal(size=1000)
    found = estimate(of_numbers(X, y, "squares"))
    assert found.value == pytest.approx(1.0, abs=0.15)
    assert found.error < 0.1
    pairs = nearest(X)
    assert not isinstance(pairs, str)
    assert np.bincount(pairs.index[:, 0], minlength=1000).max() < 10


Refused = tuple[Array, Array, str]


def refusals() -> list[Refused]:
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(300, 2)), rng.normal(size=300)
    steep = X[:120, :1] * 1.0
    # No smooth function: neighbours are random halves of a few giant values.
    rare = np.where(np.arange(120) == 7, 1e6, 0.0)
    return [
        (X[:99], y[:99], "fewer than 100 rows"),
        (np.full((300, 2), 0.3), y, "all features are constant"),
        (np.zeros((300, 0)), y, "all features are constant"),
        (X, np.full(300, 0.1), "the target is constant"),
        (rng.normal(size=(300, 30)), y, "too far to compare"),
        (steep, rare, "too uncertain"),
    ]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("power", ["squares", "absolute"])
def test_it_says_why_there_is_no_estimate(number: int, power: Power) -> None:
    X, y, why = refusals()[number]
    found = of_numbers(X, y, power)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize("number", [0, 1, 4])
def test_classes_are_refused_for_the_same_reasons(number: int) -> None:
    X, y, why = refusals()[number]
    found = of_classes(X, (y > 0).astype(np.intp), 2)
    assert isinstance(found, str)
    assert why in found
    assert of_classes(X, np.ones(len(X), np.intp), 2) == "all rows are of one class"


def entropy(p: Array) -> Array:
    return np.asarray(-(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1), np.float64)


@settings(deadline=None, max_examples=examples(300))
@given(seed=st.integers(0, 2**32), number=st.integers(2, 12), even=st.floats(-2, 2))
def test_no_probabilities_have_less_entropy_than_their_disagreement_allows(seed: int, number: int, even: float) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(number, 10.0**even), size=20)
    disagreement = 1 - np.square(p).sum(axis=1)
    least = [least_entropy(float(g), number) for g in disagreement]
    assert np.all(least <= entropy(p) + 1e-12)
    assert np.all(np.array(least) >= -np.log(1 - disagreement) - 1e-12)
    # And so for rows with different probabilities.
    assert least_entropy(float(disagreement.mean()), number) <= entropy(p).mean() + 1e-12


def two_normals(rng: np.random.Generator, rows: int, apart: float) -> tuple[Array, npt.NDArray[np.intp], float]:
    """Two classes a distance apart in two features, with the entropy of the class given the features."""
    classes = rng.integers(0, 2, size=rows)
    X = rng.normal(size=(rows, 2)) + apart * classes[:, None]
    many = rng.normal(size=(100_000, 2)) + apart * rng.integers(0, 2, size=(100_000, 1))
    p = 1 / (1 + np.exp(-apart * (many.sum(axis=1) - apart)))
    return X, classes, float(entropy(np.column_stack([p, 1 - p])).mean())


@pytest.mark.slow
@pytest.mark.parametrize("apart", [0.2, 0.5, 1.0, 2.0])
def test_of_two_normals_it_stays_below_the_true_entropy_and_near_it(apart: float) -> None:
    above, values = 0, []
    for seed in range(20):
        X, classes, true = two_normals(np.random.default_rng(seed), 400, apart)
        found = estimate(of_classes(X, classes, 2))
        above += found.value > true + 3 * found.error
        values.append(found.value / true)
    assert above == 0
    assert 0.7 < np.mean(values) < 1.05


@pytest.mark.parametrize("number", [2, 3, 7])
def test_labels_by_lot_have_all_the_entropy(number: int) -> None:
    rng = np.random.default_rng(5)
    found = estimate(of_classes(rng.normal(size=(1500, 2)), rng.integers(0, number, size=1500), number))
    assert np.log(number) - 3 * found.error <= found.value <= np.log(number)
    assert 0.005 < found.error < 0.15


def test_separate_blobs_have_none() -> None:
    rng = np.random.default_rng(6)
    classes = rng.integers(0, 3, size=400)
    found = estimate(of_classes(rng.normal(size=(400, 2)) + 20 * classes[:, None], classes, 3))
    assert found.value == 0.0
    assert 1 / 400 < found.error < 0.01
