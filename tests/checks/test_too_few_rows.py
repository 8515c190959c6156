"""D710: counts rows beside parameters and coefficients, and never says more than a note."""

from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    compiled,
    examined,
    least_squares,
    number,
    only,
    outcome,
    predicted,
    quiet,
    stack,
    told,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def network(width: int, units: int, outputs: int = 1) -> Model:
    keras.utils.set_random_seed(0)
    return compiled(stack(width, L.Dense(units, "relu"), L.Dense(outputs)))


@pytest.mark.parametrize(("rows", "width", "units"), [(30, 4, 64), (100, 8, 128), (900, 20, 600)])
def test_many_parameters_for_few_rows_are_a_note(rows: int, width: int, units: int, tmp_path: Path) -> None:
    x, y = waves(rows, width, seed=rows)
    model = network(width, units)
    finding = only(report := examined(tmp_path, model, x, y, rules=("D710",)), "D710")
    assert number(finding, "parameters") == model.count_params()
    assert number(finding, "rows") == rows
    assert finding.evidence.certainty is Certainty.MEASURED
    assert finding.severity is Severity.NOTE, told(report)


@pytest.mark.parametrize("rows", [2, 5, 9])
@pytest.mark.parametrize("seed", range(3))
def test_a_linear_model_goes_through_as_many_rows_as_it_has_coefficients(rows: int, seed: int, tmp_path: Path) -> None:
    x = np.random.default_rng(seed).normal(size=(rows, 8))
    y = np.random.default_rng(seed + 9).normal(size=(rows, 1))
    finding = only(examined(tmp_path, network(8, 2), x, y, rules=("D710",)), "D710")
    assert finding.evidence.numbers["linear_fits_exactly"] is True
    assert least_squares(x, y) < 1e-20
    assert "has 9 coefficients" in finding.evidence.why


def test_one_row_more_and_it_does_not(tmp_path: Path) -> None:
    x, y = waves(10, 8, seed=0)
    assert quiet(examined(tmp_path, network(8, 2), x, y, rules=("D710",)), "D710")


def test_equal_rows_with_other_targets_are_not_said_to_be_fitted(tmp_path: Path) -> None:
    x = np.repeat([[0.0, 1, 2, 3, 4, 5]], 4, axis=0)
    finding = only(examined(tmp_path, network(6, 2), x, np.arange(4.0)[:, None], rules=("D710",)), "D710")
    assert finding.evidence.numbers["linear_fits_exactly"] is False


def test_parameters_are_counted_beside_rows_at_every_size(tmp_path: Path) -> None:
    x, y = waves(1001, 4, seed=1)
    model = compiled(stack(4, L.Dense(110, "relu"), L.Dense(100, "relu"), L.Dense(1)))
    assert model.count_params() > 10 * len(x)
    assert only(examined(tmp_path, model, x, y, rules=("D710",)), "D710").severity is Severity.NOTE


@pytest.mark.parametrize(("noise", "fires"), [(0.0, True), (0.01, False)])
def test_rows_gone_through_to_the_last_digit_are_perhaps_known_by_heart(
    noise: float, tmp_path: Path, *, fires: bool
) -> None:
    x = np.random.default_rng(6).normal(size=(100, 8)).astype(np.float32)
    model = network(8, 64)
    assert 2 * len(x) + 8 < model.count_params() < 10 * len(x)
    y = predicted(model, x) + noise * np.random.default_rng(7).normal(size=(100, 1))
    report = examined(tmp_path, model, x, y)
    assert ("D710" in {one.code for one in report.findings}) == fires, told(report)


def test_false_alarm_an_ordinary_network(tmp_path: Path) -> None:
    x, y = waves(300, 5, seed=2)
    assert quiet(examined(tmp_path, network(5, 64), x, y, rules=("D710",)), "D710")


def test_false_alarm_the_four_corners_of_xor_and_a_small_network(tmp_path: Path) -> None:
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([[0.0], [1], [1], [0]])
    assert quiet(examined(tmp_path, network(2, 4), x, y, rules=("D710",)), "D710")
    assert only(examined(tmp_path, network(2, 16), x, y, rules=("D710",)), "D710").severity is Severity.NOTE


def test_an_output_of_many_numbers_learns_many_from_each_row(tmp_path: Path) -> None:
    x, _ = waves(60, 10, seed=3)
    assert quiet(examined(tmp_path, network(10, 16, 10), x, x, rules=("D710",)), "D710")


def test_frozen_and_measured_weights_are_no_parameters_to_fit(tmp_path: Path) -> None:
    x, y = waves(60, 4, seed=4)
    norm = L.Normalization()
    norm.adapt(x.astype(np.float32))
    frozen = L.Dense(500, "relu", name="frozen")
    model = stack(4, norm, frozen, L.BatchNormalization(), L.Dense(1))
    frozen.trainable = False
    finding = only(examined(tmp_path, compiled(model), x, y, rules=("D710",)), "D710")
    assert number(finding, "parameters") == sum(int(np.prod(w.shape)) for w in model.trainable_variables)


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2, 64), rules=("D710",)), "D710")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
