"""Files that TensorFlow, tf_keras and Keras Tuner write today, told as the table in ``docs files`` says."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from effort import EFFORT
from shell import run

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.readers.models.model import read_network

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not EFFORT.every, reason="the stored files stand for these: --every makes them anew"),
]


def network(made_by: Any = keras) -> Any:  # noqa: ANN401  untyped
    layers = made_by.layers
    model = made_by.Sequential([made_by.Input((2,)), layers.Dense(3, activation="tanh"), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def message(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_network(str(path))
    said = str(caught.value).removeprefix(f"{path}: ")
    assert len(said.split()) <= 60
    return said


def test_an_exported_saved_model_and_what_the_converter_makes_of_it(tmp_path: Path) -> None:
    network().export(tmp_path / "saved", verbose=False)
    for path in (tmp_path / "saved", tmp_path / "saved" / "saved_model.pb", tmp_path / "saved" / "fingerprint.pb"):
        assert "the one that it was made from, saved with model.save('model.keras')" in message(path)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved"))
    (tmp_path / "model.tflite").write_bytes(converter.convert())
    assert message(tmp_path / "model.tflite").startswith("this is a TensorFlow Lite model")


def test_a_checkpoint_is_restored_as_the_message_says(tmp_path: Path) -> None:
    model, other = network(), network()
    prefix = tf.train.Checkpoint(model=model).save(str(tmp_path / "x"))
    for path in (tmp_path, *tmp_path.iterdir()):
        assert "tf.train.Checkpoint(model=model).restore('PREFIX')" in message(path)
    tf.train.Checkpoint(model=other).restore(prefix).expect_partial()
    assert np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_a_saved_model_of_keras_2_is_saved_again_as_the_message_says(tmp_path: Path) -> None:
    tf_keras = pytest.importorskip("tf_keras", reason="tf_keras is not installed")
    network(tf_keras).save(tmp_path / "saved", save_format="tf")
    assert "tf_keras.models.load_model('FOLDER')" in message(tmp_path / "saved")
    assert message(tmp_path / "saved" / "saved_model.pb").startswith("this is a SavedModel folder; load")
    tf_keras.models.load_model(tmp_path / "saved").save(tmp_path / "model.keras")
    assert len(read_network(str(tmp_path / "model.keras")).nodes) == 3
    network(tf_keras).save_weights(tmp_path / "only")
    assert "model.load_weights('PREFIX')" in message(tmp_path / "only.index")


def test_a_directory_of_keras_tuner(tmp_path: Path) -> None:
    tuners = pytest.importorskip("keras_tuner", reason="keras-tuner is not installed")
    x = np.random.default_rng(0).normal(size=(40, 2))

    def build(choice: Any) -> Any:  # noqa: ANN401
        model = network()
        model.compile(keras.optimizers.Adam(choice.Float("rate", 1e-3, 1e-1, sampling="log")), "mse")
        return model

    tuner = tuners.RandomSearch(build, "val_loss", max_trials=3, directory=tmp_path, project_name="p", seed=0)
    tuner._configure_tensorboard_dir = lambda *_, **__: None  # noqa: SLF001  wants TensorBoard, which may be missing
    tuner.search(x, x[:, :1], validation_data=(x, x[:, :1]), epochs=2, verbose=0)
    out = " ".join(run(tmp_path, "curve", "p").out.split())
    assert "3 trials" in out
    assert "rate" in out
    (weights, *_) = sorted(tmp_path.glob("p/trial_*/checkpoint.weights.h5"))
    assert "a file of weights alone" in message(weights)
    network().save(tmp_path / "model.keras")
    assert run(tmp_path, "check", weights, "--architecture", "model.keras").err == ""
