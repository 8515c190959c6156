"""The rate of a schedule, worked out from the file, against Keras's own schedules."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, stack

from mlpdoctor.core.check import Absent
from mlpdoctor.facts.training.training import CurrentRate
from mlpdoctor.facts.training.training import current_rate as rate_fact
from mlpdoctor.readers.models.model import read_network

SCHEDULES = keras.optimizers.schedules
KINDS = {
    "exponential": SCHEDULES.ExponentialDecay(0.1, 30, 0.7),
    "exponential by steps": SCHEDULES.ExponentialDecay(0.1, 30, 0.7, staircase=True),
    "piecewise": SCHEDULES.PiecewiseConstantDecay([20, 60], [0.1, 0.01, 0.001]),
    "polynomial": SCHEDULES.PolynomialDecay(0.1, 70, 0.001, power=2.0),
    "polynomial, again and again": SCHEDULES.PolynomialDecay(0.1, 30, 0.001, cycle=True),
    "inverse time": SCHEDULES.InverseTimeDecay(0.1, 20, 0.5),
    "inverse time by steps": SCHEDULES.InverseTimeDecay(0.1, 20, 0.5, staircase=True),
    "cosine": SCHEDULES.CosineDecay(0.1, 80, alpha=0.05),
    "cosine after a warm-up": SCHEDULES.CosineDecay(0.001, 60, alpha=0.1, warmup_target=0.1, warmup_steps=25),
}


def saved(folder: Path, rate: Any, updates: int, form: str) -> CurrentRate | Absent:  # noqa: ANN401
    model = stack(2, L.Dense(3, "relu"), L.Dense(1))
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(updates)
    model.save(path := folder / f"model.{form}")
    found: CurrentRate | Absent = rate_fact.function(read_network(str(path)))
    return found


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("updates", [0, 7, 20, 21, 45, 200])
@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_of_a_schedule_is_what_keras_computes(tmp_path: Path, kind: str, updates: int, form: str) -> None:
    schedule = KINDS[kind]
    found = saved(tmp_path, schedule, updates, form)
    assert isinstance(found, CurrentRate)
    assert found.rate == pytest.approx(float(np.asarray(schedule(updates))), rel=1e-5)
    assert found.schedule == type(schedule).__name__


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_plain_rate_is_read(tmp_path: Path, form: str) -> None:
    found = saved(tmp_path, 0.02, 5, form)
    assert isinstance(found, CurrentRate)
    assert found.rate == pytest.approx(0.02, rel=1e-6)
    assert found.schedule is None


def test_a_schedule_that_cannot_be_followed_is_said(tmp_path: Path) -> None:
    found = saved(tmp_path, SCHEDULES.CosineDecayRestarts(0.1, 20), 5, "keras")
    assert isinstance(found, Absent)
    assert "CosineDecayRestarts" in found.reason
