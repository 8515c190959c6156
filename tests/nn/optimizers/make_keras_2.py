"""Write ``keras_2.zip``: models of Keras 2, a gradient each, and where Keras's own optimizer moves the weights with it.

Run once, with an old TensorFlow: ``old/bin/pip install tensorflow==2.15.1``, ``old/bin/python make_keras_2.py``.
Each ``<name>.h5`` comes with ``<name>.npz``: for each weight, in order, ``given`` is its gradient, ``before`` its value
and ``after`` its value after one update. Names with ``old-`` are the classes from before Keras 2.11.
"""

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

keras = tf.keras
O = keras.optimizers  # noqa: E741
MADE = 25
OPTIMIZERS: dict[str, Any] = {
    "sgd": O.SGD(0.02),
    "momentum": O.SGD(0.02, momentum=0.9),
    "nesterov": O.SGD(0.02, momentum=0.8, nesterov=True),
    "rmsprop": O.RMSprop(0.02),
    "rmsprop-all": O.RMSprop(0.02, momentum=0.5, centered=True),
    "adam": O.Adam(0.02, weight_decay=0.3),
    "amsgrad": O.Adam(0.02, amsgrad=True, global_clipnorm=1.5),
    "adamw": O.AdamW(0.02),
    "nadam": O.Nadam(0.02),
    "adamax": O.Adamax(0.02),
    "adagrad": O.Adagrad(0.02),
    "adadelta": O.Adadelta(0.5),
    "lion": O.Lion(0.02, clipvalue=0.4),
    "ftrl": O.Ftrl(0.02),
    "old-sgd": O.legacy.SGD(0.02, decay=0.3),
    "old-momentum": O.legacy.SGD(0.02, momentum=0.9),
    "old-nesterov": O.legacy.SGD(0.02, momentum=0.8, nesterov=True, clipnorm=0.7),
    "old-rmsprop": O.legacy.RMSprop(0.02, epsilon=0.01),
    "old-adam": O.legacy.Adam(0.02, decay=0.3),
    "old-amsgrad": O.legacy.Adam(0.02, amsgrad=True),
    "old-nadam": O.legacy.Nadam(0.02),
    "old-adamax": O.legacy.Adamax(0.02),
    "old-adagrad": O.legacy.Adagrad(0.02, epsilon=0.01),
    "old-adadelta": O.legacy.Adadelta(0.5),
}


def gradients(model: Any, rng: np.random.Generator) -> list[Any]:  # noqa: ANN401
    """Gradients from 1e-4 to 10 in size, a tenth of them zero."""
    sizes = [10 ** rng.uniform(-4, 1, v.shape) * rng.normal(size=v.shape) for v in model.trainable_variables]
    return [np.where(rng.uniform(size=size.shape) < 0.1, 0.0, size).astype("float32") for size in sizes]


def write(folder: Path, name: str, optimizer: Any) -> None:  # noqa: ANN401
    """Train a little, save, and take one step more."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4, "tanh", name="first"), keras.layers.Dense(2, name="last")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(3)
    for _ in range(MADE):
        optimizer.apply_gradients(zip(map(tf.constant, gradients(model, rng)), model.trainable_variables, strict=True))
    model.save(folder / f"{name}.h5", save_format="h5")
    given, before = gradients(model, rng), [v.numpy() for v in model.trainable_variables]
    optimizer.apply_gradients(zip(map(tf.constant, given), model.trainable_variables, strict=True))
    after = [v.numpy() for v in model.trainable_variables]
    lists = {"given": given, "before": before, "after": after}
    np.savez(
        folder / f"{name}.npz", **{f"{what}{i}": array for what, some in lists.items() for i, array in enumerate(some)}
    )


def main() -> None:
    """Write them all into one archive, for HDF5 is mostly padding."""
    with tempfile.TemporaryDirectory() as folder:
        for name, optimizer in OPTIMIZERS.items():
            write(Path(folder), name, optimizer)
        with zipfile.ZipFile(
            Path(__file__).with_name("keras_2.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9
        ) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)


if __name__ == "__main__":
    main()
