"""Every layer family against the Keras layer itself, saved in both formats and read back."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from layer_cases import RNG, SEVERAL, SINGLE

from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.nn.layers.properties import families
from mlpdoctor.readers.models.model import read_network

L = keras.layers
FORMATS = ["keras", "h5"]


def randomized(model: Any) -> Any:  # noqa: ANN401
    """Weights that hide no mix-up: none is zero, none is one, variances positive."""
    for variable in model.variables:
        if variable.dtype == "float32" and variable.name not in {"mean", "variance"}:
            variable.assign(RNG.uniform(0.2, 1.5, variable.shape))
    return model


def outputs_agree(model: Any, path: Path, features: list[Any]) -> None:  # noqa: ANN401
    model.save(path)
    network = read_network(str(path))
    expected = model.predict(features if len(features) > 1 else features[0], verbose=0)
    rows = np.concatenate([part.reshape(len(part), -1) for part in features], axis=1).astype(np.float64)
    (found,) = NumpyEngine(network).forward(rows)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)
    assert network.nodes[network.outputs[0]].shape == expected.shape[1:]


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling:UserWarning")
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", sorted(SINGLE))
def test_layer_of_one_input(name: str, suffix: str, tmp_path: Path) -> None:
    shape, make = SINGLE[name]
    model = randomized(keras.Sequential([keras.Input(shape), make(L)]))
    features = RNG.normal(size=(9, *shape)).astype(np.float32)
    outputs_agree(model, tmp_path / f"model.{suffix}", [features])


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", sorted(SEVERAL))
def test_layer_of_several_inputs(name: str, suffix: str, tmp_path: Path) -> None:
    shapes, make = SEVERAL[name]
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, make(L)(inputs))
    features = [RNG.normal(size=(9, *shape)).astype(np.float32) for shape in shapes]
    outputs_agree(model, tmp_path / f"model.{suffix}", features)


@pytest.mark.parametrize("suffix", FORMATS)
def test_embedding(suffix: str, tmp_path: Path) -> None:
    model = randomized(keras.Sequential([keras.Input((3,)), L.Embedding(10, 4), L.Flatten(), L.Dense(1)]))
    ids = RNG.integers(0, 10, (9, 3)).astype(np.float32)
    outputs_agree(model, tmp_path / f"model.{suffix}", [ids])


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling:UserWarning")
def test_every_family_is_compared() -> None:
    compared = {type(make(L)).__name__ for _, make in (SINGLE | SEVERAL).values()}
    only_keras_2 = {"ThresholdedReLU", "SyncBatchNormalization"}
    assert set(families()) - {"InputLayer", "Embedding"} - only_keras_2 <= compared
