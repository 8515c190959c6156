"""Writes the good models for ``test_keras_damage``: ``python tests/readers/models/make_good.py``, with Keras."""

from pathlib import Path

import keras
import numpy as np

L = keras.layers
FOLDER = Path(__file__).parent / "good"


def main() -> None:
    """A nested model after one update, in each format, and its weights alone."""
    FOLDER.mkdir(exist_ok=True)
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((3,)), L.Dense(3, "tanh", name="d")], name="inner")
    entry = keras.Input((3,), name="entry")
    joined = L.Concatenate(name="join")([inner(entry), entry])
    model = keras.Model(entry, L.Dense(1, name="out")(L.BatchNormalization(name="norm")(joined)))
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 3)), np.zeros((4, 1)), verbose=0)
    model.save(FOLDER / "good.keras")
    model.save(FOLDER / "good.h5")
    model.save_weights(FOLDER / "only.weights.h5")


if __name__ == "__main__":
    main()
