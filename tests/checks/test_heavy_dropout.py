"""A104: finds dropout that drowns the signal, and leaves ordinary dropout alone."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    inside,
    names,
    number,
    only,
    predicted,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity


def between(rate: float, kind: Callable[..., Model] = L.Dropout, units: int = 24) -> Model:
    return stack(2, L.Dense(units, "relu"), kind(rate, name="drop"), L.Dense(units, "relu"), L.Dense(1, name="out"))


def at_the_end(rate: float, units: int = 24, activation: str | None = None) -> Model:
    return stack(
        2, L.Dense(units, "tanh", name="hidden"), L.Dropout(rate, name="drop"), L.Dense(1, activation, name="out")
    )


def on_inputs(rate: float) -> Model:
    return stack(2, L.Dropout(rate, name="drop"), L.Dense(24, "relu"), L.Dense(1, name="out"))


def on_the_answer(rate: float) -> Model:
    return stack(2, L.Dense(24, "relu"), L.Dense(1, name="out"), L.Dropout(rate, name="drop"))


def fitted(model: Model, x: Table, y: Table, epochs: int = 60, loss: str = "mse") -> Model:
    model.compile("adam", loss)
    return train(model, x, y, epochs)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("make", [between, at_the_end, on_inputs])
@pytest.mark.series
def test_a_model_that_high_dropout_holds_up_gets_a_warning(
    make: Callable[[float], Model], seed: int, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(seed)
    x, y = waves(400, 2, seed=seed)
    finding = only(report := examined(tmp_path, fitted(make(0.85), x, y), x, y, rules=("A104",)), "A104")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.ESTIMATED), told(report)
    assert names(finding, "layers") == ("drop",)
    assert "drop drops 85 % of" in finding.message
    assert number(finding, "loss_with_dropout") > number(finding, "loss_without")


@pytest.mark.parametrize("kind", [L.Dropout, L.GaussianDropout, L.AlphaDropout])
@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.series
def test_the_loss_with_dropout_is_that_of_keras_in_training_mode(
    kind: Callable[..., Model], loss: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(3)
    x, y = waves(600, 2, seed=3)
    model = compiled(between(0.6, kind), loss)
    finding = only(examined(tmp_path, model, x, y, rules=("A104",)), "A104")
    measure = np.square if loss == "mse" else np.abs
    inputs = x.astype(np.float32)
    drawn = [float(measure(np.asarray(model(inputs, training=True)) - y).mean()) for _ in range(60)]
    spread = 5 * number(finding, "standard_error") + 5 * float(np.std(drawn)) / np.sqrt(60)
    assert number(finding, "loss_with_dropout") == pytest.approx(np.mean(drawn), abs=spread)
    assert number(finding, "loss_without") == pytest.approx(measure(predicted(model, x) - y).mean(), rel=1e-5)


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8])
def test_before_a_linear_output_it_is_the_variance_of_theory(rate: float, tmp_path: Path) -> None:
    keras.utils.set_random_seed(4)
    x, y = waves(1500, 2, seed=4)
    model = compiled(at_the_end(rate))
    finding = only(examined(tmp_path, model, x, y, rules=("A104",)), "A104")
    weights = model.get_layer("out").get_weights()[0][:, 0]
    exact = rate / (1 - rate) * float((np.square(inside(model, "hidden", x)) @ np.square(weights)).mean())
    gap = number(finding, "loss_with_dropout") - number(finding, "loss_without")
    assert gap == pytest.approx(exact, abs=5 * number(finding, "standard_error"))


def test_for_classes_the_loss_is_computed_on_logits_as_keras_does(tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    x = np.random.default_rng(5).normal(size=(800, 2))
    y = (x[:, :1] * x[:, 1:] > 0).astype(float)
    model = compiled(at_the_end(0.7, activation="sigmoid"), "binary_crossentropy")
    finding = only(examined(tmp_path, model, x, y, rules=("A104",)), "A104")
    model.compile(loss="binary_crossentropy")
    drawn = []
    for _ in range(40):
        answers = model(x.astype(np.float32), training=True)
        drawn.append(float(np.mean(keras.losses.binary_crossentropy(y.astype(np.float32), answers))))
    assert number(finding, "loss_with_dropout") == pytest.approx(
        np.mean(drawn), abs=5 * number(finding, "standard_error")
    )
    assert "hidden units" in finding.message


def test_the_answer_is_the_same_each_time(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=6)
    model = compiled(between(0.7))
    first, second = (only(examined(tmp_path, model, x, y, rules=("A104",)), "A104") for _ in range(2))
    assert first.evidence == second.evidence


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_dropout_on_the_answer_itself_is_found_at_any_rate(rate: float, tmp_path: Path) -> None:
    finding = only(examined(tmp_path, compiled(on_the_answer(rate)), rules=("A104",)), "A104")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.text == "take drop out"


@pytest.mark.parametrize(("rate", "severity"), [(0.5, None), (0.51, Severity.WARNING), (0.9, Severity.WARNING)])
def test_between_hidden_layers_the_file_alone_tells(rate: float, severity: Severity | None, tmp_path: Path) -> None:
    seen = found(examined(tmp_path, compiled(between(rate)), rules=("A104",)), "A104")
    assert [finding.severity for finding in seen] == ([] if severity is None else [severity])
    assert all(finding.evidence.certainty is Certainty.MEASURED for finding in seen)


@pytest.mark.parametrize(("rate", "severity"), [(0.2, None), (0.4, Severity.NOTE), (0.6, Severity.WARNING)])
def test_before_a_regression_output_less_is_much(rate: float, severity: Severity | None, tmp_path: Path) -> None:
    seen = found(examined(tmp_path, compiled(at_the_end(rate)), rules=("A104",)), "A104")
    assert [finding.severity for finding in seen] == ([] if severity is None else [severity])


def test_the_remedy_is_a_layer_that_keras_makes(tmp_path: Path) -> None:
    remedy = only(examined(tmp_path, compiled(between(0.8)), rules=("A104",)), "A104").evidence.remedy
    assert remedy is not None
    assert eval(str(remedy.code), {"Dropout": L.Dropout}).rate == pytest.approx(0.2)  # noqa: S307


def test_false_alarm_half_the_units_of_a_wide_classifier(tmp_path: Path) -> None:
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    x = rng.normal(size=(800, 2))
    y = (np.square(x).sum(axis=1, keepdims=True) < 1.4).astype(float)
    model = stack(2, L.Dense(96, "relu"), L.Dropout(0.5), L.Dense(96, "relu"), L.Dropout(0.5), L.Dense(1, "sigmoid"))
    report = examined(tmp_path, fitted(model, x, y, 80, "binary_crossentropy"), x, y)
    assert quiet(report, "A104"), told(report)
    assert not alarms(report), told(report)


def test_false_alarm_a_model_that_does_well_in_spite_of_it(tmp_path: Path) -> None:
    keras.utils.set_random_seed(8)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(800, 2))
    y = (np.square(x).sum(axis=1, keepdims=True) < 1.4).astype(float)
    model = stack(2, L.Dense(128, "relu"), L.Dense(128, "relu"), L.Dropout(0.6, name="drop"), L.Dense(1, "sigmoid"))
    report = examined(tmp_path, fitted(model, x, y, 80, "binary_crossentropy"), x, y, rules=("A104",))
    assert only(report, "A104").severity is Severity.NOTE, told(report)


QUIET: dict[str, Callable[[], Model]] = {
    "no dropout": lambda: stack(2, L.Dense(8, "relu"), L.Dense(1)),
    "a rate of zero on the answer": lambda: on_the_answer(0.0),
    "a little on the inputs": lambda: on_inputs(0.2),
    "a little before the output": lambda: at_the_end(0.1),
    "before a class": lambda: at_the_end(0.5, activation="sigmoid"),
    "noise": lambda: stack(2, L.Dense(8, "relu"), L.GaussianNoise(0.9), L.Dense(1)),
    "AlphaDropout": lambda: stack(2, L.Dense(8, "selu"), L.AlphaDropout(0.1), L.Dense(8, "selu"), L.Dense(1)),
}


@pytest.mark.parametrize("name", QUIET)
def test_ordinary_rates_stay_quiet(name: str, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=9)
    y = (y > 0).astype(float)
    loss = "binary_crossentropy" if name == "before a class" else "mse"
    model = compiled(QUIET[name](), loss)
    assert quiet(examined(tmp_path, model, rules=("A104",)), "A104")
    assert quiet(examined(tmp_path, model, x, y, rules=("A104",)), "A104")


def test_dropping_everything_is_said_without_a_division_by_zero(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=10)
    finding = only(examined(tmp_path, compiled(between(1.0)), x, y, rules=("A104",)), "A104")
    assert "drops everything" in finding.evidence.why


def test_a_network_that_cannot_be_run_is_judged_by_its_rates(tmp_path: Path) -> None:
    entry = keras.Input((4,))
    odd = L.Flatten()(L.Conv1D(3, 2, name="odd")(L.Reshape((4, 1))(entry)))
    model = compiled(keras.Model(entry, L.Dense(1)(L.Dense(4, "relu")(L.Dropout(0.8, name="drop")(odd)))))
    x, y = waves(50, 4, seed=0)
    finding = only(examined(tmp_path, model, x, y, rules=("A104",)), "A104")
    assert (finding.evidence.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
