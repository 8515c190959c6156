"""Constraints on weights, beside Keras's own."""

from typing import Any

import keras
import numpy as np
import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.penalties import constraint

C = keras.constraints


@pytest.mark.parametrize(
    "own",
    [
        C.MaxNorm(0.7),
        C.MaxNorm(1.5, axis=1),
        C.MaxNorm(0.3, axis=[0, 1]),
        C.UnitNorm(),
        C.MinMaxNorm(0.5, 0.8),
        C.MinMaxNorm(0.9, 1.2, rate=0.3, axis=1),
        C.NonNeg(),
    ],
    ids=lambda own: f"{type(own).__name__} {own.get_config()}",
)
@pytest.mark.parametrize("seed", range(3))
def test_a_weight_ends_where_keras_puts_it(own: Any, seed: int) -> None:  # noqa: ANN401
    weight = np.random.default_rng(seed).normal(size=(4, 6)).astype(np.float32)
    layer = Layer("dense", "Dense", {"kernel_constraint": keras.constraints.serialize(own)})
    found = constraint(layer, "kernel")
    assert found is not None
    expected = np.asarray(own(keras.ops.convert_to_tensor(weight)))
    np.testing.assert_allclose(found(weight.astype(np.float64)), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["non_neg", "unit_norm", "max_norm", "min_max_norm"])
def test_a_bare_name_means_the_defaults(name: str) -> None:
    """Keras 2 configurations by hand may hold one."""
    weight = np.random.default_rng(0).normal(size=(5, 3)) * 3
    found = constraint(Layer("dense", "Dense", {"bias_constraint": name}), "bias")
    assert found is not None
    expected = np.asarray(keras.constraints.get(name)(keras.ops.convert_to_tensor(weight.astype(np.float32))))
    np.testing.assert_allclose(found(weight), expected, rtol=2e-6, atol=1e-6)
