"""When Keras looks behind an activation and reads its logits: real models, evaluated as compiled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from mlpdoctor.core.network import Array, LossConfig
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.losses.registry import build

ROWS = 8
Ends = Callable[[int], list[Any]]


def sigmoid_then(*more: Callable[[], Any]) -> Ends:
    return lambda units: [layers.Dense(units, "sigmoid"), *(layer() for layer in more)]


KEEP_LOGITS: dict[str, Ends] = {
    "Dense(sigmoid)": sigmoid_then(),
    "Dense(softmax)": lambda units: [layers.Dense(units, "softmax")],
    "Activation(sigmoid)": lambda units: [layers.Dense(units), layers.Activation("sigmoid")],
    "Activation(softmax)": lambda units: [layers.Dense(units), layers.Activation("softmax")],
    "Softmax": lambda units: [layers.Dense(units), layers.Softmax()],
    "sigmoid, Activation(linear)": sigmoid_then(lambda: layers.Activation("linear")),
    "sigmoid, Identity": sigmoid_then(layers.Identity),
    "sigmoid, Dropout": sigmoid_then(lambda: layers.Dropout(0.5)),
    "sigmoid, GaussianNoise": sigmoid_then(lambda: layers.GaussianNoise(0.5)),
    "sigmoid, ActivityRegularization": sigmoid_then(layers.ActivityRegularization),
}
"""Layers whose output still is the tensor beside which Keras keeps the logits (not Identity and Dropout in Keras 2)."""
LOSE_LOGITS: dict[str, Ends] = {
    "sigmoid, Reshape": lambda units: [layers.Dense(units, "sigmoid"), layers.Reshape((units,))],
    "sigmoid, Flatten": sigmoid_then(layers.Flatten),
    "sigmoid, Rescaling": sigmoid_then(lambda: layers.Rescaling(0.5)),
    "softmax, Reshape": lambda units: [layers.Dense(units, "softmax"), layers.Reshape((units,))],
    "sigmoid of float64": lambda units: [layers.Dense(units, "sigmoid", dtype="float64")],
}
"""Layers that make a tensor of their own, or one that Keras casts to float32."""
CROSSENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


def evaluated(
    ends: Ends, loss: str, units: int, *, from_logits: bool = False
) -> tuple[float, Loss, Array, Array, Array]:
    """The compiled loss; the loss, encoded targets, logits and answers."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(units)
    logits = (40 * rng.normal(size=(ROWS, units))).astype(np.float32)
    model = keras.Sequential([layers.Input((units,)), *ends(units)])
    kernel, bias = model.get_weights()
    model.set_weights([np.eye(units, dtype=kernel.dtype), bias])
    options = {"from_logits": True} if from_logits else {}
    model.compile(loss=getattr(keras.losses, build_name(loss))(**options))
    classes = rng.integers(0, units, (ROWS, 1))
    labels = np.eye(units)[classes[:, 0]] if loss.startswith("categorical") else rng.integers(0, 2, (ROWS, units))
    targets = (classes if loss.startswith("sparse") else labels).astype(np.float32)
    found = model.evaluate(logits, targets, verbose=0)
    ours = build(LossConfig(loss, options))
    assert ours is not None
    encoded = ours.encode(targets.astype(np.float64), units)
    return found, ours, encoded, logits.astype(np.float64), np.asarray(model(logits, training=False), np.float64)


def build_name(snake: str) -> str:
    return "".join(word.capitalize() for word in snake.split("_"))


def on_logits(loss: Loss) -> Loss:
    return replace(loss, **{"from_logits": True})  # noqa: PIE804 - not a field of every loss


