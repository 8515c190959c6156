"""Losses against Keras itself, in its compiled TensorFlow form."""

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from loss_cases import CASES, Case

UNITS = 3


@cache
def compiled(name: str) -> Any:  # noqa: ANN401
    """Keras's loss as a graph, made once for all seeds."""
    (case,) = (case for case in CASES if str(case) == name)
    return tf.function(getattr(keras.losses, case.name)(**case.options, reduction="none"))


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_keras(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = case.targets(rng, 40, UNITS).astype(np.float32)
    outputs = case.outputs(rng, 40, UNITS).astype(np.float32)
    expected = compiled(str(case))(tf.constant(targets), tf.constant(outputs)).numpy()
    encoded = case.loss.encode(targets.astype(np.float64), UNITS)
    found = case.loss.values(encoded, outputs.astype(np.float64))
    assert found.shape == (40, 1 if case.loss.joint else UNITS)
    np.testing.assert_allclose(found.mean(axis=1), expected, rtol=2e-5, atol=2e-6)
