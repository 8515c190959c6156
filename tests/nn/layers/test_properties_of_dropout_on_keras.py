"""Dropout in training: of the same law as Keras's."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from model_cases import L, Model

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.properties import dropped, rate_of

ROWS = 4000

KINDS: dict[str, tuple[Callable[[float], Model], tuple[int, ...]]] = {
    "Dropout": (L.Dropout, (6,)),
    "one mask for all columns": (lambda rate: L.Dropout(rate, noise_shape=(None, 1)), (6,)),
    "GaussianDropout": (L.GaussianDropout, (6,)),
    "AlphaDropout": (L.AlphaDropout, (6,)),
    "SpatialDropout1D": (L.SpatialDropout1D, (3, 4)),
    "SpatialDropout2D": (L.SpatialDropout2D, (2, 3, 4)),
}


def plain(layer: Model) -> Layer:
    return Layer("drop", type(layer).__name__, layer.get_config())


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_means_spreads_and_ties_are_those_of_keras(name: str, rate: float) -> None:
    keras.utils.set_random_seed(1)
    make, shape = KINDS[name]
    layer = make(rate)
    values = np.broadcast_to(np.linspace(-1, 2, int(np.prod(shape))).reshape(shape), (ROWS, *shape))
    theirs = np.asarray(layer(values.astype(np.float32), training=True), dtype=np.float64).reshape(ROWS, -1)
    ours = dropped(plain(layer), values, np.random.default_rng(2)).reshape(ROWS, -1)
    assert rate_of(plain(layer)) == rate
    spread = max(theirs.std(), 1e-9)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=7 * spread * 2 / np.sqrt(ROWS))
    np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.15 * spread**2 + 0.1 * np.cov(theirs.T).max())
    zeros = [(values[0].reshape(-1) != 0) & (one == 0).any(axis=0) for one in (ours, theirs)]
    np.testing.assert_array_equal(*zeros)
