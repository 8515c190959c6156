"""One loss, whatever the spelling."""

import itertools

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.registry import build


def test_a_file_of_any_spelling_and_order_gives_the_same_loss() -> None:
    names = itertools.product(("mse", "MSE", "mean_squared_error", "MeanSquaredError"), ({}, {"name": "x", "fn": "y"}))
    assert len({build(LossConfig(name, options)) for name, options in names}) == 1
