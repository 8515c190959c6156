"""The sharpness of networks that normalise is the largest curvature within its error bar, however small their sums."""

import numpy as np
import pytest
from hand_built import Draft, drawn, examined

from mlpdoctor.analysis.curvature import Vectors
from mlpdoctor.core import threads
from mlpdoctor.core.network import Array
from mlpdoctor.engine.gradient import loss_gradient
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.curvature import Curvature
from mlpdoctor.statistics.views import Rows

STEP = 1e-4


@pytest.mark.parametrize("size", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("kind", ["LayerNormalization", "BatchNormalization"])
@pytest.mark.parametrize("seed", range(2))
def test_some_eigenvalue_lies_within_the_bar(kind: str, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    draft = Draft(2)
    hidden = draft.call(kind, draft.dense(0, 4))
    network = drawn(draft.network(draft.dense(draft.call("Activation", hidden, activation="tanh"), 1)), seed, size)
    x, y = rng.normal(size=(40, 2)), rng.normal(size=(40, 1))
    with threads.one():
        known = examined(network, x, y)
        found, objective = known.get(Curvature), known.get(Objective)
        assert isinstance(found, Curvature)
        assert found.saved is not None
        engine = NumpyEngine(network).at({}, training=True)
        vectors = Vectors(engine.weights)
        here = vectors.vector(engine.weights)
        rows = Rows(x, y, np.arange(40.0), None)

        def slope(weights: Array) -> Array:
            gradient, _, _ = loss_gradient(engine.at(vectors.weights(weights)), objective.heads, rows)
            return vectors.vector(gradient.weights) / 40

        def bend(direction: Array) -> Array:
            """A central difference of the fourth order."""
            near, far = (slope(here + k * STEP * direction) - slope(here - k * STEP * direction) for k in (1, 2))
            return np.asarray((8 * near - far) / (12 * STEP), np.float64)

        exact = np.linalg.eigvalsh(np.stack([bend(unit) for unit in np.eye(vectors.size)]))
    off = np.abs(exact - found.saved.value).min()
    assert off <= found.saved.error + 1e-6 * exact[-1]
    assert found.saved.value - exact[-1] <= found.saved.error + 1e-6 * exact[-1]
    assert found.saved.error <= 0.05 * exact[-1]
