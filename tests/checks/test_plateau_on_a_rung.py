"""H801: real trainings that stop on a rung of the ladder, and the log says which; and curves that stop on none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import Table, only, outcome, save_data, told

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

ROWS = 256


def numbers(seed: int) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (ROWS, 2))
    return x, (np.sin(3 * x[:, 0]) + x[:, 1] ** 2 + x @ (1.0, -1.0))[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("histories")


def logged(path: Path, values: np.ndarray, decimals: int = 4) -> str:
    path.write_text("epoch,loss\n" + "".join(f"{k},{value:.{decimals}f}\n" for k, value in enumerate(values)))
    return str(path)


def of_values(folder: Path, values: np.ndarray, x: Table, y: Table, decimals: int = 4) -> Report:
    data = save_data(folder / "data.csv", x, y)
    return diagnose(Question(history=(logged(folder / "log.csv", values, decimals),), data=data))


def approach(limit: float, start: float, epochs: int, scale: float) -> np.ndarray:
    return limit + (start - limit) * np.exp(-np.arange(epochs) / scale)


def heights(x: Table, y: Table) -> tuple[float, float]:
    """The constant's and the plane's loss by NumPy alone."""
    design = np.column_stack([np.ones(len(x)), x])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(np.var(y)), float(np.mean(left**2))


@pytest.mark.parametrize("decimals", [3, 4, 6])
@pytest.mark.parametrize("name", ["constant", "affine"])
def test_printed_digits_are_allowed_for(name: str, decimals: int, tmp_path: Path) -> None:
    x, y = numbers(6)
    height = heights(x, y)[name == "affine"]
    found = only(of_values(tmp_path, approach(height, 2 * height, 80, 4.0), x, y, decimals), "H801")
    assert found.evidence.numbers["rung"] == name
    assert found.evidence.numbers["exact"] is True
    assert found.evidence.numbers["decimals"] == decimals
    assert found.message.startswith(f"the plateau of the loss, {height:.{decimals}f}, is equal to ")
    assert found.evidence.certainty is Certainty.MEASURED


@pytest.mark.parametrize("away", [0.93, 1.07])
def test_a_plateau_beside_a_rung_is_not_on_it(away: float, tmp_path: Path) -> None:
    x, y = numbers(6)
    affine = heights(x, y)[1]
    report = of_values(tmp_path, approach(away * affine, 1.0, 80, 4.0), x, y)
    assert outcome(report, "H801").status is Status.PASSED
    place = "below the best plane, " if away < 1 else "between the best plane, "
    assert place in report.verdict


def test_one_that_is_near_is_said_to_be_near(tmp_path: Path) -> None:
    x, y = numbers(6)
    affine = heights(x, y)[1]
    found = only(of_values(tmp_path, approach(1.01 * affine, 1.0, 80, 4.0), x, y), "H801")
    assert found.evidence.numbers["exact"] is False
    assert "% from the best plane" in found.message
    assert found.evidence.strength == 0.5


def test_a_number_as_near_as_many_are_is_no_rung_but_may_be(tmp_path: Path) -> None:
    """Two digits leave room for four per cent, and so does every twelfth number beside the two rungs."""
    x, y = numbers(6)
    y = 0.75 * y
    constant = heights(x, y)[0]
    assert 1.1 < constant < 1.2
    data = save_data(tmp_path / "data.csv", x, y)
    for plateau, is_named in ((f"{constant:.1f}", False), (f"{constant:.2f}", True)):
        report = diagnose(Question(plateau=plateau, data=data))
        assert (outcome(report, "H801").status is not Status.PASSED) is is_named
        assert ("That may be the loss of always predicting the mean" in report.verdict) is not is_named
        if is_named:
            found = only(report, "H801").evidence
            chance = found.numbers["chance"]
            assert isinstance(chance, float)
            assert 0 < chance <= 0.05
            assert "of all losses up to the topmost rung" in found.why.lower()


def test_too_few_digits_say_nothing(tmp_path: Path) -> None:
    x, y = numbers(6)
    small = 0.001 * y
    report = of_values(tmp_path, approach(heights(x, small)[1], 1e-5, 80, 4.0), x, small, 7)
    assert outcome(report, "H801").status is Status.NOT_APPLICABLE or outcome(report, "H801").status is Status.SKIPPED
    assert "too few digits" in (outcome(report, "H801").reason or "")


def test_a_curve_that_creeps_is_what_people_call_stuck(tmp_path: Path) -> None:
    """It still falls by two ten-thousandths each epoch, a little above the plane."""
    x, y = numbers(6)
    affine = heights(x, y)[1]
    values = affine * (1.003 + 2 * np.exp(-np.arange(80) / 3.0) + 2e-4 * np.arange(80)[::-1])
    found = only(of_values(tmp_path, values, x, y, 6), "H801")
    assert found.evidence.numbers["source"] == "reached"
    assert found.evidence.certainty is Certainty.ESTIMATED


def curves_on_their_way(seeds: range) -> Iterator[np.ndarray]:
    """Curves that pass a rung and go on, or are cut off on the way down."""
    x, y = numbers(6)
    constant, affine = heights(x, y)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        epochs = int(rng.integers(4, 40))
        limit = affine * rng.uniform(0.05, 0.4)
        values = approach(limit, constant * rng.uniform(1, 2), epochs, epochs * rng.uniform(0.4, 2.0))
        yield values * np.exp(rng.uniform(0, 0.03) * rng.normal(size=epochs))


@pytest.mark.slow
def test_a_curve_that_only_passes_a_rung_is_not_on_it(tmp_path: Path) -> None:
    """Of 24 noisy curves that were cut off as they fell, none ends on a rung by more than chance."""
    x, y = numbers(6)
    named = [only_if(of_values(tmp_path, values, x, y)) for values in curves_on_their_way(range(24))]
    assert sum(found is not None for found in named) <= 1


def only_if(report: Report) -> Finding | None:
    return next((finding for finding in report.findings if finding.code == "H801"), None)


def test_nothing_known_does_better_than_the_constant_on_noise(tmp_path: Path) -> None:
    """The named false alarm: a training on targets that are noise ends at the constant, and rightly so."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(400, 2)), rng.normal(size=(400, 1))
    constant, affine = heights(x, y)
    for height in (constant, affine):
        report = of_values(tmp_path, approach(height, 2.0, 60, 4.0), x, y)
        assert only(report, "H801").severity is Severity.NOTE, told(report)


def test_linear_data_end_on_the_plane_without_an_alarm(tmp_path: Path) -> None:
    """The named false alarm: linear regression on linear data with noise ends on the line, as it should."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(400, 2))
    y = x @ np.array([[1.0], [2.0]]) + 0.3 * rng.normal(size=(400, 1))
    report = of_values(tmp_path, approach(heights(x, y)[1], 2.0, 60, 4.0), x, y)
    found = only(report, "H801")
    assert found.severity is Severity.NOTE
    assert "No sign of anything nonlinear" in report.verdict or "noise" in report.verdict
