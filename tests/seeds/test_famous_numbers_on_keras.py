"""Numbers that people are stuck at, met again in real trainings: the report must name the rung each of them is."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Table, compiled, examined, only, put, stack, told, train
from paths import FIXTURES
from sklearn.datasets import load_digits

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

ROWS = 400


def standing(report: Report) -> tuple[str | None, float]:
    assert report.ladder is not None, report.no_ladder
    value = report.ladder.value("model")
    assert value is not None
    return report.ladder.standing, value


def halves(seed: int) -> tuple[Table, Table]:
    """Two classes of equal size that a circle tells apart and no line does."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, ROWS)
    radius = np.where(np.arange(ROWS) % 2 == 0, 0.5, 1.5)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return x, (np.arange(ROWS) % 2).astype(float)[:, None]


def zero_stack(features: int, units: int, head: str | None) -> Any:  # noqa: ANN401  Keras ships no types
    """A network that starts from zeros, so that its gradients are zero but for the last bias."""
    return stack(
        features,
        L.Dense(8, activation="tanh", kernel_initializer="zeros"),
        L.Dense(units, activation=head, kernel_initializer="zeros"),
    )


def test_ln_2_is_two_equal_classes_guessed_by_their_share(tmp_path: Path) -> None:
    x, y = halves(1)
    model = zero_stack(2, 1, "sigmoid")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    report = examined(tmp_path, train(model, x, y, 20), x, y)
    rung, value = standing(report)
    assert value == pytest.approx(np.log(2), abs=5e-4)
    assert rung in ("affine", "constant")
    assert "0.6931" in str(only(report, "L502").evidence.verdict)
    assert only(report, "L502").evidence.numbers["answer"] == "0.5000"


def test_ln_10_is_ten_classes_guessed_by_their_shares(tmp_path: Path) -> None:
    digits = load_digits()
    x, y = digits.data[:1000] / 16, digits.target[:1000].astype(float)[:, None]
    model = zero_stack(64, 10, "softmax")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    report = examined(tmp_path, train(model, x, y, 10), x, y)
    rung, value = standing(report)
    assert value == pytest.approx(np.log(10), abs=2e-3)
    assert rung == "constant"
    assert "the share of each class" in only(report, "L502").message


def test_a_quarter_is_one_half_guessed_for_labels_0_and_1_under_squared_error(tmp_path: Path) -> None:
    x, y = halves(2)
    model = zero_stack(2, 1, "sigmoid")
    model.compile(optimizer="adam", loss="mse")
    report = examined(tmp_path, train(model, x, y, 20), x, y)
    rung, value = standing(report)
    assert value == pytest.approx(0.25, abs=1e-3)
    assert rung in ("affine", "constant")
    assert "always predicting 0.5000" in str(only(report, "L502").evidence.verdict)


def test_7_6_is_every_row_of_two_equal_classes_called_one_by_keras_2() -> None:
    """The fixture was trained by TensorFlow 2.15, which clips at 1e-7 and adds 1e-7, in float32."""
    folder = FIXTURES / "saturated-crossentropy"
    report = diagnose(Question(str(folder / "model.h5"), str(folder / "data.csv")))
    _, value = standing(report)
    assert value == pytest.approx(7.624619, abs=1e-5)
    assert report.ladder is not None
    assert report.ladder.value("constant") == pytest.approx(np.log(2), rel=1e-12)
    assert "7.625 is the price of predicting 1 for every row" in only(report, "L502").evidence.why


def test_a_regressor_that_answers_the_mean_stands_on_the_constant(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(ROWS, 3))
    y = (x @ [1.0, -2.0, 0.5] + 7)[:, None]
    model = stack(3, L.Dense(8, activation="relu", bias_initializer=keras.initializers.Constant(-50.0)), L.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.3), loss="mse")
    report = examined(tmp_path, train(model, x, y, 60, rate=0.3), x, y)
    rung, value = standing(report)
    assert rung == "constant"
    assert value == pytest.approx(y.var(), rel=1e-3)
    assert report.findings[0].code == "U401", told(report)


@pytest.mark.filterwarnings("ignore:(?s).*softmax over axis:UserWarning")
def test_a_softmax_over_one_unit_always_answers_one(tmp_path: Path) -> None:
    x, y = halves(4)
    model = stack(2, L.Dense(16, activation="relu"), L.Dense(1, activation="softmax"))
    model.compile(optimizer="adam", loss="mse")
    report = examined(tmp_path, train(model, x, y, 10), x, y)
    rung, value = standing(report)
    assert (rung, value) == ("architecture", 0.5)
    assert report.findings[0].code == "O201"
    architecture = report.ladder.rung("architecture") if report.ladder else None
    assert architecture is not None
    assert "a softmax of one unit always outputs 1" in architecture.witness


@pytest.mark.filterwarnings("ignore:(?s).*softmax over axis:UserWarning")
def test_under_crossentropy_keras_trains_the_logit_of_a_softmax_over_one_unit(tmp_path: Path) -> None:
    """It reads the logit behind the softmax, so that the loss falls while every prediction stays one."""
    x, y = halves(5)
    model = stack(2, L.Dense(16, activation="relu"), L.Dense(1, activation="softmax"))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    train(model, x, y, 60)
    assert np.allclose(model.predict(x, verbose=0), 1.0, rtol=0, atol=1e-6)  # to the last digit of float32
    report = examined(tmp_path, model, x, y)
    _, value = standing(report)
    assert value == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-4)
    assert value < 0.3
    assert report.ladder is not None
    assert report.ladder.rung("architecture") is None


def test_a_sigmoid_on_prices_is_stuck_at_the_distance_to_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(ROWS, 2))
    y = 200 + 50 * x[:, :1] + 5 * rng.normal(size=(ROWS, 1))
    model = stack(2, L.Dense(16, activation="relu"), L.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="mse")
    report = examined(tmp_path, train(model, x, y, 40), x, y)
    rung, value = standing(report)
    assert rung == "architecture"
    assert report.findings[0].code == "O204"
    assert value == pytest.approx(np.square(y - 1).mean(), rel=1e-3)
    assert report.ladder is not None
    assert report.ladder.value("architecture") == pytest.approx(np.square(y - 1).mean(), rel=1e-12)
    assert "sigmoid outputs stay between 0 and 1" in report.ladder.rung("architecture").witness  # type: ignore[union-attr]


def test_a_net_at_the_linear_floor_of_absolute_errors_is_told_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, 2))
    y = (x @ [1.0, 2.0] + rng.laplace(size=ROWS))[:, None]
    model = stack(2, L.Dense(4), L.Dense(1))
    model.compile(optimizer="adam", loss="mae")
    report = examined(tmp_path, train(model, x, y, 200, rate=0.03), x, y)
    rung, _ = standing(report)
    assert rung == "architecture"
    assert only(report, "A101").severity is Severity.NOTE  # a straight line is all there is in these data


def test_the_number_is_the_one_that_keras_evaluates(tmp_path: Path) -> None:
    x, y = halves(8)
    model = stack(2, L.Dense(3, activation="tanh"), L.Dense(1, activation="sigmoid"))
    put(model.layers[0], 3 * np.ones((2, 3)), np.zeros(3))
    compiled(model, "binary_crossentropy")
    _, value = standing(examined(tmp_path, model, x, y))
    assert value == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)
