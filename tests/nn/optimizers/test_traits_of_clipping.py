"""The next step where a gradient is missing or no number."""

import numpy as np
import pytest

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.traits import Step, kept_options, next_step


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_said(bad: float) -> None:
    optimizer = Optimizer("SGD", {"learning_rate": 0.1}, None, 0.1)
    key = ("dense", "kernel")
    assert next_step(optimizer, {key: np.ones(2)}, {key: np.array([1.0, bad])}) == "the gradient is not finite"


def test_weights_without_a_gradient_stay() -> None:
    optimizer = Optimizer("AdamW", {"learning_rate": 0.1}, None, 0.1)
    trained, frozen = ("a", "kernel"), ("b", "kernel")
    step = next_step(optimizer, {trained: np.ones(2), frozen: np.ones(2)}, {trained: np.ones(2)})
    assert isinstance(step, Step)
    assert set(step.updates) == {trained}
    np.testing.assert_allclose(step.updates[trained], -0.1 * 0.004 - 0.1, rtol=1e-5)


def test_a_line_with_another_rate_keeps_the_clipping() -> None:
    options = {"learning_rate": 0.1, "momentum": 0.9, "clipnorm": 0.5, "clipvalue": None}
    assert kept_options(Optimizer("SGD", options, None, 0.1)) == ("momentum=0.9", "clipnorm=0.5")
    assert kept_options(Optimizer("Adam", {"learning_rate": 0.1}, None, 0.1)) == ()
