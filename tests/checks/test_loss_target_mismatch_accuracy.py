"""O207 on class numbers answered by one unit: how often the rounded answer is right, and a unit for each class."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, Table, compiled, examined, found, number, only, predicted, put, stack

ROWS = 600


def classes(seed: int, corners: Table) -> tuple[Table, Table]:
    """Two features about one corner for each class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(corners), ROWS)
    return corners[labels] + 0.5 * rng.normal(size=(ROWS, 2)), labels.astype(float)[:, None]


@pytest.mark.parametrize("seed", range(3))
def test_the_accuracy_that_one_number_costs_is_said(seed: int, tmp_path: Path) -> None:
    """Classes around a circle lie in no order, so a line through them is right on few rows."""
    x, y = classes(seed, 2 * np.array([[0.0, 1.0], [1.0, -1.0], [0.0, -1.0], [1.0, 1.0], [-1.0, 0.0]]))
    model = compiled(stack(2, L.Dense(2, name="pass"), L.Dense(1, name="out")))
    put(model.get_layer("pass"), np.eye(2), np.zeros(2))
    line = np.linalg.lstsq(np.column_stack([x, np.ones(ROWS)]), y, rcond=None)[0]
    put(model.get_layer("out"), line[:2], line[2])
    finding = only(examined(tmp_path, model, x, y, rules=("O207",)), "O207")
    rounded = float((np.clip(np.round(predicted(model, x)), 0, 4) == y).mean())
    assert number(finding, "rounded_accuracy") == pytest.approx(rounded, abs=0.002)
    assert number(finding, "accuracy_by_units") > rounded + 0.3
    assert f"right on {100 * rounded:.1f} %" in finding.evidence.why
    assert "a unit for each class" in finding.evidence.why


def test_classes_in_a_row_that_one_number_tells_apart_cost_nothing(tmp_path: Path) -> None:
    x, y = classes(0, np.array([[0.0, 0.0], [4.0, 0.0], [8.0, 0.0]]))
    model = compiled(stack(2, L.Dense(2, name="pass"), L.Dense(1, name="out")))
    put(model.get_layer("pass"), np.eye(2), np.zeros(2))
    put(model.get_layer("out"), [[0.25], [0.0]], [0.0])
    for finding in found(examined(tmp_path, model, x, y, rules=("O207",)), "O207"):
        assert number(finding, "rounded_accuracy") > 0.99
        assert "a unit for each class" not in finding.evidence.why
