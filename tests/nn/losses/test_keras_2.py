"""What Keras 2 computes otherwise."""

import numpy as np
import pytest

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.registry import build

PROBABILITIES = np.array([[0.0], [1e-8], [1e-6], [0.3], [0.999999], [1.0]])
COMPILED = {
    ("BinaryCrossentropy", 0.0): [0.0, 0.0, 8.940701e-07, 0.3566748, 13.691093, 15.249238],
    ("BinaryCrossentropy", 1.0): [15.424949, 15.424949, 13.720201, 1.2039725, 8.940701e-07, 0.0],
    ("BinaryFocalCrossentropy", 0.0): [0.0, 0.0, 9.18e-19, 0.03210073, 13.691066, 15.249238],
    ("BinaryFocalCrossentropy", 1.0): [15.424949, 15.424949, 13.720173, 0.5899465, 9.18e-19, 0.0],
}
"""By loss and label. Made with TensorFlow 2.15.1: ``tf.function(lambda y, p: loss(y, p))`` with
``loss = tf.keras.losses.BinaryCrossentropy(reduction="none")``, labels of shape (6, 1) and these probabilities in
float32, as constants that are no activation's result."""


@pytest.mark.parametrize(("name", "label"), COMPILED)
def test_keras_2_adds_a_second_epsilon(name: str, label: float) -> None:
    loss = build(LossConfig(name), keras=2)
    assert loss is not None
    found = loss.values(np.full((6, 1), label), PROBABILITIES.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(found[:, 0], COMPILED[name, label], rtol=1e-3, atol=3e-7)
    np.testing.assert_allclose(
        found[[0, 1, 3, 5], 0], np.array(COMPILED[name, label])[[0, 1, 3, 5]], rtol=2e-6, atol=2e-7
    )
