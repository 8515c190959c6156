"""What is said on rows that an overfitted network was not trained on, and of classifiers trained with other weights."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    fit,
    found,
    only,
    optimizers,
    put,
    set_random_seed,
    stack,
    told,
)

from mlpdoctor.core.finding import Certainty, Severity

pytestmark = pytest.mark.slow


def noisy(rows: int, width: int, seed: int, noise: float) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    return x, np.tanh(x @ rng.normal(size=(width, 1))) + noise * rng.normal(size=(rows, 1))


def memorised(x: Table, y: Table, units: int, epochs: int) -> Model:
    model = stack(x.shape[1], L.Dense(units, "relu"), L.Dense(units, "relu"), L.Dense(1))
    model.compile(optimizers.Adam(1e-3), "mse")
    return fit(model, x, y, epochs)


@pytest.mark.parametrize(
    ("rows", "unseen", "width", "units", "noise", "whole"),
    [(200, 600, 5, 96, 0.5, False), (300, 1500, 8, 96, 0.7, False), (300, 1500, 8, 96, 0.7, True)],
)
def test_rows_that_an_overfitted_network_was_not_trained_on(
    rows: int, unseen: int, width: int, units: int, noise: float, *, whole: bool, tmp_path: Path
) -> None:
    """Held-out rows, or the table with them: the commonest fault of public models, which is no fault of the rate."""
    set_random_seed(0)
    x, y = noisy(rows + unseen, width, 1, noise)
    model = memorised(x[:rows], y[:rows], units, 120)
    start = 0 if whole else rows
    report = examined(tmp_path, model, x[start:], y[start:])
    finding = only(report, "D710")
    assert report.findings[0].code == "D710", told(report)
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.ESTIMATED)
    assert "memorised" in report.verdict
    assert "learning rate" not in report.verdict
    assert all(one.because_of == "D710" for one in report.findings if one.code in ("L504", "L506")), told(report)


@pytest.mark.parametrize(("noise", "units", "epochs"), [(0.5, 128, 10), (0.1, 64, 20)])
def test_rows_it_was_trained_on_are_no_others(noise: float, units: int, epochs: int, tmp_path: Path) -> None:
    set_random_seed(1)
    x, y = noisy(800, 5, 2, noise)
    report = examined(tmp_path, memorised(x, y, units, epochs), x, y, rules=("D710",))
    assert not [one for one in found(report, "D710") if one.severity is not Severity.NOTE], told(report)


def test_a_network_too_small_to_memorise_is_not_said_to(tmp_path: Path) -> None:
    set_random_seed(2)
    x, y = noisy(700, 4, 3, 0.5)
    report = examined(tmp_path, memorised(x[:100], y[:100], 8, 200), x[100:], y[100:], rules=("D710",))
    assert not found(report, "D710"), told(report)


@pytest.mark.parametrize("shift", [2.0, -2.5])
def test_a_shifted_level_is_named_and_the_last_layer_is_not_said_to_be_untrained(shift: float, tmp_path: Path) -> None:
    """As class weights or oversampling leave a classifier: it ranks the rows, and the last bias is off."""
    set_random_seed(3)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1500, 4))
    y = (x @ rng.normal(size=(4, 1)) + rng.normal(size=(1500, 1)) > 1.5).astype(float)
    model = stack(4, L.Dense(16, "tanh"), L.Dense(1, "sigmoid", name="out"))
    model.compile(optimizers.Adam(5e-3), "binary_crossentropy")
    fit(model, x, y, 30)
    kernel, bias = model.get_layer("out").get_weights()
    put(model.get_layer("out"), kernel, bias + shift)
    report = examined(tmp_path, model, x, y)
    assert "learned to rank the rows" in report.verdict, told(report)
    assert f"too {'high' if shift > 0 else 'low'}" in report.verdict
    leading = report.findings[0].evidence.remedy
    assert leading is not None
    assert leading.code is not None
    assert float(leading.code.partition("([")[2].partition("]")[0]) == pytest.approx(-shift, rel=0.3)


def test_one_column_that_is_the_target_by_a_line_is_told_first(tmp_path: Path) -> None:
    set_random_seed(4)
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 4))
    model = stack(4, L.Dense(16, "relu"), L.Dense(1))
    model.compile(optimizers.Adam(1e-3), "mse")
    report = examined(tmp_path, fit(model, x, x @ rng.normal(size=(4, 1)), 6), x, x @ np.ones((4, 1)))
    assert report.verdict.startswith("The targets are an exactly linear function of the features"), report.verdict
    noisy_report = examined(tmp_path, compiled(model), x, x @ np.ones((4, 1)) + 0.01 * rng.normal(size=(400, 1)))
    assert "exactly linear" not in noisy_report.verdict


def test_a_line_is_told_to_a_model_that_is_nearly_there_too(tmp_path: Path) -> None:
    x = np.random.default_rng(5).normal(size=(300, 3))
    model = stack(3, L.Dense(1, name="out"))
    put(model.get_layer("out"), np.full((3, 1), 1.1), np.zeros(1))
    report = examined(tmp_path, compiled(model), x, x @ np.ones((3, 1)))
    assert report.verdict.startswith("The targets are an exactly linear function of the features"), report.verdict
    assert "Looks healthy" in report.verdict
