"""What a trial says of fresh weights, beside Keras training the same line."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit

from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.facts.training.fresh_options import ENOUGH

pytestmark = pytest.mark.keras
FIXTURE = Path(__file__).parents[3] / "fixtures" / "four-relu-sine"


def test_four_units_become_sixteen_and_bend_into_the_sine() -> None:
    """The fourth seed post: the line that its report prints, put in and trained from three seeds."""
    data = str(FIXTURE / "data.csv.gz")
    report = diagnose(Question(str(FIXTURE / "model.keras"), data))
    remedy = report.findings[0].evidence.remedy
    assert remedy is not None
    assert remedy.code is not None
    assert "in a trial 1,000 updates led to a loss of" in remedy.text
    table = np.loadtxt(data, delimiter=",", skiprows=1)
    x, y = table[:, :1].astype(np.float32), table[:, 1:].astype(np.float32)
    layer = eval(remedy.code.partition("; ")[0], {"Dense": keras.layers.Dense})  # noqa: S307  mlpdoctor's own line
    reached = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        hidden = layer.__class__.from_config(layer.get_config())
        model = keras.Sequential([keras.Input((1,)), hidden, keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), "mse")
        fit(model, x, y, epochs=2000 * 32 // len(x), batch=32)
        reached.append(float(np.square(np.asarray(model(x)) - y).mean()))
    assert report.ladder is not None
    (saved,) = [rung.value for rung in report.ladder.rungs if rung.name == "model"]
    assert saved is not None
    assert np.median(reached) < (1 - ENOUGH) * saved / 5, reached
