"""Numbers that are 0 or infinite in float32: the ladder takes them as Keras does, and a finding says so."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, only, quiet, stack

from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report


def answered(tmp_path: Path, size: float) -> Report:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1)) * size
    y = 3 * x / size + rng.normal(size=(200, 1))
    return examined(tmp_path, compiled(stack(1, L.Dense(4, name="a"), L.Dense(1, name="b"))), x, y, quick=True)


def floor(report: Report) -> float:
    assert isinstance(report.ladder, Ladder)
    rung = report.ladder.rung("architecture")
    assert rung is not None
    assert rung.certainty == "proved"
    return rung.value


@pytest.mark.parametrize("size", [1e-46, 1e-154, 1e-200])
def test_a_column_that_float32_makes_zero_leaves_the_constant_and_is_named(size: float, tmp_path: Path) -> None:
    report = answered(tmp_path, size)
    constant = report.ladder.value("constant") if report.ladder else None
    assert floor(report) == pytest.approx(constant, rel=1e-12)
    finding = only(report, "D701")
    assert "0 in float32" in finding.message
    assert finding.evidence.numbers["bad_rows"] == 200
    assert quiet(report, "D704")


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_a_column_that_float32_holds_is_a_column_like_any_other(size: float, tmp_path: Path) -> None:
    report = answered(tmp_path, size)
    assert floor(report) == pytest.approx(0.95, abs=0.2)
    assert quiet(report, "D701")


def test_a_few_tiny_numbers_beside_others_are_no_finding(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 1))
    x[:20] = 1e-80
    report = examined(tmp_path, compiled(stack(1, L.Dense(1, name="b"))), x, 2 * x, rules=("D701",))
    assert quiet(report, "D701")
