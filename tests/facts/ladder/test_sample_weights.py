"""Weighted rows: a weight of two is the same row twice, a weight of zero is no row, and Keras agrees."""

from pathlib import Path

import keras
import numpy as np
import pytest
from hand_built import drawn, examined, sequential
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CASES, Case, network_for, table
from model_cases import L, rungs, stack

from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Array, Network
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question

NAMED = ("constant", "affine", "model", "readout", "architecture", "data")


def ladder_of(network: Network, X: Array, Y: Array, weights: Array | None = None) -> Ladder:
    found = examined(network, X, Y, 7, weights).get(Ladder)
    assert isinstance(found, Ladder), found
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(3, 30),
    kind=st.sampled_from(["plain", "repeated"]),
    hidden=st.sampled_from([(), ((2, None),), ((3, "tanh"),)]),
)
def test_a_weight_counts_as_so_many_rows(
    case: Case, seed: int, rows: int, kind: str, hidden: tuple[tuple[int, str | None], ...]
) -> None:
    X, Y = table(case, seed, rows, 2, kind)
    weights = np.random.default_rng(seed).integers(0, 4, rows).astype(float)
    weights[0] = 1.0
    times = np.repeat(np.arange(rows), weights.astype(int))
    network = network_for(case, 2, hidden, seed)
    weighted, repeated = ladder_of(network, X, Y, weights), ladder_of(network, X[times], Y[times])
    for name in NAMED:
        mine, theirs = weighted.rung(name), repeated.rung(name)
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            # Keras divides by the number of rows, not by the sum of their weights.
            doubt = 2 * (theirs.value - theirs.lower + mine.value - mine.lower) + 1e-7
            assert mine.value * rows == pytest.approx(theirs.value * len(times), rel=1e-7, abs=rows * doubt)


@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy"])
def test_the_weighted_loss_is_the_one_that_keras_evaluates(tmp_path: Path, loss: str) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(60, 2)), rng.exponential(size=60)
    y = (x[:, 0] > 0).astype(float)
    model = stack(2, L.Dense(3, "tanh"), L.Dense(1, "sigmoid"))
    model.compile("adam", loss)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=y, importance=w)
    names, rows = "x1,x2,w,y", np.column_stack([x, w, y])
    np.savetxt(tmp_path / "data.csv", rows, fmt="%.17g", delimiter=",", header=names, comments="")
    expected = model.evaluate(x, y, sample_weight=w, batch_size=60, verbose=0)
    for data, column in (("data.npz", "importance"), ("data.csv", "w"), ("data.csv", "3")):
        report = diagnose(Question(str(tmp_path / "model.keras"), str(tmp_path / data), sample_weight=column))
        assert rungs(report)["model"] == pytest.approx(expected, rel=1e-5)
        assert report.data is not None
        assert report.data.weight == ("w" if data == "data.csv" else column)


def test_a_loss_may_divide_by_the_sum_of_the_weights(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x, y, w = rng.normal(size=(40, 2)), rng.normal(size=40), rng.exponential(size=40)
    model = stack(2, L.Dense(1))
    model.compile("adam", keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"))
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=y, w=w)
    report = diagnose(Question(str(tmp_path / "model.keras"), str(tmp_path / "data.npz"), sample_weight="w"))
    expected = model.evaluate(x, y, sample_weight=w, batch_size=40, verbose=0)
    assert rungs(report)["model"] == pytest.approx(expected, rel=1e-5)
    assert rungs(report)["constant"] == pytest.approx(float(np.cov(y, aweights=w, ddof=0)), rel=1e-10)


def test_a_loss_summed_over_batches_is_shown_as_a_mean(tmp_path: Path) -> None:
    x, y = np.arange(10.0)[:, None], np.arange(10.0) ** 2
    model = stack(1, L.Dense(1))
    model.compile("adam", keras.losses.MeanSquaredError(reduction="sum"))
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    ladder = diagnose(Question(str(tmp_path / "model.keras"), str(tmp_path / "data.npz"))).ladder
    assert ladder is not None
    assert "sum over each batch" in ladder.loss
    assert 10 * (ladder.value("model") or 0.0) == pytest.approx(
        model.evaluate(x, y, batch_size=10, verbose=0), rel=1e-5
    )


def test_weights_change_what_is_best() -> None:
    """Two points that contradict each other: the heavier one draws the mean."""
    X, Y, weights = np.zeros((2, 1)), np.array([[0.0], [1.0]]), np.array([3.0, 1.0])
    ladder = ladder_of(drawn(sequential(1, (1, None)), 0), X, Y, weights)
    # At 1/4 the squares are 3 * 1/16 + 9/16, over two rows.
    assert ladder.value("constant") == pytest.approx(0.375)
    assert ladder.value("data") == pytest.approx(0.375)
    constant = ladder.rung("constant")
    assert constant is not None
    assert constant.coefficients[0][0] == pytest.approx(0.25)
