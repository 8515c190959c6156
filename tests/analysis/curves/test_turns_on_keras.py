"""The course of a learning rate that a schedule of Keras's makes."""

import keras
import numpy as np
import pytest

from mlpdoctor.analysis.curves.noise import learning_rates
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array


def column(values: Array, half: float = 5e-5) -> Column:
    return Column("loss", np.arange(1, len(values) + 1), values, np.full(len(values), half))


def test_a_smooth_schedule_has_no_drops_and_warms_up() -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=20)
    rates = learning_rates(column(np.array([float(schedule(step)) for step in range(80)])))
    assert rates is not None
    assert not rates.drops
    assert rates.first == 0.0
    assert rates.largest == pytest.approx(0.01, rel=1e-3)
