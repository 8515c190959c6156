"""W304, with Keras: what the file remembers of training, and weights that came from elsewhere."""

from pathlib import Path

import keras
import pytest
from keras_fit import fit
from model_cases import L, Model, examined, only, quiet, stack, waves

from mlpdoctor.core.finding import Certainty, Severity


def network() -> Model:
    return stack(2, L.Dense(8, "relu", name="hidden"), L.Dense(1, name="out"))


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_compiled_but_never_fitted(optimizer: str, form: str, tmp_path: Path) -> None:
    model = network()
    model.compile(optimizer, "mse")
    finding = only(report := examined(tmp_path, model, form=form), "W304")
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.MEASURED)
    assert "has not been trained" in finding.message
    assert report.findings == (finding,)


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_saved_without_compile(form: str, tmp_path: Path) -> None:
    finding = only(examined(tmp_path, network(), form=form, rules=("W304",)), "W304")
    assert finding.evidence.numbers["updates"] is None
    assert finding.message.endswith("every bias still has its initial value")


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_one_real_update_is_training(optimizer: str, form: str, tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=1)
    model = network()
    model.compile(optimizer, "mse")
    fit(model, x, y, batch=64, epochs=1)
    report = examined(tmp_path, model, x, y, form=form)
    assert quiet(report, "W304")
    assert report.model is not None
    assert report.model.iterations == 1


def test_false_alarm_a_training_loop_of_the_users_own(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    x, y = (tf.constant(part, tf.float32) for part in waves(64, 2, seed=2))
    model = network()
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - y))
        for weight, step in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
            weight.assign_sub(0.1 * step)
    assert quiet(examined(tmp_path, model, rules=("W304",)), "W304")


def test_trained_then_saved_without_the_optimizer(tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=3)
    model = network()
    model.compile("adam", "mse")
    fit(model, x, y, epochs=3)
    model.save(tmp_path / "bare.keras", include_optimizer=False)
    assert quiet(
        examined(tmp_path, keras.models.load_model(tmp_path / "bare.keras", compile=False), rules=("W304",)), "W304"
    )
