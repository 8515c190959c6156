"""Gradients against differences of values."""

import numpy as np
import pytest
from loss_cases import CASES, Case

UNITS = 3


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_is_the_slope_of_the_values(case: Case) -> None:
    rng = np.random.default_rng(11)
    targets, outputs = case.encoded(rng, 60, UNITS), case.outputs(rng, 60, UNITS)
    if case.outputs.__name__ in {"unit", "distributions"}:
        outputs = np.clip(outputs, 0.02, 0.98)  # where no clip of Keras's makes a corner
    gradient = case.loss.gradient(targets, outputs)
    assert gradient.shape == outputs.shape
    step = 1e-6
    for unit in range(UNITS):
        way = step * np.eye(UNITS)[unit]
        ahead, behind = (case.loss.values(targets, outputs + side * way).sum(axis=1) for side in (1, -1))
        measured = (ahead - behind) / (2 * step)
        np.testing.assert_allclose(gradient[:, unit], measured, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_is_said_about_answers_out_of_bounds_but_numbers_come_back(case: Case) -> None:
    rng = np.random.default_rng(12)
    targets = case.encoded(rng, 8, UNITS)
    for outputs in (np.zeros((8, UNITS)), np.ones((8, UNITS)), 30 * rng.normal(size=(8, UNITS))):
        assert case.loss.values(targets, outputs).shape == (8, 1 if case.loss.joint else UNITS)
        assert case.loss.gradient(targets, outputs).shape == (8, UNITS)
