"""W304: what the file remembers of training, and weights that came from elsewhere."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    compiled,
    examined,
    fit,
    found,
    initializers,
    number,
    only,
    put,
    quiet,
    stack,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def network() -> Model:
    return stack(2, L.Dense(8, "relu", name="hidden"), L.Dense(1, name="out"))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_compiled_but_never_fitted(optimizer: str, tmp_path: Path) -> None:
    model = network()
    model.compile(optimizer, "mse")
    finding = only(report := examined(tmp_path, model), "W304")
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.MEASURED)
    assert "has not been trained" in finding.message
    assert report.findings == (finding,)


def test_the_optimizer_counts_no_update(tmp_path: Path) -> None:
    finding = only(examined(tmp_path, compiled(network(), updates=0), rules=("W304",)), "W304")
    assert number(finding, "updates") == 0
    assert finding.message.endswith("its optimizer has made 0 updates")


def test_saved_without_compile(tmp_path: Path) -> None:
    finding = only(examined(tmp_path, network(), rules=("W304",)), "W304")
    assert finding.evidence.numbers["updates"] is None
    assert finding.message.endswith("every bias still has its initial value")


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_the_verdict_foretells(loss: str, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=0)
    report = examined(tmp_path, compiled(network(), loss, updates=0), x, y)
    assert found(report, "W304")
    assert "has not been trained yet" in report.verdict
    assert "the loss to beat" in report.verdict


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_one_real_update_is_training(optimizer: str, tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=1)
    model = network()
    model.compile(optimizer, "mse")
    fit(model, x, y, batch=64, epochs=1)
    report = examined(tmp_path, model, x, y)
    assert quiet(report, "W304")
    assert report.model is not None
    assert report.model.iterations == 1


def test_false_alarm_weights_set_by_hand_are_trained_elsewhere(tmp_path: Path) -> None:
    model = compiled(network(), updates=0)
    put(model.get_layer("hidden"), np.ones((2, 8)), np.full(8, 0.25))
    put(model.get_layer("out"), np.ones((8, 1)), [0.25])
    assert quiet(examined(tmp_path, model, rules=("W304",)), "W304")


def test_trained_then_compiled_anew_for_a_lower_rate(tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=4)
    model = network()
    model.compile("adam", "mse")
    fit(model, x, y, epochs=3)
    assert quiet(examined(tmp_path, compiled(model, updates=0), rules=("W304",)), "W304")


def test_constant_initialisers_other_than_zero_are_known(tmp_path: Path) -> None:
    start = initializers.Constant(0.1)
    model = stack(2, L.Dense(8, "relu", bias_initializer=start), L.Dense(1, bias_initializer="ones"))
    assert found(examined(tmp_path, model, rules=("W304",)), "W304")
    put(model.layers[-1], model.layers[-1].get_weights()[0], [0.999])
    assert quiet(examined(tmp_path, model, rules=("W304",)), "W304")


def test_nothing_to_go_by_is_no_accusation(tmp_path: Path) -> None:
    """No optimizer and no weight that starts from a constant: nobody can tell."""
    assert quiet(
        examined(tmp_path, stack(2, L.Dense(4, "relu", use_bias=False), L.Dense(1, use_bias=False)), rules=("W304",)),
        "W304",
    )


@pytest.mark.slow
def test_an_untrained_model_silences_the_rules_about_training(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=5)
    report = examined(tmp_path, compiled(network(), updates=0), x, 100 + y)
    for code in ("L501", "L502"):
        (outcome,) = (outcome for outcome in report.outcomes if outcome.code == code)
        assert outcome.status is Status.NOT_APPLICABLE
        assert outcome.reason == "the model has not been trained yet"
