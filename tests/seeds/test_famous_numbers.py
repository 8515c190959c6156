"""The number of one class for all rows, by the Keras that printed it."""

import numpy as np
import pytest

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.registry import build


@pytest.mark.parametrize(
    ("keras_version", "answer", "number"), [(2, 1.0, 7.6246), (2, 0.0, 7.7125), (3, 1.0, 7.9712), (3, 0.0, 8.0590)]
)
def test_the_price_of_calling_all_rows_the_same_depends_on_the_keras(
    keras_version: int, answer: float, number: float
) -> None:
    loss = build(LossConfig("binary_crossentropy"), keras_version)
    assert loss is not None
    values = loss.values(np.array([[0.0], [1.0]]), np.full((2, 1), answer))
    assert float(values.mean()) == pytest.approx(number, abs=1e-4)
