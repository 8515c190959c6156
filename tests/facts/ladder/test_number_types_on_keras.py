"""What is proved of a file holds in the arithmetic that its dtype policies name, and under Keras's own numbers."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from hand_built import examined
from keras import layers
from keras_fit import fit

from mlpdoctor.core.finding import Certainty
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.nn.saved_options import floatx
from mlpdoctor.readers.models.model import read_network

POLICIES = ["float32", "float64", "mixed_float16", "mixed_bfloat16", "default float64"]


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "default float64":
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
    else:
        keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def trained(tmp_path: Path, *above: keras.layers.Layer, loss: str = "mse") -> tuple[float, object]:
    """The loss Keras tells of a model that is trained here, and what is proved of its file."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = (x[:, :1] + 0.5 * rng.normal(size=(200, 1)) > 0).astype(float)
    model = keras.Sequential([keras.Input((2,)), *above])
    model.compile(keras.optimizers.Adam(0.05), loss)
    fit(model, x, y, batch=200, epochs=30)
    model.save(tmp_path / "model.keras")
    told = float(model.evaluate(x, y, verbose=0))
    network = read_network(str(tmp_path / "model.keras"))
    assert floatx(network) == keras.config.floatx()
    return told, examined(network, x, y).get(ArchitectureFloor)


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.filterwarnings("ignore:(?s).*softmax over axis:UserWarning")
def test_a_softmax_of_one_unit_is_bounded_only_where_its_logit_is_forgotten(policy: str, tmp_path: Path) -> None:
    told, floor = trained(tmp_path, layers.Dense(1, "softmax"), loss="binary_crossentropy")
    forgotten = policy not in ("float32", "default float64")
    assert isinstance(floor, ArchitectureFloor)
    assert floor.total <= told * (1 + 1e-6)
    if forgotten:
        assert floor.total == pytest.approx(told, rel=1e-6)
        assert floor.certainty is Certainty.PROVED
    else:
        assert told < 1


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"], indirect=True)
def test_an_affine_network_is_no_proof_in_half_precision(policy: str, tmp_path: Path) -> None:
    told, floor = trained(tmp_path, layers.Dense(3), layers.Dense(1))
    assert isinstance(floor, ArchitectureFloor)
    half = "16" in policy
    assert floor.certainty is (Certainty.ESTIMATED if half else Certainty.PROVED)
    assert (floor.doubt or "").endswith(policy if half else "")
    assert floor.total <= told * (1 + 1e-6)
