"""L509: overfitting is said where rows it was not trained on show it, and nowhere else."""

import numpy as np
import pytest
from memorised import checked, codes, fitted, rows

from mlpdoctor.core.finding import Certainty

pytestmark = pytest.mark.slow  # networks trained on each case


def test_a_network_that_a_line_beats_on_new_rows_overfits() -> None:
    x, y = rows(80, 0)
    report = checked(fitted(x, y, 60), x, y, validation=rows(200, 1))
    first = report.findings[0]
    assert (first.code, first.certainty) == ("L509", Certainty.MEASURED)
    numbers = first.evidence
    assert numbers["gap"] > 3 * numbers["gap_error"]
    assert numbers["behind"] > 3 * numbers["behind_error"] > 0
    assert report.verdict.startswith("The network overfits: its loss is ")
    assert "80 rows trained on" in report.verdict
    assert "200 unseen rows" in report.verdict
    assert "the best linear fit does better" in report.verdict
    assert "EarlyStopping" in (report.fix or "") or "lowest" in (report.fix or "")
    assert "width" not in report.ruled_out
    assert "epochs" not in report.ruled_out


def test_worse_than_a_constant_is_an_error_and_worse_than_a_line_a_warning() -> None:
    x, y = rows(80, 2)
    assert codes(checked(fitted(x, y, 78), x, y, validation=rows(300, 3)))["L509"] == "error"
    x, y = rows(80, 2, noise=0.3)
    milder = fitted(x, y, 50, ridge=3e-4)
    assert codes(checked(milder, x, y, validation=rows(300, 3, noise=0.3)))["L509"] == "warning"


def test_the_same_network_on_half_as_many_rows_is_told_by_its_split() -> None:
    x, y = rows(200, 4)
    trained = slice(160)
    report = checked(fitted(x[trained], y[trained], 100), x, y, split=0.2)
    assert report.findings[0].code == "L509"
    assert "160 rows trained on" in report.verdict


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("units", [5, 20, 60])
def test_false_alarm_a_healthy_network_with_rows_enough(units: int, seed: int) -> None:
    x, y = rows(1500, seed, noise=0.2)
    report = checked(fitted(x, y, units, seed=seed), x, y, validation=rows(400, seed + 50, noise=0.2))
    assert "L509" not in codes(report)
    assert "D715" not in codes(report)


@pytest.mark.parametrize("seed", range(10))
def test_false_alarm_ten_rows_tell_nothing(seed: int) -> None:
    x, y = rows(60, seed)
    report = checked(fitted(x, y, 58), x, y, validation=rows(10, seed + 50))
    assert "L509" not in codes(report)


@pytest.mark.parametrize("seed", range(5))
def test_false_alarm_noise_that_nothing_was_made_of(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(500, 4)), rng.normal(size=500)
    report = checked(fitted(x, y, 8, ridge=1.0), x, y, validation=(rng.normal(size=(200, 4)), rng.normal(size=200)))
    assert "L509" not in codes(report)


def test_noise_learned_by_heart_is_overfitting() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=80)
    report = checked(fitted(x, y, 60), x, y, validation=(rng.normal(size=(200, 4)), rng.normal(size=200)))
    assert codes(report)["L509"] == "error"
    assert "always predicting the mean does better" in report.verdict


def test_false_alarm_a_network_that_never_learned_has_no_gap() -> None:
    x, y = rows(300, 5)
    weights = [np.ones((4, 3)), np.ones(3), np.zeros((3, 1)), np.array([0.3])]
    assert "L509" not in codes(checked(weights, x, y, validation=rows(100, 6)))


def test_without_such_rows_nothing_is_claimed() -> None:
    x, y = rows(80, 0)
    report = checked(fitted(x, y, 60), x, y)
    outcomes = {one["code"]: one for one in report.to_dict()["checks"]}
    assert outcomes["L509"]["outcome"] == "not applicable"
    assert "--validation" in outcomes["L509"]["reason"]
    assert report.to_dict()["unseen"] is None


def test_a_network_that_does_as_well_is_not_said_to_know_rows_by_heart() -> None:
    x, y = rows(900, 7, noise=0.05)
    weights = fitted(x, y, 300, ridge=1e-3)
    few = slice(140)
    assert codes(checked(weights, x[few], y[few]))["D710"] == "note"
    report = checked(weights, x[few], y[few], validation=(x[140:], y[140:]))
    assert "D710" not in codes(report)
