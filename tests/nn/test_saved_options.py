"""Options of the wrong type or range are told; all that Keras, NumPy and the old formats write is let through."""

from collections.abc import Mapping
from typing import Any

import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.saved_options import EXPECTED, fault, layer_fault

SCHEDULE = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 10}}
NUMPY = {"class_name": "__numpy__", "config": {"value": 0.5, "dtype": "float32"}}


@pytest.mark.parametrize(
    "config",
    [
        {"units": 3, "activation": "relu", "use_bias": True, "dtype": "float32", "name": "units"},
        {"rate": 0.5, "noise_shape": None, "seed": 3},
        {"axis": -1, "epsilon": 1e-3, "momentum": 0.99, "scale": True, "center": False},
        {"layer": {"class_name": "Normalization", "config": {"axis": [3], "mean": [0.0, 1.0], "variance": [[1.0]]}}},
        {"layer": {"class_name": "Rescaling", "config": {"scale": [0.1, 0.2], "offset": NUMPY}}},
        {"batch_input_shape": [None, 3]},
        {"target_shape": {"class_name": "__tuple__", "items": [2, 1]}},
        {"max_value": None, "negative_slope": NUMPY},
        {"kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_in"}}},
        {"bias_initializer": {"class_name": "Constant", "config": {"value": NUMPY}}},
        {"kernel_regularizer": {"class_name": "Mine", "registered_name": "my>Mine", "config": {"l2": "much"}}},
        {"kernel_regularizer": {"class_name": "Mine", "module": "my.code", "config": {"l2": "much"}}},
        {"alpha_initializer": {"class_name": "Zeros", "config": {}}, "shared_axes": [1]},
        {"learning_rate": SCHEDULE, "beta_1": 0.9, "clipnorm": None},
        {"learning_rate": 1e-3, "decay": 0.0, "epsilon": NUMPY},
        {"delta": 1.0, "label_smoothing": 0, "alpha": [0.25, 0.75]},
    ],
)
def test_what_is_written_by_keras_is_let_through(config: Mapping[str, Any]) -> None:
    assert fault(config) is None


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"units": "3"}, "units = '3', where Keras has a whole number from 1"),
        ({"units": 0}, "units = 0, where Keras has a whole number from 1"),
        ({"units": 2.5}, "a whole number from 1"),
        ({"units": 10**30}, "a whole number from 1"),
        ({"units": float("inf")}, "a whole number from 1"),
        ({"rate": 1.5}, "rate = 1.5, where Keras has a number from 0 to 1"),
        ({"epsilon": [1, 2]}, "epsilon = [1, 2], where Keras has a number"),
        ({"epsilon": {"value": "x"}}, "a number"),
        ({"axis": "last"}, "one axis or a list of them"),
        ({"offset": [[1], [2, 3]]}, "numbers"),
        ({"mean": [0.0, 1.0]}, "mean = [0.0, 1.0], where Keras has a number"),
        ({"beta_1": 1.0}, "a number from 0 and below 1"),
        ({"clipnorm": -1}, "a number from 0"),
        ({"batch_shape": [None, "x"]}, "a list of lengths"),
        ({"target_shape": 5}, "a list of whole numbers"),
        ({"learning_rate": {"class_name": "CosineDecay", "config": {"decay_steps": "many"}}}, "decay_steps = 'many'"),
        ({"kernel_regularizer": {"class_name": "L2", "config": {"l2": []}}}, "l2 = [], where Keras has a number"),
        ({"momentum": "z" * 500}, "momentum = '" + "z" * 39 + "..., where Keras has a number"),
    ],
)
def test_what_keras_cannot_have_written_is_told(config: Mapping[str, Any], told: str) -> None:
    assert told in str(fault(config))


def test_of_layers_that_are_not_computed_only_what_is_read_is_looked_at() -> None:
    strange = {"units": "x", "axis": "x", "kernel_initializer": {"class_name": "Zeros", "config": {"gain": "x"}}}
    assert "units" in str(layer_fault(Layer("a", "LSTM", strange)))
    assert "gain" in str(layer_fault(Layer("a", "LSTM", {**strange, "units": 3})))
    assert layer_fault(Layer("a", "LSTM", {"axis": "x"})) is None
    assert layer_fault(Layer("a", "Dense", strange, registered="my>Dense")) is None


def test_no_option_is_expected_to_be_two_things() -> None:
    from mlpdoctor.nn.saved_options import KINDS

    assert len(EXPECTED) == sum(map(len, KINDS.values()))
