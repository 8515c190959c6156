"""Small models of the kinds that only Keras runs, with data to train them on; every draw has its seed."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Model = Any
Table = npt.NDArray[Any]

L = keras.layers
SIDE = 8


def stripes(rows: int, seed: int, noise: float = 0.05) -> tuple[Table, Table]:
    """Grey images between 0 and 1 with upright, level or slanted stripes, and which it is."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, rows)
    across, down = np.array([1.5, 0.0, 1.1])[kind], np.array([0.0, 1.5, 1.1])[kind]
    grid, start = np.arange(SIDE), rng.uniform(0, 2 * np.pi, rows)
    waves = np.sin(across[:, None, None] * grid + down[:, None, None] * grid[:, None] + start[:, None, None])
    grey = 0.5 + 0.4 * waves + noise * rng.normal(size=waves.shape)
    return np.clip(grey, 0, 1)[..., None], kind[:, None]


def walks(rows: int, seed: int, steps: int = 8) -> tuple[Table, Table]:
    """Sequences of two numbers, and a bent function of where the first has walked to."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, steps, 2))
    return x, (np.tanh(x[:, :, 0].sum(axis=1) / 2) + 0.5 * x[:, -1, 1])[:, None]


def words(rows: int, seed: int, length: int = 8) -> tuple[Table, Table]:
    """Word numbers, and whether more than two of them are below 8."""
    ids = np.random.default_rng(seed).integers(1, 30, (rows, length))
    return ids, ((ids < 8).sum(axis=1) > 2)[:, None].astype(np.int64)


def images(*layers: Model) -> Model:
    """A sequential model on the stripes."""
    return keras.Sequential([keras.Input((SIDE, SIDE, 1)), *layers])


def convolutional(activation: str = "relu", *, normalised: bool = False, head: Model = None) -> Model:
    """Two convolutions and a head: plain, or with BatchNormalization between sums and activation."""
    inner: list[Model] = []
    for filters in (8, 12):
        if normalised:
            inner += [L.Conv2D(filters, 3, use_bias=False), L.BatchNormalization(), L.Activation(activation)]
        else:
            inner += [L.Conv2D(filters, 3, activation=activation)]
    pooled = L.AveragePooling2D(2) if normalised else L.MaxPooling2D(2)
    tail = L.Flatten() if normalised else L.GlobalAveragePooling2D()
    return images(*inner, pooled, tail, L.Dense(16, activation), head or L.Dense(3, "softmax"))


def recurrent(kind: Model, steps: int = 8) -> Model:
    """One recurrent layer and a linear head."""
    return keras.Sequential([keras.Input((steps, 2)), kind, L.Dense(1)])


def attentive(length: int = 8) -> Model:
    """Embedding, attention with skip connections, a mean over positions."""
    entry = keras.Input((length,))
    looked_up = L.Embedding(30, 12)(entry)
    attended = L.LayerNormalization()(L.Add()([looked_up, L.MultiHeadAttention(2, 6)(looked_up, looked_up)]))
    fed = L.Dense(12)(L.Dense(24, "relu")(attended))
    mean = L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Add()([attended, fed])))
    return keras.Model(entry, L.Dense(1, "sigmoid")(mean))
