"""W305: units that no gradient ever reached, read in the optimizer's state."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, Model, Table, examined, found, names, number, only, outcome, quiet, stack, train, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Status


def model_with(dead: int, units: int = 16, optimizer: Model = "adam", activation: str = "relu", seed: int = 0) -> Model:
    """Untrained; the first units start so far below zero that no row lifts them."""
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(units, activation, name="hidden"), L.Dense(1, name="out"))
    kernel, _ = model.get_layer("hidden").get_weights()
    model.get_layer("hidden").set_weights([kernel, np.where(np.arange(units) < dead, -50.0, 0.5)])
    model.compile(optimizer, "mse")
    return model


def fitted(model: Model, x: Table, y: Table, epochs: int = 10, batch: int = 32) -> Model:
    fit(model, x, y, epochs, batch=batch)
    return model


OPTIMIZERS = {
    "Adam": keras.optimizers.Adam,
    "amsgrad": lambda: keras.optimizers.Adam(amsgrad=True),
    "AdamW": keras.optimizers.AdamW,
    "Nadam": keras.optimizers.Nadam,
    "Adamax": keras.optimizers.Adamax,
    "RMSprop": keras.optimizers.RMSprop,
    "Adagrad": keras.optimizers.Adagrad,
    "Adagrad from 0": lambda: keras.optimizers.Adagrad(initial_accumulator_value=0.0),
    "Adadelta": keras.optimizers.Adadelta,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_units_named_are_those_that_keras_never_moved(name: str, tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=1)
    model = model_with(12, optimizer=OPTIMIZERS[name]())
    before = model.get_layer("hidden").get_weights()[1]
    fitted(model, x, y)
    # AdamW shrinks every kernel, whether it has a gradient or not, but a bias only from where it is.
    after = model.get_layer("hidden").get_weights()[1]
    still = np.flatnonzero(np.isclose(before, after, rtol=1e-3) & (before < 0)).tolist()
    finding = only(examined(tmp_path, model, rules=("W305",)), "W305")
    assert list(names(finding, "still_units")) == still == list(range(12))
    assert finding.severity is Severity.NOTE or number(finding, "live") < 8


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_layer_without_any_gradient_is_an_error_without_data(form: str, tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=2)
    finding = only(examined(tmp_path, fitted(model_with(16), x, y), form=form, rules=("W305",)), "W305")
    assert (finding.severity, number(finding, "live")) == (Severity.ERROR, 0)


def test_on_data_it_stands_under_the_dead_units(tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=3)
    finding = only(examined(tmp_path, fitted(model_with(16), x, y), x, y), "W305")
    assert (finding.severity, finding.because_of) == (Severity.ERROR, "U401")


@pytest.mark.parametrize(
    ("units", "dead", "severity"),
    [(40, 4, None), (40, 30, Severity.NOTE), (40, 33, Severity.WARNING), (8, 5, Severity.WARNING)],
)
def test_without_data_it_warns_only_of_what_is_nearly_gone(
    units: int, dead: int, severity: Severity | None, tmp_path: Path
) -> None:
    x, y = waves(200, 3, seed=4)
    findings = found(examined(tmp_path, fitted(model_with(dead, units), x, y), rules=("W305",)), "W305")
    assert [finding.severity for finding in findings] == ([] if severity is None else [severity])


def test_false_alarm_the_first_few_updates(tmp_path: Path) -> None:
    x, y = waves(32, 3, seed=5)
    model = fitted(model_with(12), x, y, epochs=19)
    assert quiet(examined(tmp_path, model, rules=("W305",)), "W305")
    assert found(examined(tmp_path, fitted(model, x, y, epochs=1), rules=("W305",)), "W305")


def test_false_alarm_a_model_saved_before_its_first_update(tmp_path: Path) -> None:
    model = model_with(16)
    model.optimizer.build(model.trainable_variables)
    assert quiet(examined(tmp_path, model, rules=("W305",)), "W305")


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_false_alarm_a_trained_model(activation: str, tmp_path: Path) -> None:
    x, y = waves(400, 3, seed=6)
    model = train(model_with(0, 32, activation=activation), x, y, 40)
    assert quiet(examined(tmp_path, model, rules=("W305",)), "W305")
    assert quiet(examined(tmp_path, model, x, y, rules=("W305",)), "W305")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_false_alarm_positive_inputs_kill_half_of_a_wide_layer_that_does_well(seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(seed).uniform(0, 1, (400, 1))
    model = stack(1, L.Dense(64, "relu", name="hidden"), L.Dense(32, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    train(model, x, np.sin(6 * x), 120)
    for data in ((), (x, np.sin(6 * x))):
        assert all(
            one.severity is Severity.NOTE for one in found(examined(tmp_path, model, *data, rules=("W305",)), "W305")
        )


def test_false_alarm_a_frozen_layer_has_no_state(tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=7)
    model = model_with(0)
    model.get_layer("hidden").trainable = False
    model.compile("adam", "mse")
    assert not found(examined(tmp_path, fitted(model, x, y), rules=("W305",)), "W305")


def test_weights_with_a_penalty_have_a_gradient(tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=8)
    model = stack(3, L.Dense(8, "relu", kernel_regularizer="l2", name="hidden"), L.Dense(1))
    model.get_layer("hidden").set_weights([model.get_layer("hidden").get_weights()[0], np.full(8, -50.0)])
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, fitted(model, x, y), rules=("W305",)), "W305")


def test_sgd_remembers_no_squares(tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=9)
    report = examined(tmp_path, fitted(model_with(16, optimizer="sgd"), x, y), rules=("W305",))
    assert outcome(report, "W305").status is Status.NOT_APPLICABLE
