"""By what two models are compared: their loss, where it is one; else something that means the same to both."""

from typing import Any

import keras
import numpy as np
import pytest
from model_cases import stack
from sklearn.metrics import accuracy_score, log_loss, r2_score

from mlpdoctor.core.network import Array
from mlpdoctor.treat.editing.edits import ModelSpec
from mlpdoctor.treat.trials.judge import UNEXPLAINED, WRONG_ANSWERS, blind, common, judge
from mlpdoctor.treat.trials.model import weights_of
from mlpdoctor.treat.trials.rows import Rows
from mlpdoctor.treat.trials.variant import Unfit, Variant, VariantBuilder

L = keras.layers
ROWS = 40


def features() -> Array:
    return np.random.default_rng(7).normal(size=(ROWS, 2))


def variant(loss: Any, units: int, activation: str | None, targets: Array, seed: int = 1) -> Variant:  # noqa: ANN401
    model = stack(2, L.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=seed)))
    model.compile("sgd", loss)
    spec = ModelSpec("Sequential", model.get_config(), weights_of(model), model.get_compile_config())
    rows = Rows(features(), targets, None, ROWS)
    return VariantBuilder(rows, (0,)).variant([spec], rows)


def binary() -> Array:
    return (features()[:, :1] > 0.2).astype(float)


def answers(one: Variant) -> Array:
    return np.asarray(one.trainee.answers()[0])


def test_one_loss_judges_both_by_itself() -> None:
    targets = features()[:, :1]
    control, treated = variant("mse", 1, None, targets), variant("mse", 1, "tanh", targets, seed=2)
    by = judge(control, treated)
    assert by.own
    assert by.label == "mean squared error"
    for one in (control, treated):
        assert by.measure(one) == pytest.approx(float(np.square(answers(one) - targets).mean()), rel=1e-5)


def test_a_new_loss_judges_both_where_their_answers_are_probabilities() -> None:
    targets = binary()
    control, treated = (
        variant("mse", 1, "sigmoid", targets),
        variant("binary_crossentropy", 1, "sigmoid", targets, seed=2),
    )
    by = judge(control, treated)
    assert not by.own
    assert by.label == "binary cross-entropy of its predictions"
    for one in (control, treated):
        expected = log_loss(targets[:, 0], answers(one)[:, 0].astype(float))
        assert by.measure(one) == pytest.approx(float(expected), rel=1e-4)


def test_where_they_are_not_wrong_answers_are_counted() -> None:
    targets = binary()
    control, treated = variant("mse", 1, None, targets), variant("binary_crossentropy", 1, "sigmoid", targets, seed=2)
    by = judge(control, treated)
    assert by.label == WRONG_ANSWERS
    for one in (control, treated):
        right = accuracy_score(targets[:, 0] > 0.5, answers(one)[:, 0] > 0.5)
        assert by.measure(one) == pytest.approx(1 - float(right))


def test_classes_are_counted_whether_numbers_or_columns() -> None:
    numbers = np.argmax(np.column_stack([features(), features().sum(axis=1)]), axis=1)[:, None].astype(float)
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    control, treated = variant("mse", 1, None, numbers), variant(logits, 3, None, numbers, seed=2)
    by = judge(control, treated)
    assert by.label == WRONG_ANSWERS
    right = accuracy_score(numbers[:, 0], answers(treated).argmax(axis=1))
    assert by.measure(treated) == pytest.approx(1 - float(right))


def test_regression_by_another_loss_is_judged_by_it() -> None:
    targets = features()[:, :1] * 3
    control, treated = variant("mse", 1, None, targets), variant("mae", 1, None, targets, seed=2)
    by = judge(control, treated)
    assert by.label == "mean absolute error of its predictions"
    assert by.measure(control) == pytest.approx(float(np.abs(answers(control) - targets).mean()), rel=1e-5)


def test_other_targets_are_judged_by_what_is_left_of_their_variance() -> None:
    targets = features()[:, :1] + 2
    control, treated = variant("mse", 1, None, targets), variant("poisson", 1, "tanh", np.abs(targets), seed=2)
    by = judge(control, treated)
    assert by.label == UNEXPLAINED
    expected = 1 - float(r2_score(treated.rows.targets, answers(treated)))
    assert by.measure(treated) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("loss", "units", "targets"), [("mse", 3, 2), ("categorical_crossentropy", 4, 3)])
def test_a_loss_that_does_not_go_with_the_targets_is_unfit(loss: str, units: int, targets: int) -> None:
    with pytest.raises(Unfit):
        variant(loss, units, None, np.zeros((ROWS, targets)))


def test_sides_that_differ_in_weights_or_rate_share_what_is_compiled() -> None:
    targets = features()[:, :1]
    model = stack(2, L.Dense(3, "tanh"), L.Dense(1))
    rows = Rows(features(), targets, None, ROWS)
    shop = VariantBuilder(rows, (0, 1))

    def at(rate: float, optimizer: str = "SGD", activation: str = "tanh", factor: float = 1.0) -> Variant:
        model.layers[0].activation = keras.activations.get(activation)
        model.compile(getattr(keras.optimizers, optimizer)(rate), "mse")
        weights = {path: {n: factor * v for n, v in named.items()} for path, named in weights_of(model).items()}
        spec = ModelSpec("Sequential", model.get_config(), weights, model.get_compile_config())
        return shop.variant([spec, spec], rows)

    first, slower, other = at(0.1), at(0.001), at(0.1, factor=2.0)
    assert first.trainee is slower.trainee is other.trainee
    assert at(0.1, "Adam").trainee is not first.trainee
    assert at(0.1, activation="relu").trainee is not first.trainee
    losses = [_after(one) for one in (first, slower, other, first)]
    assert losses[0] == losses[3]
    assert len(set(losses)) == 3


def _after(one: Variant) -> float:
    one.trainee.restart(0, one.starts[1])
    one.trainee.train(np.tile(np.arange(ROWS, dtype=np.int32), (20, 1)))
    return one.trainee.loss()


def test_softmax_over_one_unit_is_judged_by_what_it_answers() -> None:
    """Keras trains it through its logits, so that the loss falls while every answer is 1."""
    targets = binary()
    control, treated = (variant("binary_crossentropy", 1, end, targets) for end in ("softmax", "sigmoid"))
    assert blind(control)
    assert not blind(treated)
    assert control.trainee.loss() == pytest.approx(treated.trainee.loss(), rel=1e-5)
    by = judge(control, treated)
    assert not by.own
    assert by.measure(control) > 2 * by.measure(treated)


def test_models_of_any_loss_are_compared_by_their_mistakes() -> None:
    targets = binary()
    by_squares, by_entropy = (
        variant("mse", 1, None, targets),
        variant("binary_crossentropy", 1, "sigmoid", targets, seed=2),
    )
    for one in (by_squares, by_entropy):
        right = accuracy_score(targets[:, 0] > 0.5, answers(one)[:, 0] > 0.5)
        assert common(one)(one) == pytest.approx(1 - float(right))
    classes = np.argmax(np.column_stack([features(), features().sum(axis=1)]), axis=1)[:, None].astype(float)
    numbers = variant("mse", 1, None, classes)
    wrong = np.round(answers(numbers)[:, 0]) != classes[:, 0]
    assert common(numbers)(numbers) == pytest.approx(float(wrong.mean()))
    real = variant("mse", 1, None, features()[:, :1])
    assert common(real)(real) == pytest.approx(1 - float(r2_score(features()[:, :1], answers(real))), rel=1e-4)
