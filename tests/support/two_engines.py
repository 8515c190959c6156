"""What NumPy and Keras make of one network must be the same, there and back."""

from pathlib import Path
from typing import Any

import numpy as np

from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.keras_engine import KerasEngine
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.passes import Engine
from mlpdoctor.engine.tape import Cotangents
from mlpdoctor.readers.models.model import read_network

EXACT = 1e-9

Model = Any


def read(model: Model, path: Path) -> Network:
    model.save(path)
    return read_network(str(path))


def scattered(model: Model, seed: int = 0) -> Model:
    """The model with no weight at zero or one, so that none can hide."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "float" in str(variable.dtype):
            variable.assign(rng.uniform(0.2, 0.9, variable.shape) * rng.choice([-1, 1], variable.shape))
            if "variance" in variable.name:
                variable.assign(np.abs(np.asarray(variable)))
    return model


def agree(one: Array | None, other: Array | None, tolerance: float, what: str) -> None:
    assert (one is None) == (other is None), what
    if one is not None and other is not None:
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=what)


def engines_agree(network: Network, x: Array, tolerance: float = EXACT, *, training: bool = False) -> None:
    plain: Engine = NumpyEngine(network, training=training)
    through: Engine = KerasEngine.followed(network).at({}, training=training)
    assert not through.coarse
    shown: tuple[list[Any], list[Any]] = ([], [])
    for engine, seen in zip((plain, through), shown, strict=True):
        answers = engine.forward(x, lambda *view, seen=seen: seen.append(view))
        seen.append((len(seen), *answers))
    for one, other in zip(*shown, strict=True):
        assert one[0] == other[0]
        for mine, theirs in zip(one[1:], other[1:], strict=True):
            agree(mine, theirs, tolerance, f"node {one[0]}")
    one, other = plain.record(x), through.record(x)
    rng = np.random.default_rng(1)
    ends, middle = network.outputs, len(network.nodes) // 2
    cotangents = Cotangents(
        before={place: rng.normal(size=one.before[place].shape) for place in {*ends, middle}},
        after={place: rng.normal(size=one.after[place].shape) for place in ends},
    )
    back, again = plain.pull(one, cotangents), through.pull(other, cotangents)
    assert list(back.weights) == list(again.weights)
    for key, values in back.weights.items():
        agree(values, again.weights[key], tolerance, str(key))
    for place, (mine, theirs) in enumerate(zip(back.before, again.before, strict=True)):
        agree(mine, theirs, tolerance, f"sums of node {place}")
    for mine, theirs in zip(back.features, again.features, strict=True):
        agree(mine, theirs, tolerance, "features")