@pytest.mark.filterwarnings("ignore:.*from_logits=True")
@pytest.mark.parametrize("loss", CROSSENTROPIES)
@pytest.mark.parametrize("ends", KEEP_LOGITS)
def test_crossentropies_read_the_logits_of_whatever_made_them(ends: str, loss: str) -> None:
    """Also the binary one those of a softmax, and the categorical one, as if a softmax followed, those of a sigmoid."""
    found, ours, targets, logits, answers = evaluated(KEEP_LOGITS[ends], loss, 3)
    np.testing.assert_allclose(found, on_logits(ours).values(targets, logits).mean(), rtol=1e-4)
    assert not np.isclose(found, ours.values(targets, answers).mean(), rtol=1e-2)


@pytest.mark.parametrize("loss", CROSSENTROPIES)
@pytest.mark.parametrize("ends", LOSE_LOGITS)
def test_any_other_layer_in_between_hides_the_logits(ends: str, loss: str) -> None:
    found, ours, targets, _, answers = evaluated(LOSE_LOGITS[ends], loss, 3)
    np.testing.assert_allclose(found, ours.values(targets, answers).mean(), rtol=1e-3)


@pytest.mark.parametrize("loss", CROSSENTROPIES)
def test_from_logits_is_void_where_keras_reads_them_anyway(loss: str) -> None:
    with pytest.warns(UserWarning, match="from_logits=True"):
        found, ours, targets, logits, _ = evaluated(KEEP_LOGITS["Dense(sigmoid)"], loss, 3, from_logits=True)
    np.testing.assert_allclose(found, ours.values(targets, logits).mean(), rtol=1e-4)


@pytest.mark.parametrize("loss", CROSSENTROPIES)
def test_from_logits_of_hidden_logits_takes_probabilities_for_logits(loss: str) -> None:
    found, ours, targets, _, answers = evaluated(LOSE_LOGITS["sigmoid, Reshape"], loss, 3, from_logits=True)
    np.testing.assert_allclose(found, ours.values(targets, answers).mean(), rtol=1e-4)


@pytest.mark.filterwarnings("ignore:.*softmax over axis")
def test_a_softmax_of_one_unit_is_trained_as_a_sigmoid_though_it_always_answers_one() -> None:
    found, ours, targets, logits, answers = evaluated(KEEP_LOGITS["Dense(softmax)"], "binary_crossentropy", 1)
    np.testing.assert_allclose(answers, 1.0, rtol=0, atol=1e-6)  # one, to the last digit of float32
    np.testing.assert_allclose(found, on_logits(ours).values(targets, logits).mean(), rtol=1e-4)


def test_of_two_activations_the_last_one_counts() -> None:
    ends = sigmoid_then(lambda: layers.Activation("sigmoid"))
    found, ours, targets, logits, _ = evaluated(ends, "categorical_crossentropy", 3)
    np.testing.assert_allclose(found, on_logits(ours).values(targets, 1 / (1 + np.exp(-logits))).mean(), rtol=1e-4)


def test_the_binary_focal_loss_reads_the_logits_of_a_sigmoid() -> None:
    found, ours, targets, logits, _ = evaluated(KEEP_LOGITS["Dense(sigmoid)"], "binary_focal_crossentropy", 3)
    np.testing.assert_allclose(found, on_logits(ours).values(targets, logits).mean(), rtol=1e-4)


def test_behind_a_softmax_the_binary_focal_loss_is_neither_of_the_two() -> None:
    found, ours, targets, logits, answers = evaluated(KEEP_LOGITS["Dense(softmax)"], "binary_focal_crossentropy", 3)
    assert not np.isclose(found, on_logits(ours).values(targets, logits).mean(), rtol=1e-2)
    assert not np.isclose(found, ours.values(targets, answers).mean(), rtol=1e-2)
    assert ours.misfit("softmax", 0.0) is not None


@pytest.mark.parametrize("ends", ["Dense(sigmoid)", "Dense(softmax)"])
def test_the_categorical_focal_loss_reads_probabilities(ends: str) -> None:
    found, ours, targets, _, answers = evaluated(KEEP_LOGITS[ends], "categorical_focal_crossentropy", 3)
    np.testing.assert_allclose(found, ours.values(targets, answers).mean(), rtol=1e-4)
