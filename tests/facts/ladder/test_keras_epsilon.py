"""Proved lower ends of losses with an epsilon are not above what Keras's own formula reaches, for tiny counts too."""

import numpy as np
import pytest
from hand_built import examined, sequential
from scipy.optimize import minimize

from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor

EPSILON = 1e-7


def poisson(answers: Array, counts: Array) -> float:
    return float(np.mean(answers - counts * np.log(answers + EPSILON)))


@pytest.mark.parametrize("size", [1e-6, 1e-5, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(3))
def test_poisson_regression_by_keras_formula_is_not_below_the_lower_end(size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 1))
    y: Array = size * rng.poisson(np.exp(1 + 0.5 * x)).astype(np.float64)
    answers = examined(sequential(1, (1, "exponential"), loss="poisson"), x, y)
    rung, flat = answers.get(LinearFloor), answers.get(ConstantFloor)
    mean = float(y.mean())
    best = poisson(np.full_like(y, max(mean - EPSILON, 0.0)), y)
    assert flat.fits[0].lower <= best + 1e-13 * abs(best)
    assert flat.fits[0].value - flat.fits[0].lower <= 3 * EPSILON

    def cost(line: Array) -> float:
        return poisson(np.exp(line[0] + line[1] * x), y) / size

    best_line = np.array(rung.fits[0].coefficients[0])
    for start in (best_line, best_line + rng.normal(size=2) / 10):
        found = minimize(cost, start, method="BFGS", tol=1e-12)
        assert found.fun * size >= rung.fits[0].lower - 1e-12 * abs(rung.fits[0].lower)


def test_rows_that_keras_caps_are_given_up_and_no_bound_on_a_line_is_proved() -> None:
    """Two rows far out would bend every logistic curve; a divergence capped at 16 lets them go and fits the rest."""
    x = np.concatenate([np.tile([-1.0, 1.0], 100), [1000.0, -1000.0]])[:, None]
    side = np.concatenate([np.tile([0, 1], 100), [0, 1]])
    answers = examined(sequential(1, (2, "softmax"), loss="kl_divergence"), x, np.eye(2)[side])
    rung = answers.get(Ladder).rung("architecture")
    assert rung is not None
    steep = np.clip(1 / (1 + np.exp(-np.clip(40 * x[:, 0], -700, 700))), EPSILON, 1.0)
    given = np.where(side == 1, steep, np.clip(1 - steep, EPSILON, 1.0))
    capped = float(np.mean(-np.log(given)))
    assert capped < rung.value / 2
    assert rung.certainty == Certainty.ESTIMATED
    assert "caps" in rung.witness


@pytest.mark.parametrize("seed", range(4))
def test_divergence_of_classes_told_apart_may_be_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    side = rng.integers(3, size=50)
    x = np.eye(3)[side] + 0.01 * rng.normal(size=(50, 3))
    rung = examined(sequential(3, (3, "softmax"), loss="kl_divergence"), x, np.eye(3)[side]).get(LinearFloor)
    assert rung.fits[0].lower <= 0
    assert rung.fits[0].value <= 1e-6
