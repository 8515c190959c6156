"""W301: every NaN or infinity in the file is counted and placed."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, Model, compiled, examined, found, names, number, only, put, quiet, rungs, stack, waves

from mlpdoctor.core.finding import Certainty, Severity


def network() -> Model:
    return compiled(
        stack(
            2,
            L.Dense(4, "relu", name="a"),
            L.BatchNormalization(name="norm"),
            L.Dense(3, name="b"),
            L.Dense(1, name="c"),
        )
    )


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("layer", "weight", "kind"), [("a", 0, "kernel"), ("b", 1, "bias"), ("norm", 3, "moving_variance")]
)
def test_one_bad_value_is_found_in_its_place(
    layer: str, weight: int, kind: str, value: float, form: str, tmp_path: Path
) -> None:
    model = network()
    weights = model.get_layer(layer).get_weights()
    weights[weight].flat[-1] = value
    put(model.get_layer(layer), *weights)
    finding = only(report := examined(tmp_path, model, form=form), "W301")
    assert (number(finding, "bad"), number(finding, "weights")) == (1, model.count_params())
    assert finding.evidence.numbers["layer"] == layer
    assert finding.evidence.numbers["weight"] == kind
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED)
    assert report.verdict.startswith("The model is broken: 1 of ")


@pytest.mark.parametrize("seed", range(4))
def test_the_count_is_that_of_keras_weights(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    model = network()
    for layer in model.layers:
        weights = [np.where(rng.random(w.shape) < 0.2, rng.choice([np.nan, np.inf]), w) for w in layer.get_weights()]
        put(layer, *weights)
    bad = [int((~np.isfinite(weight)).sum()) for weight in model.get_weights()]
    finding = only(examined(tmp_path, model, rules=("W301",)), "W301")
    assert number(finding, "bad") == sum(bad)
    broken = [layer.name for layer in model.layers if any((~np.isfinite(w)).any() for w in layer.get_weights())]
    assert list(names(finding, "layers")) == broken


def test_training_on_a_nan_really_ends_so(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(64, 2, seed=0)
    x[7, 1] = np.nan
    model = stack(2, L.Dense(4, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    fit(model, x, y, epochs=2)
    report = examined(tmp_path, model, x, y)
    broken = only(report, "W301")
    assert number(broken, "bad") == sum((~np.isfinite(weight)).sum() for weight in model.get_weights()) > 0
    assert broken.because_of == "D701"
    assert report.findings[0].code == "D701"


def test_training_that_blew_up_is_put_under_the_unscaled_inputs(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    x, y = waves(64, 2, seed=1)
    model = stack(2, L.Dense(4, "relu"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    fit(model, 1000 * x, y, epochs=10)
    report = examined(tmp_path, model, 1000 * x, y)
    assert only(report, "W301").because_of == "D702"
    assert report.findings[0].code == "D702"


def test_whatever_else_is_seen_of_a_broken_model_is_shown_under_this(tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=2)
    model = network()
    put(model.get_layer("c"), np.full((3, 1), np.nan), [0.0])
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "W301"
    assert {f.because_of for f in report.findings if f.code[0] in "LU"} <= {"W301"}


def test_an_infinity_that_a_relu_shuts_out_is_not_said_to_spoil_the_loss(tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=4)
    model = network()
    put(model.get_layer("a"), np.ones((2, 4)), [-np.inf, 0.1, 0.1, 0.1])
    report = examined(tmp_path, model, x, y)
    assert np.isfinite(rungs(report)["model"])
    assert "its loss is not a number" not in report.verdict
    assert "Every output is NaN" not in only(report, "W301").evidence.why


def test_false_alarm_weights_that_are_merely_huge(tmp_path: Path) -> None:
    model = network()
    put(model.get_layer("c"), np.full((3, 1), np.finfo(np.float32).max), [-1e38])
    assert quiet(examined(tmp_path, model, rules=("W301",)), "W301")


def test_a_sound_model_stays_quiet_whatever_the_data(tmp_path: Path) -> None:
    x, y = waves(64, 2, seed=3)
    x[0] = np.nan
    assert not found(examined(tmp_path, network(), x, y, rules=("W301",)), "W301")


def test_layers_that_mlpdoctor_cannot_run_are_looked_at_too(tmp_path: Path) -> None:
    model = compiled(stack(4, L.Reshape((4, 1)), L.Conv1D(3, 2, name="odd"), L.Flatten(), L.Dense(1)))
    put(model.get_layer("odd"), *[np.full_like(weight, np.nan) for weight in model.get_layer("odd").get_weights()])
    assert names(only(examined(tmp_path, model, rules=("W301",)), "W301"), "layers") == ("odd",)
