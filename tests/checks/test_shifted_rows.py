"""D715: rows of another kind come before overfitting, and drawn from one table they are of one kind."""

import numpy as np
import pytest
from memorised import checked, codes, fitted, rows

from mlpdoctor.facts.outputs.row_shift import by_chance, farthest


def test_an_unscaled_validation_file_comes_first() -> None:
    x, y = rows(400, 0, noise=0.1)
    other, targets = rows(100, 1, noise=0.1)
    report = checked(fitted(x, y, 30), x, y, validation=(40 * other + 100, targets))
    assert report.findings[0].code == "D715"
    assert next(one for one in report.findings if one.code == "L509").because_of == "D715"
    assert report.verdict.startswith("The 100 unseen rows are not like the 400 trained on")
    assert report.findings[0].severity == "error"
    assert "scaler" in (report.fix or "")


def test_the_end_of_a_sorted_table_is_another_kind_of_rows() -> None:
    x, y = rows(500, 2, noise=0.1)
    order = np.argsort(x[:, 0])
    x, y = x[order], y[order]
    x[:, 2] = x[:, 0] ** 3  # what a network that saw the first rows alone makes nothing of beyond them
    report = checked(fitted(x[:400], y[:400], 60), x, y, split=0.2)
    assert report.findings[0].code == "D715"
    assert "permutation" in (report.fix or "")


@pytest.mark.parametrize("seed", range(8))
def test_false_alarm_rows_of_one_table(seed: int) -> None:
    x, y = rows(90, seed)
    x[:, 3] = x[:, 3] > 0.5
    report = checked(fitted(x, y, 55, seed=seed), x, y, split=f"0.4:{seed}")
    assert "D715" not in codes(report)


def test_false_alarm_other_rows_on_which_the_network_does_as_well() -> None:
    x, y = rows(600, 3, noise=0.0)
    x[:, 3] = np.arange(600)  # a number of the row
    weights = fitted(x[:, :3], y, 80)
    weights[0] = np.concatenate([weights[0], np.zeros((1, 80))])
    report = checked(weights, x, y, split=0.2)
    assert "D715" not in codes(report)


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_is_that_of_kolmogorov_and_smirnov(seed: int) -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 20, 70).astype(float), rng.integers(3, 25, 45).astype(float)
    assert farthest(one, other)[0] == pytest.approx(ks_2samp(one, other).statistic)


def test_chance_reaches_it_as_rarely_as_is_said() -> None:
    rng = np.random.default_rng(1)
    far = by_chance(60, 60, 1)
    hits = sum(farthest(rng.normal(size=60), rng.normal(size=60))[0] > far for _ in range(2000))
    assert hits <= 8  # two are expected; nine have a chance of one in four thousand


def shifted(by: float) -> dict[str, str]:
    """What is found where one column of the unseen rows is so far off, and the network goes on as well as it can."""
    (x, y), (u, _) = rows(800, 0, noise=0.1), rows(300, 1)
    u[:, 1] += by
    v = np.tanh(1.5 * u[:, 0]) + 0.5 * u[:, 1] + 0.1 * np.random.default_rng(5).normal(size=len(u))
    return codes(checked(fitted(x, y, 40, ridge=1e-5), x, y, validation=(u, v)))


def test_other_rows_on_which_the_network_does_somewhat_worse_are_a_note() -> None:
    assert "D715" not in shifted(1.0)
    assert shifted(2.0)["D715"] == "note"
    assert shifted(4.0)["D715"] in ("warning", "error")
