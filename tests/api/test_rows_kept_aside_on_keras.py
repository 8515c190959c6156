"""The rows that ``validation_split`` keeps aside are those that ``--split`` judges, and the loss is Keras's."""

import keras
import numpy as np
import pytest

import mlpdoctor

L = keras.layers


def grown(units: int, epochs: int, rows: int, noise: float) -> tuple[mlpdoctor.Report, dict[str, list[float]]]:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    y = (np.tanh(x[:, :1]) + 0.5 * x[:, 1:2] + noise * rng.normal(size=(rows, 1))).astype(np.float32)
    model = keras.Sequential([keras.Input((5,)), L.Dense(units, "relu"), L.Dense(units, "relu"), L.Dense(1)])
    model.compile(keras.optimizers.Adam(3e-3), "mse")
    log = model.fit(x, y, epochs=epochs, validation_split=0.3, batch_size=32, verbose=0)
    return mlpdoctor.check(model, x, y, split=0.3), log.history


def test_the_loss_on_the_last_rows_is_the_one_that_keras_logs() -> None:
    report, log = grown(96, 60, 301, 0.6)
    found = {rung["name"]: rung["value"] for rung in report.to_dict()["unseen"]["ladder"]["rungs"]}
    assert found["model"] == pytest.approx(log["val_loss"][-1], rel=1e-4)
    assert report.findings[0].code == "L509"
    assert report.verdict.startswith("The network overfits: its loss is ")
    assert "210 rows trained on" in report.verdict


def test_false_alarm_rows_enough() -> None:
    report, log = grown(16, 8, 2000, 0.1)
    found = {rung["name"]: rung["value"] for rung in report.to_dict()["unseen"]["ladder"]["rungs"]}
    assert found["model"] == pytest.approx(log["val_loss"][-1], rel=1e-4)
    assert "L509" not in {finding.code for finding in report.findings}
    assert "D715" not in {finding.code for finding in report.findings}
