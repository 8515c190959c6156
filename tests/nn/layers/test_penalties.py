"""The spellings of regularisers that files hold, and penalties without a number."""

import numpy as np
import pytest

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.penalties import Regularizer, Unknown, activity_regularizer, regularizer, weight_regularizers


def test_keras_2_counts_frozen_layers() -> None:
    frozen = Layer("d", "Dense", {"kernel_regularizer": "l2"}, {"kernel": np.ones((2, 2))}, trainable=False)
    assert not list(weight_regularizers(frozen))
    older = Layer("d", "Dense", frozen.config, frozen.weights, trainable=False, keras=2)
    assert list(weight_regularizers(older)) == [("kernel", Regularizer("l2", l2=0.01))]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, None),
        ("l1", Regularizer("l1", l1=0.01)),
        ("L2", Regularizer("l2", l2=0.01)),
        ("l1_l2", Regularizer("l1_l2", 0.01, 0.01)),
        ("L1L2", None),
        ({"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}, Regularizer("l2", l2=0.5)),
        ({"class_name": "l2", "config": {"l2": 0.5}}, Regularizer("l2", l2=0.5)),
        ({"class_name": "L1", "config": {"l1": {"class_name": "__numpy__", "config": {"value": 0.5}}}}, "l1 0.5"),
        ({"class_name": "L2", "config": {"l2": 0.0}}, None),
        ({"class_name": "L2", "config": {}}, Regularizer("l2", l2=0.01)),
        (
            {"class_name": "OrthogonalRegularizer", "config": {"factor": 0.5, "mode": "columns"}},
            Regularizer("orthogonal", orthogonal=0.5, mode="columns"),
        ),
        ({"module": "my.losses", "class_name": "L2", "config": {"l2": 1.0}, "registered_name": "L2"}, Unknown("L2")),
        ({"class_name": "my_package>Shrink", "config": {}}, Unknown("Shrink")),
        ({"module": "builtins", "class_name": "function", "config": "shrink"}, Unknown("shrink")),
        ("shrink", Unknown("shrink")),
    ],
)
def test_every_spelling_is_understood(spec: object, expected: object) -> None:
    assert regularizer(spec) == (Regularizer("l1", l1=0.5) if expected == "l1 0.5" else expected)


def test_the_regularisers_of_a_layer_of_an_unknown_kind_are_named() -> None:
    inner = {"class_name": "Dense", "config": {"kernel_regularizer": "l2", "activity_regularizer": "l1"}}
    wrapper = Layer("w", "TimeDistributed", {"layer": inner, "more": [{"beta_regularizer": None}]})
    assert list(weight_regularizers(wrapper)) == [("kernel", Unknown("l2"))]


def test_activity_regularisers_are_found_in_layers_frozen_or_not() -> None:
    own = Layer("a", "ActivityRegularization", {"l1": 0.1, "l2": 0.0}, trainable=False)
    assert activity_regularizer(own) == Regularizer("l1", l1=0.1)
    assert activity_regularizer(Layer("d", "Dense", {"activity_regularizer": "l2"})) == Regularizer("l2", l2=0.01)
    assert activity_regularizer(Layer("d", "Dense", {"activity_regularizer": None})) is None


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_orthogonality_is_of_matrices_alone(shape: tuple[int, ...]) -> None:
    assert Regularizer("orthogonal", orthogonal=1.0).of(np.ones(shape)) is None


def test_weights_of_a_diverged_training_give_a_number_without_a_warning() -> None:
    assert Regularizer("l1", l1=1.0).of(np.full((2, 2), 1e200)) == 4e200
    assert Regularizer("l2", l2=1.0).of(np.full((2, 2), 1e200)) == np.inf
    assert np.isnan(Regularizer("orthogonal", orthogonal=1.0).of(np.full((2, 2), np.inf)) or 0.0)
