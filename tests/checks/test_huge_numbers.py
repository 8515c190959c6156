"""Numbers beyond float32 are infinite to Keras, and so they are to the report."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, number, only, stack


@pytest.mark.slow
def test_a_target_beyond_float32_is_bad_data_and_not_a_floor(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = x[:, :1] * 2 + rng.normal(size=(60, 1))
    y[7] = -1e200
    report = examined(tmp_path, compiled(stack(2, L.Dense(4, "tanh"), L.Dense(1))), x, y)
    finding = only(report, "D701")
    assert number(finding, "bad_rows") == 1
    assert number(finding, "row") == 8
    assert report.ladder is not None
    assert all(0 < rung.value < 100 for rung in report.ladder.rungs if rung.name != "data")


def test_answers_that_overflow_are_named_and_not_passed_over(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 400)[:, None]
    model = compiled(stack(1, L.Dense(3, "exponential", name="blow"), L.Dense(1)))
    model.get_layer("blow").set_weights([np.full((1, 3), 800.0), np.zeros(3)])
    model.layers[-1].set_weights([np.ones((3, 1)), np.zeros(1)])
    report = examined(tmp_path, model, x, np.sin(6 * x))
    finding = only(report, "L502")
    assert "not finite" in finding.evidence.why
    assert report.findings[0].severity == "error"
