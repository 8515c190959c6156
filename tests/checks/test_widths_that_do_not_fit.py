"""Target columns that are more or fewer than the outputs: findings with status 1 where all else fits, no refusal."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, found, only, stack, told

from mlpdoctor.core.finding import Severity


def one_hot(rows: int, classes: int) -> np.ndarray:
    return np.eye(classes)[np.random.default_rng(1).integers(0, classes, rows)]


X = np.random.default_rng(0).normal(size=(200, 4))
NUMBERS = np.random.default_rng(2).normal(size=(200, 3))


@pytest.mark.parametrize(
    ("units", "last", "loss", "y", "code", "line"),
    [
        (1, "softmax", "categorical_crossentropy", one_hot(200, 5), "O201", 'Dense(5, activation="softmax"'),
        (1, "sigmoid", "binary_crossentropy", one_hot(200, 5), "O206", 'Dense(5, activation="softmax"'),
        (3, "softmax", "categorical_crossentropy", one_hot(200, 5), "O206", 'Dense(5, activation="softmax"'),
        (1, None, "mse", NUMBERS, "O206", "Dense(3,"),
    ],
)
def test_the_findings_say_what_the_file_and_the_data_show(
    units: int, last: str | None, loss: str, y: np.ndarray, code: str, line: str, tmp_path: Path
) -> None:
    model = compiled(stack(4, L.Dense(8, "relu"), L.Dense(units, last, name="out")), loss=loss)
    report = examined(tmp_path, model, X, y)
    finding = only(report, code)
    assert finding.severity is Severity.ERROR
    assert finding.evidence.remedy is not None
    assert line in (finding.evidence.remedy.code or ""), told(report)
    assert report.no_ladder is not None
    assert f"there are {y.shape[1]}" in report.no_ladder


def test_as_many_columns_as_units_are_no_misfit(tmp_path: Path) -> None:
    model = compiled(stack(4, L.Dense(8, "relu"), L.Dense(3, name="out")))
    assert not found(examined(tmp_path, model, X, NUMBERS, rules=("O206",)), "O206")


@pytest.mark.parametrize(
    ("values", "code", "line"),
    [
        ((3, 4, 5, 6, 7, 8), "O205", "y = y - 3"),
        ((0, 2, 9), "O205", "y = np.unique(y, return_inverse=True)[1]"),
        ((3, 4, 5, 6, 7, 8, 9, 10), "O206", "; y = y - 3"),
        ((1, 2, 3, 4, 5, 6), "O205", "y = y - 1"),
    ],
)
def test_class_numbers_are_counted_from_0_before_units_are_added(
    values: tuple[int, ...], code: str, line: str, tmp_path: Path
) -> None:
    y = np.resize(np.array(values, dtype=float), 200)[:, None]
    model = compiled(stack(4, L.Dense(8, "relu"), L.Dense(6, "softmax", name="out")), "sparse_categorical_crossentropy")
    remedy = only(examined(tmp_path, model, X, y, rules=(code,)), code).evidence.remedy
    assert remedy is not None
    assert (remedy.code or "").endswith(line)


@pytest.mark.parametrize("values", [(0, 1, 2, 3, 4, 5), (0, 1, 2, 3)])
def test_class_numbers_that_have_their_units_are_no_misfit(values: tuple[int, ...], tmp_path: Path) -> None:
    y = np.resize(np.array(values, dtype=float), 200)[:, None]
    model = compiled(stack(4, L.Dense(8, "relu"), L.Dense(6, "softmax", name="out")), "sparse_categorical_crossentropy")
    report = examined(tmp_path, model, X, y, rules=("O205", "O206"))
    assert not found(report, "O205")
    assert all(finding.severity is Severity.NOTE for finding in found(report, "O206"))
