r"""Writes a small trained model with an old TensorFlow, as on Windows too, for ``test_keras_folders``.

    python3.11 -m venv old && old/bin/pip install tensorflow-cpu==2.14.1   # also 2.13.1 and 2.15.1
    old/bin/python tests/readers/models/make_samples.py

On Windows ``tf.io.gfile.join`` puts backslashes between names; here it is told to, which is all the difference.
``<version>.npz`` holds ``x`` and what that TensorFlow predicts for it, ``y``.
"""

import ntpath
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v2 as tf

FOLDER = Path(__file__).parent / "samples"
keras = tf.keras
L = keras.layers


def nested() -> Any:  # noqa: ANN401
    """Three layers of one class beside a model with two more of it, after five updates."""
    body = keras.Sequential([keras.Input((3,)), L.Dense(4, "tanh"), L.Dropout(0.1), L.Dense(3)], name="body")
    entry = keras.Input((2,), name="entry")
    hidden = L.Dense(3, "relu", name="first")(entry)
    joined = L.Concatenate(name="join")([body(hidden), L.Dense(2, name="second")(entry)])
    model = keras.Model(entry, L.Dense(1, name="third")(L.BatchNormalization(name="norm")(joined)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x = np.random.default_rng(0).normal(size=(16, 2))
    model.fit(x, x[:, :1] * x[:, 1:], epochs=5, batch_size=16, shuffle=False, verbose=0)
    return model


def packed(model: Any, path: Path) -> None:  # noqa: ANN401
    """Save a model and zip it again, packed: most of so small an HDF5 file is empty."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def main() -> None:
    """Save the model as this system does, and as Windows does."""
    FOLDER.mkdir(exist_ok=True)
    version = "tf" + "".join(tf.__version__.split(".")[:2])
    keras.utils.set_random_seed(0)
    model = nested()
    x = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")
    np.savez(FOLDER / f"{version}.npz", x=x, y=model.predict(x, verbose=0))
    packed(model, FOLDER / f"{version}.keras")
    tf.io.gfile.join = ntpath.join
    packed(model, FOLDER / f"{version}-windows.keras")


if __name__ == "__main__":
    main()
