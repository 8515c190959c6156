"""Every row is predicted once, by a fit that has not seen it; and where a loss stands beside the constant's."""

import math

import numpy as np
import pytest

from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.second_opinion import FOLDS, folds, out_of_fold


@pytest.mark.parametrize("rows", [5, 13, 100])
def test_every_row_is_held_back_once(rows: int) -> None:
    times = np.zeros(rows, int)
    for seen, held in folds(rows):
        assert not np.any(seen & held)
        assert np.all(seen | held)
        times += held
    assert len(list(folds(rows))) == FOLDS
    assert (times == 1).all()


def test_predictions_come_from_the_other_rows() -> None:
    values = np.arange(20.0)
    found = out_of_fold(20, lambda seen, held: np.full((int(held.sum()), 2), values[seen].mean()))
    assert found.shape == (20, 2)
    own = np.array([np.delete(values, np.arange(k % FOLDS, 20, FOLDS)).mean() for k in range(20)])
    assert found[:, 0] == pytest.approx(own)


@pytest.mark.parametrize(
    ("model", "low", "worse"),
    [(0.2, True, False), (0.21, False, False), (2.2, False, False), (2.3, False, True), (math.nan, False, True)],
)
def test_a_loss_beside_that_of_the_constant(model: float, *, low: bool, worse: bool) -> None:
    position = LossPosition(2.0, None, 0.0, 0.0, model)
    assert (position.low, position.worse) == (low, worse)


def test_how_far_below_another_loss() -> None:
    position = LossPosition(2.0, 1.0, 0.0, 0.0, 0.75, perfect=0.5)
    assert position.below(1.0) == pytest.approx(0.5)
    assert position.below(0.5) == 0.0
