"""Losses against Keras's own definitions, restated here in NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mlpdoctor.floors import least_absolute
from mlpdoctor.floors.least_squares import fit
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import find, known
from mlpdoctor.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor

KERAS: dict[str, Callable[[Array, Array], Array]] = {
    "mean squared error": lambda true, predicted: np.mean(np.square(true - predicted), axis=-1),
    "mean absolute error": lambda true, predicted: np.mean(np.abs(true - predicted), axis=-1),
}
"""By label: from targets and outputs of shape (rows, outputs) to the loss of each row, as in keras/src/losses."""


def best_constant(unit: str, target: Array) -> tuple[float, float]:
    if unit == "squares":
        (found,) = fit(AffineFactor.of_values(np.empty((len(target), 0)), target[:, None]))
    else:
        (found,) = least_absolute.fit(np.empty((len(target), 0)), target[:, None])
    return found.intercept, found.value


@pytest.mark.parametrize("loss", known(), ids=lambda loss: loss.names[0])
def test_a_rows_loss_is_the_mean_over_its_outputs_as_in_keras(loss: Loss) -> None:

    rng = np.random.default_rng(0)
    true, predicted = rng.normal(size=(50, 4)), rng.normal(size=(50, 4))
    columns = np.stack([loss.of_errors(error) for error in (predicted - true).T], axis=1)
    np.testing.assert_allclose(columns.mean(axis=1), KERAS[loss.label](true, predicted), rtol=1e-14)
    np.testing.assert_array_equal(loss.of_errors(np.zeros(3)), np.zeros(3))


@pytest.mark.parametrize("loss", known(), ids=lambda loss: loss.names[0])
def test_no_constant_beats_the_one_its_unit_calls_best(loss: Loss) -> None:

    rng = np.random.default_rng(1)
    for target in (rng.exponential(size=41), rng.normal(size=40) + 100, rng.integers(0, 5, size=30).astype(float)):
        constant, value = best_constant(loss.unit, target)

        def mean_loss(answer: float, target: Array = target) -> float:
            return float(loss.of_errors(answer - target).mean())

        assert mean_loss(constant) == pytest.approx(value, rel=1e-10)
        lowest = minimize_scalar(mean_loss, bounds=(target.min(), target.max()), method="bounded").fun
        assert value <= lowest * (1 + 1e-12)
        assert lowest == pytest.approx(value, rel=1e-3)


SPELLINGS = [
    ("mse", "mean squared error"),
    ("MSE", "mean squared error"),
    ("mean_squared_error", "mean squared error"),
    ("MeanSquaredError", "mean squared error"),
    ("mae", "mean absolute error"),
    ("MAE", "mean absolute error"),
    ("mean_absolute_error", "mean absolute error"),
    ("MeanAbsoluteError", "mean absolute error"),
]


@pytest.mark.parametrize(("name", "label"), SPELLINGS)
def test_a_loss_is_found_by_every_name_that_keras_gives_it(name: str, label: str) -> None:
    found = find(name)
    assert found is not None
    assert found.label == label


@pytest.mark.parametrize("name", ["", "huber", "mean_squared_logarithmic_error", "squared", "my_loss", "mse_loss"])
def test_other_names_mean_no_loss_that_has_a_ladder(name: str) -> None:
    assert find(name) is None


def test_no_two_losses_share_a_name_or_a_label() -> None:
    names = [name for loss in known() for name in loss.names]
    assert len(set(names)) == len(names)
    assert len({loss.label for loss in known()}) == len(known())
    assert all(name == name.lower().replace("_", "") for name in names)


def test_every_loss_is_held_against_its_formula() -> None:
    assert {loss.label for loss in known()} == set(KERAS)
