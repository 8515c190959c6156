"""Weighted rows: the loss is the one that Keras evaluates."""

from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import L, rungs, stack

from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


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
