"""What an activation says of itself is what it does, and nothing rests on what training may change."""

import math

import numpy as np
import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.activations.named import NAMED
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.properties import activation_of, renormalises

SLOPED = [function for function in NAMED.values() if function.derivative is not None and not function.affine]


@pytest.mark.parametrize("function", SLOPED, ids=lambda function: function.name)
def test_rectified_functions_pass_the_positive_side_and_drop_the_other(function: Activation) -> None:
    assert function.derivative is not None
    up, down = function.derivative(np.linspace(1, 5, 41)).mean(), np.abs(function.derivative(np.array([-5.0]))).max()
    grows = function.function(np.array([5.0]))[0] < 10
    assert function.rectified == bool(up > 0.7 and down < 0.5 and grows)


@pytest.mark.parametrize("function", NAMED.values(), ids=lambda function: function.name)
def test_normalising_functions_let_a_unit_grow_at_the_cost_of_the_others(function: Activation) -> None:
    rows = 0.1 * np.random.default_rng(0).normal(size=(5, 6))
    up = rows.copy()
    up[:, 0] += 0.1
    changed = function.function(up)[:, 1:] - function.function(rows)[:, 1:]
    assert function.normalising == bool(np.all(changed <= 0) and np.any(changed < 0) and function.name != "glu")


def prelu(alpha: float, *, trainable: bool = True, units: int = 3) -> Activation:
    layer = Layer("p", "PReLU", {}, {"alpha": np.full(units, alpha, np.float32)}, trainable=trainable)
    found = activation_of(layer)
    assert found is not None
    return found


@pytest.mark.parametrize("alpha", [0.0, -0.5, 0.25, 1.0])
@pytest.mark.parametrize("units", [1, 4])
def test_nothing_bounds_a_prelu_whose_slopes_are_trained(alpha: float, units: int) -> None:
    function = prelu(alpha, units=units)
    assert function.bounds == (-math.inf, math.inf)
    assert not function.gated


@pytest.mark.parametrize("alpha", [0.0, -0.5, 0.25])
def test_false_alarm_avoided_both_ways_a_frozen_one_keeps_its_bound(alpha: float) -> None:
    function = prelu(alpha, trainable=False)
    assert function.bounds == (0.0 if alpha <= 0 else -math.inf, math.inf)
    assert function.gated == (alpha == 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("BatchNormalization", True), ("SyncBatchNormalization", True), ("LayerNormalization", True),
        ("UnitNormalization", True), ("GroupNormalization", True), ("RMSNormalization", True),
        ("Normalization", False), ("Rescaling", False), ("Dense", False), ("PReLU", False), ("Mixer", False),
    ],
)  # fmt: skip
def test_what_brings_numbers_to_size_one_whatever_enters(kind: str, expected: bool) -> None:  # noqa: FBT001
    """Not a Normalization: it divides by moments that were adapted once."""
    assert renormalises(Layer("layer", kind, {})) is expected
