"""Small Keras models whose optimizer has made some updates with gradients we choose, as files and as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from model_cases import L, Model, stack

from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.readers.models.model import read_network

MADE = 7


def model_with(optimizer: Any, kind: str = "float64", made: int = MADE, seed: int = 0) -> Model:  # noqa: ANN401
    """A model that was given so many gradients, of very different sizes and some of them zero."""
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(4, "tanh", dtype=kind, name="first"), L.Dense(2, dtype=kind, name="last"))
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(seed)
    for _ in range(made):
        model.optimizer.apply(in_order(model, gradients(model, rng)), model.trainable_variables)
    return model


def gradients(model: Model, rng: np.random.Generator, scale: float = 1.0) -> dict[Key, Array]:
    """Random ones, from 1e-4 to 10 in size, a tenth of them zero, exact in float32 too."""
    found = {}
    for key, variable in variables(model).items():
        sizes = scale * 10 ** rng.uniform(-4, 1, variable.shape)
        values = np.where(rng.uniform(size=variable.shape) < 0.1, 0.0, sizes * rng.normal(size=variable.shape))
        found[key] = values.astype(np.float32).astype(np.float64)
    return found


def variables(model: Model) -> dict[Key, Any]:
    return {(layer.name, v.name): v for layer in model.layers for v in layer.trainable_variables}


def in_order(model: Model, given: Mapping[Key, Array]) -> list[Any]:
    return [keras.ops.convert_to_tensor(given[key], dtype=v.dtype) for key, v in variables(model).items()]


def weights(model: Model) -> dict[Key, Array]:
    return {key: np.asarray(v, dtype=np.float64) for key, v in variables(model).items()}


def moved_by_keras(model: Model, given: Mapping[Key, Array]) -> dict[Key, Array]:
    """What Keras's own optimizer adds to each weight."""
    before = weights(model)
    model.optimizer.apply(in_order(model, given), model.trainable_variables)
    return {key: after - before[key] for key, after in weights(model).items()}


def saved(folder: Path, model: Model, form: str = "keras") -> Optimizer:
    """The optimizer as mlpdoctor reads it from a file."""
    model.save(path := folder / f"model.{form}")
    optimizer = read_network(str(path)).optimizer
    assert optimizer is not None
    return optimizer
