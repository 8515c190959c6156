"""Moments that a BatchNormalization has stored from batches of one row."""

import numpy as np
import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.facts.network.stored_moments import StoredMoments


@pytest.mark.parametrize(("variance", "single"), [(0.0, True), (1e-7, True), (0.01, False)])
def test_a_variance_of_nothing_is_that_of_single_rows(variance: float, *, single: bool) -> None:
    weights = {"moving_mean": np.array([0.1, 2.0]), "moving_variance": np.full(2, variance)}
    stored = StoredMoments.of(Layer("norm", "BatchNormalization", {"epsilon": 1e-3}, weights))
    assert stored is not None
    assert stored.of_single_rows == single


def test_a_normalization_of_constant_columns_saw_rows_enough() -> None:
    weights = {"mean": np.zeros(2), "variance": np.zeros(2)}
    stored = StoredMoments.of(Layer("norm", "Normalization", {}, weights))
    assert stored is not None
    assert not stored.of_single_rows
