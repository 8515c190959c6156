"""L506: last layers that have not learned to use their features, compared with scikit-learn's."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    Input,
    L,
    Model,
    Sequential,
    Table,
    alarms,
    compiled,
    examined,
    fit,
    found,
    inside,
    number,
    only,
    optimizers,
    outcome,
    put,
    quiet,
    rungs,
    set_random_seed,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status

linear_model = pytest.importorskip("sklearn.linear_model")

model_selection = pytest.importorskip("sklearn.model_selection")

pipeline = pytest.importorskip("sklearn.pipeline")

preprocessing = pytest.importorskip("sklearn.preprocessing")


def taught(x: Table, y: Table, activation: str, loss: str, end: str | None, epochs: int = 30, width: int = 24) -> Model:
    model = stack(x.shape[1], L.Dense(width, activation, name="hidden"), L.Dense(1, end, name="head"))
    model.compile("adam", loss)
    return train(model, x, y, epochs=epochs, batch=32)


def shrunk(model: Model, share: float) -> Model:
    """The last layer's kernel at a share of itself."""
    kernel, bias = model.get_layer("head").get_weights()
    put(model.get_layer("head"), share * kernel, bias)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(("rows", "width", "seed"), [(300, 2, 0), (900, 4, 1)])
@pytest.mark.series
def test_a_last_layer_at_half_its_weights_is_found(
    rows: int, width: int, seed: int, activation: str, tmp_path: Path
) -> None:
    set_random_seed(seed)
    x, y = waves(rows, width, seed=seed)
    model = shrunk(taught(x, y, activation, "mse", None), 0.5)
    finding = only(report := examined(tmp_path, model, x, y, rules=("L506",)), "L506")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.ESTIMATED), told(report)
    features = inside(model, "hidden", x)
    folds = model_selection.KFold(5, shuffle=True, random_state=0)
    grid = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.RidgeCV(np.logspace(-6, 2, 17)))
    unseen = model_selection.cross_val_predict(grid, features, y[:, 0], cv=folds)
    assert number(finding, "readout") == pytest.approx(np.square(unseen - y[:, 0]).mean(), rel=0.25)
    assert number(finding, "saved") > 3 * number(finding, "saved_error")


@pytest.mark.slow
def test_a_classifiers_last_layer(tmp_path: Path) -> None:
    set_random_seed(3)
    x, scores = waves(1000, 3, seed=3)
    y = (scores > np.median(scores)).astype(float)
    model = shrunk(taught(x, y, "tanh", "binary_crossentropy", "sigmoid"), 0.1)
    finding = only(examined(tmp_path, model, x, y, rules=("L506",)), "L506")
    assert number(finding, "model") > 2 * number(finding, "readout")


@pytest.mark.slow
def test_few_updates_are_named(tmp_path: Path) -> None:
    set_random_seed(4)
    x, y = waves(800, 3, seed=4)
    body = taught(x, y, "tanh", "mse", None).layers[0]
    model = Sequential([Input((3,)), body, L.Dense(1, name="head")])
    model.compile(optimizers.Adam(1e-3), "mse")
    fit(model, x, y, epochs=2, batch=32)
    finding = only(examined(tmp_path, model, x, y, rules=("L506",)), "L506")
    assert "50 updates were too few" in finding.evidence.why
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.text.startswith("train on")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.series
def test_false_alarm_on_few_rows_the_readout_rung_is_fitted_to_chance(seed: int, tmp_path: Path) -> None:
    """The readout rung lies far below a model that has learned all there is; on unseen rows that is no gain."""
    set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, 4))
    y = x @ [[1.0], [-1.0], [0.5], [0.0]] + rng.normal(size=(120, 1))
    model = stack(4, L.Dense(64, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=60, batch=32, rate=0.005), x, y, rules=("L506",))
    assert rungs(report)["readout"] < 0.95 * rungs(report)["model"]
    assert not found(report, "L506"), told(report)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.series
def test_a_well_trained_model_is_not_named(loss: str, tmp_path: Path) -> None:
    set_random_seed(5)
    x, y = waves(800, 3, seed=5)
    report = examined(tmp_path, taught(x, y, "tanh", loss, None, epochs=40), x, y)
    assert not [alarm for alarm in alarms(report) if "L506" in alarm], told(report)


@pytest.mark.slow
def test_features_that_hold_no_more_than_the_last_layer_uses(tmp_path: Path) -> None:
    """One hidden unit, whose last layer is the best: what is missing is in the features."""
    set_random_seed(6)
    x, y = waves(600, 3, seed=6)
    assert quiet(
        examined(tmp_path, taught(x, y, "tanh", "mse", None, epochs=60, width=1), x, y, rules=("L506",)), "L506"
    )


def test_an_untrained_model_is_not_judged(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=7)
    model = compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1)), updates=0)
    assert outcome(examined(tmp_path, model, x, y, rules=("L506",)), "L506").status is Status.NOT_APPLICABLE


def test_too_few_rows_are_said_to_be(tmp_path: Path) -> None:
    x, y = waves(30, 1, seed=8)
    model = compiled(stack(1, L.Dense(8, "tanh"), L.Dense(1)))
    skipped = outcome(examined(tmp_path, model, x, y + 5, rules=("L506",)), "L506")
    assert skipped.status is Status.SKIPPED
    assert "30 rows" in (skipped.reason or "")
