"""Least squares by products of columns: the same as by the triangle, and None wherever that would not be sure."""

import numpy as np
import pytest

from mlpdoctor.analysis.floors import gram, least_squares
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor

RESOLUTION = 1e-6


def units(rows: int, width: int, *, common: float = 0.0, seed: int = 0) -> Array:
    """What a ReLU layer makes of ten inputs, with a part that all units share."""
    rng = np.random.default_rng(seed)
    sums = rng.normal(size=(rows, 10)) @ rng.normal(size=(10, width)) + rng.normal(size=width)
    return np.asarray(np.maximum(sums, 0) + common * rng.normal(size=(rows, 1)))


@pytest.mark.parametrize("common", [0.0, 3.0])
@pytest.mark.parametrize(("rows", "width", "targets"), [(300, 40, 1), (300, 40, 3), (260, 200, 2)])
def test_it_finds_what_the_triangle_finds(rows: int, width: int, targets: int, common: float) -> None:
    rng = np.random.default_rng(1)
    features, weights = units(rows, width, common=common), rng.uniform(0.2, 1.8, size=rows)
    values = features[:, :targets] ** 2 + rng.normal(size=(rows, targets)) + 100
    found = gram.fit(features.copy(), values, weights, RESOLUTION)
    assert found is not None
    for one, other in zip(found, least_squares.fit(AffineFactor.of_values(features, values, weights)), strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-10)
        assert one.lower <= one.value * (1 + 1e-12)
        assert one.lower == pytest.approx(other.value, rel=1e-6)


def test_rows_on_a_plane_have_no_loss() -> None:
    features = units(300, 40)
    (found,) = gram.fit(features.copy(), 3 + features[:, :1] - features[:, 1:2], np.ones(300), RESOLUTION) or ()
    assert found.value == found.lower == 0


def test_dead_units_are_a_constant() -> None:
    features = units(300, 40)
    values = np.random.default_rng(1).normal(size=(300, 1))
    dead = np.concatenate([features, np.zeros((300, 5)), np.full((300, 1), 7.1)], axis=1)
    with_dead, without = (gram.fit(one, values, np.ones(300), RESOLUTION) for one in (dead, features.copy()))
    assert with_dead is not None
    assert without is not None
    assert with_dead[0].value == pytest.approx(without[0].value, rel=1e-12)


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-7, 1e-5, 1e-4])
def test_units_that_are_nearly_sums_of_others_are_left_to_the_triangle(apart: float) -> None:
    features, rng = units(300, 40), np.random.default_rng(1)
    features[:, 7] = features[:, 3] + features[:, 5] + apart * rng.normal(size=300)
    assert gram.fit(features, rng.normal(size=(300, 1)), np.ones(300), RESOLUTION) is None


@pytest.mark.parametrize("apart", [3e-2, 5e-2, 2e-1])
def test_no_line_is_below_the_bound_where_columns_are_nearly_dependent(apart: float) -> None:
    features, rng = units(300, 40), np.random.default_rng(1)
    features[:, 7] = features[:, 3] + features[:, 5] + apart * rng.normal(size=300)
    values = (features[:, 7:8] - features[:, 3:4] - features[:, 5:6]) / apart + rng.normal(size=(300, 1))
    found = gram.fit(features.copy(), values, np.ones(300), RESOLUTION)
    assert found is not None, "so near, and it is left to the triangle"
    best = least_squares.fit(AffineFactor.of_values(features, values))[0].value
    assert found[0].lower <= best * (1 + 1e-12)
    assert found[0].value == pytest.approx(best, rel=1e-9)


def test_what_cannot_be_sure_is_refused() -> None:
    values = np.random.default_rng(1).normal(size=(300, 1))
    broken = units(300, 40)
    broken[4, 4] = np.nan
    for features in (units(300, 300), broken, units(300, 40) + 1e4):
        assert gram.fit(features, values[: len(features)], np.ones(len(features)), RESOLUTION) is None
