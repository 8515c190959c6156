"""D706: copies of rows are counted; rows that meet because there is no room are not."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, Model, columns, compiled, examined, number, only, outcome, quiet, stack, waves

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def network(width: int, outputs: int = 1) -> Model:
    return compiled(stack(width, L.Dense(6, "tanh"), L.Dense(outputs)))


@pytest.mark.slow
@pytest.mark.parametrize("data", ["csv", "npz", "parquet"])
@pytest.mark.parametrize(("rows", "distinct"), [(200, 150), (3000, 300), (20_000, 15_000)])
def test_copies_are_those_that_pandas_drops(rows: int, distinct: int, data: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(rows)
    x, y = waves(distinct, 3, seed=1)
    drawn = rng.integers(0, distinct, rows)
    x, y = x[drawn], y[drawn]
    finding = only(examined(tmp_path, network(3), x, y, data=data, rules=("D706",)), "D706")
    copies = int(pytest.importorskip("pandas").DataFrame(columns(x, y)[1]).duplicated().sum())
    assert number(finding, "copies") == copies
    assert number(finding, "distinct") == rows - copies
    assert number(finding, "repeated_share") == pytest.approx(copies / rows)
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.MEASURED)


def test_a_file_joined_twice(tmp_path: Path) -> None:
    x, y = waves(500, 4, seed=2)
    finding = only(
        examined(tmp_path, network(4), np.tile(x, (2, 1)), np.tile(y, (2, 1)), data="csv", rules=("D706",)), "D706"
    )
    assert number(finding, "repeated_share") == 0.5
    assert "50 %" in finding.message


@pytest.mark.parametrize(("share", "fires"), [(0.05, False), (0.15, True)])
def test_a_tenth_is_tolerated(share: float, *, fires: bool, tmp_path: Path) -> None:
    x, y = waves(1000, 3, seed=3)
    some = int(share * 1000)
    x[-some:], y[-some:] = x[:some], y[:some]
    assert quiet(examined(tmp_path, network(3), x, y, rules=("D706",)), "D706") != fires


def test_the_same_inputs_with_other_targets_are_no_copies(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=4)
    assert quiet(
        examined(tmp_path, network(3), np.tile(x, (2, 1)), np.concatenate([y, y + 1]), rules=("D706",)), "D706"
    )


def test_false_alarm_xor_a_thousand_times(tmp_path: Path) -> None:
    x = np.tile([[0.0, 0], [0, 1], [1, 0], [1, 1]], (250, 1))
    assert quiet(examined(tmp_path, network(2), x, (x[:, :1] != x[:, 1:]).astype(float), rules=("D706",)), "D706")


@pytest.mark.parametrize("seed", range(3))
def test_false_alarm_a_few_flags(seed: int, tmp_path: Path) -> None:
    x = np.random.default_rng(seed).integers(0, 2, (1000, 4)).astype(float)
    assert quiet(examined(tmp_path, network(4), x, x[:, :1] * x[:, 1:2], rules=("D706",)), "D706")


@pytest.mark.slow
def test_false_alarm_one_hot_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([np.eye(10)[rng.integers(0, 10, 3000)] for _ in range(3)], axis=1)
    assert quiet(examined(tmp_path, network(30), x, x[:, :1], rules=("D706",)), "D706")


def test_false_alarm_ratings_of_few_levels(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(1, 6, (2000, 3)).astype(float)
    assert quiet(examined(tmp_path, network(3), x, np.round(x.mean(axis=1, keepdims=True)), rules=("D706",)), "D706")


def test_false_alarm_a_handful_of_rows(tmp_path: Path) -> None:
    x, y = waves(6, 2, seed=7)
    assert quiet(examined(tmp_path, network(2), np.tile(x, (2, 1)), np.tile(y, (2, 1)), rules=("D706",)), "D706")


def test_minus_zero_is_zero(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=8)
    x[:, 0] = 0.0
    again = x.copy()
    again[:, 0] = -0.0
    both = np.concatenate([x, again]), np.concatenate([y, y])
    assert number(only(examined(tmp_path, network(2), *both, rules=("D706",)), "D706"), "copies") == 200


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("D706",)), "D706")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
