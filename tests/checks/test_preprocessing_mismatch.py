"""D713: finds the scale a model was trained on, and never for a model that was trained on this file."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    fit,
    found,
    names,
    number,
    only,
    outcome,
    predicted,
    quiet,
    rungs,
    set_random_seed,
    stack,
    told,
    train,
)
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.outputs.scaling_trials import CODE, SCALINGS

SCALERS: dict[str, Callable[[], object]] = {
    "standardised": StandardScaler,
    "scaled to 0..1": MinMaxScaler,
    "scaled to -1..1": lambda: MinMaxScaler((-1, 1)),
}


def scaled(name: str, values: Table) -> Table:
    if name == "as they are":
        return values
    return np.asarray(SCALERS[name]().fit_transform(values))  # type: ignore[attr-defined]


@cache
def diabetes() -> tuple[Table, Table]:
    """Raw: ages, pressures, counts and a progression from 25 to 346."""
    bunch = load_diabetes(scaled=False)
    return bunch.data, bunch.target[:, None]


def regressor(width: int, activation: str = "relu", seed: int = 0) -> Model:
    set_random_seed(seed)
    model = stack(width, L.Dense(32, activation), L.Dense(16, activation), L.Dense(1))
    model.compile("adam", "mse")
    return model


def classifier(width: int, classes: int, activation: str = "relu") -> Model:
    set_random_seed(0)
    model = stack(width, L.Dense(32, activation), L.Dense(classes, "softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@pytest.mark.slow
@pytest.mark.parametrize("features", ["standardised", "scaled to 0..1", "scaled to -1..1"])
@pytest.mark.parametrize("targets", ["standardised", "scaled to 0..1"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_the_scales_of_a_regression_are_named(features: str, targets: str, activation: str, tmp_path: Path) -> None:
    x, y = diabetes()
    model = train(regressor(10, activation), scaled(features, x), scaled(targets, y), epochs=40)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "D713")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.ESTIMATED)
    best = (finding.evidence.numbers["features"], finding.evidence.numbers["targets"])
    others = [one.partition(" (")[0] for one in names(finding, "also")]
    assert best == (features, targets) or f"features {features} and targets {targets}" in others, (best, others)
    own = rungs(examined(tmp_path, model, scaled(features, x), scaled(targets, y)))
    if best == (features, targets):
        assert number(finding, "after_share") == pytest.approx(own["model"] / own["constant"], rel=1e-6)
    raw = rungs(report)
    assert number(finding, "before_share") == pytest.approx(raw["model"] / raw["constant"], rel=1e-6)
    assert report.findings[0] is finding, told(report)
    assert "not on the scale the model was trained on" in report.verdict
    causes = {one.code: one.because_of for one in report.findings}
    cause = causes["L502"]
    while cause is not None and cause != "D713":
        cause = causes[cause]
    assert cause == "D713", told(report)
    assert only(report, "D702").because_of == "D713"


def test_features_alone(tmp_path: Path) -> None:
    x, y = diabetes()
    y = y / 77
    model = train(regressor(10), scaled("standardised", x), y, epochs=60)
    finding = only(examined(tmp_path, model, x, y, rules=("D713",)), "D713")
    assert (finding.evidence.numbers["features"], finding.evidence.numbers["targets"]) == (
        "standardised",
        "as they are",
    )


@pytest.mark.parametrize("targets", ["standardised", "scaled to 0..1"])
@pytest.mark.series
def test_targets_alone(targets: str, tmp_path: Path) -> None:
    x, y = diabetes()
    x = scaled("standardised", x)
    model = train(regressor(10), x, scaled(targets, y), epochs=40)
    finding = only(report := examined(tmp_path, model, x, y, rules=("D713",)), "D713")
    assert finding.evidence.numbers["features"] == "as they are", told(report)
    assert finding.evidence.numbers["targets"] == targets


def test_logarithms_of_prices(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    price = np.exp(12 + 0.6 * x[:, :1] + 0.3 * np.sin(2 * x[:, 1:2]))
    model = train(regressor(4), x, np.log1p(price), epochs=80)
    assert (
        only(examined(tmp_path, model, x, price, rules=("D713",)), "D713").evidence.numbers["targets"] == "logarithms"
    )


DATA = {"wine": load_wine, "breast cancer": load_breast_cancer, "iris": load_iris}


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("features", ["standardised", "scaled to 0..1"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_the_scale_of_a_classifier_is_named_and_its_own_file_is_left_in_peace(
    name: str, features: str, activation: str, tmp_path: Path
) -> None:
    x, y = DATA[name](return_X_y=True)
    model = train(classifier(x.shape[1], int(y.max()) + 1, activation), scaled(features, x), y, epochs=40)
    finding = only(examined(tmp_path, model, x, y, rules=("D713",)), "D713")
    named = [f"features {finding.evidence.numbers['features']} ", *names(finding, "also")]
    assert any(one.startswith(f"features {features} ") for one in named), named
    assert number(finding, "after_share") < 0.35
    assert quiet(examined(tmp_path, model, scaled(features, x), y, rules=("D713",)), "D713")


@pytest.mark.slow
def test_grey_values_that_were_divided_by_255(tmp_path: Path) -> None:
    x, y = load_digits(return_X_y=True)
    grey = np.round(x * 255 / 16)
    model = train(classifier(64, 10), grey / 255, y, epochs=6)
    finding = only(report := examined(tmp_path, model, grey, y, rules=("D713",)), "D713")
    assert finding.evidence.numbers["features"] == "divided by 255", told(report)
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "x = x / 255"


@pytest.mark.parametrize("name", [name for name in SCALINGS if name != "as they are"])
def test_the_line_of_pandas_does_what_was_tried(name: str) -> None:
    values = np.random.default_rng(0).uniform(1, 250, (50, 3))
    v = pytest.importorskip("pandas").DataFrame(values)
    by_pandas = np.asarray(eval(CODE[name].format(v="v"), {"v": v, "np": np}))  # noqa: S307
    np.testing.assert_allclose(by_pandas, SCALINGS[name](values), rtol=0.02, atol=0.02)  # pandas divides by n - 1


@pytest.mark.parametrize("name", SCALERS)
def test_scalings_are_those_of_scikit_learn(name: str) -> None:
    values = np.random.default_rng(0).normal(5, 3, (40, 4))
    values[:, 2] = 7.0
    kept = [0, 1, 3]
    np.testing.assert_allclose(SCALINGS[name](values)[:, kept], scaled(name, values)[:, kept], atol=1e-12)
    assert np.isfinite(SCALINGS[name](values)).all()


def raw_models() -> list[tuple[str, int]]:
    return [(activation, seed) for activation in ("relu", "tanh", "linear") for seed in range(3)]


@pytest.mark.parametrize(("activation", "seed"), raw_models())
@pytest.mark.series
def test_false_alarm_models_that_got_stuck_on_this_very_file(activation: str, seed: int, tmp_path: Path) -> None:
    """Unscaled inputs and targets: bad on the file, and no better on any other scale."""
    x, y = diabetes()
    model = regressor(10, activation, seed)
    fit(model, x, y, epochs=2)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("D713",)), "D713"), told(report)


@pytest.mark.parametrize("seed", range(6))
def test_false_alarm_a_line_of_one_feature_far_from_trained(seed: int, tmp_path: Path) -> None:
    """On standardised rows any slope near one looks like learning."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (100, 1))
    y = 1000 + 20 * x + rng.normal(size=(100, 1))
    set_random_seed(seed)
    model = stack(1, L.Dense(8, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    fit(model, x, y, epochs=3)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("D713",)), "D713"), told(report)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.series
def test_false_alarm_a_classifier_that_is_too_sure_of_itself(seed: int, tmp_path: Path) -> None:
    """The right direction at many times its length, as an overfitted network answers to rows it has not seen.

    Smaller inputs make it less sure, and bring its loss from above a constant's to half of that: no sign of a scale.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 3))
    direction = np.array([[2.0], [-2.0], [1.5]])
    y = (rng.uniform(size=(400, 1)) < 1 / (1 + np.exp(-x @ direction))).astype(float)
    model = compiled(stack(3, L.Dense(1, "sigmoid")), "binary_crossentropy")
    model.layers[-1].set_weights([8 * direction, np.zeros(1)])
    report = examined(tmp_path, model, x, y, rules=("D713",))
    of = rungs(report)
    assert of["model"] > 0.5 * of["constant"]
    assert quiet(report, "D713"), told(report)


@pytest.mark.parametrize("seed", range(4))
def test_false_alarm_weights_at_random(seed: int, tmp_path: Path) -> None:
    x, y = diabetes()
    model = compiled(regressor(10, "tanh", seed))
    model.layers[-1].set_weights([5 * model.layers[-1].get_weights()[0], np.ones(1)])
    assert quiet(examined(tmp_path, model, x, y, rules=("D713",)), "D713")


def test_a_dead_network_is_bad_on_every_scale(tmp_path: Path) -> None:
    x, y = diabetes()
    model = compiled(regressor(10))
    kernel, bias = model.layers[1].get_weights()
    model.layers[1].set_weights([kernel, bias - 1e6])
    assert quiet(examined(tmp_path, model, x, y, rules=("D713",)), "D713")


def test_broken_weights_are_left_to_others(tmp_path: Path) -> None:
    x, y = diabetes()
    model = compiled(regressor(10))
    model.layers[0].set_weights([weight * np.nan for weight in model.layers[0].get_weights()])
    assert not np.isfinite(predicted(model, x)).any()
    assert not found(examined(tmp_path, model, x, y, rules=("D713",)), "D713")


def test_a_normalization_inside_the_model_brings_its_own_scale(tmp_path: Path) -> None:
    x, y = diabetes()
    norm = L.Normalization()
    norm.adapt(x.astype(np.float32))
    set_random_seed(0)
    model = stack(10, norm, L.Dense(32, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    y = scaled("standardised", y)
    assert quiet(examined(tmp_path, train(model, x, y, epochs=30), x, y, rules=("D713",)), "D713")


def test_an_untrained_model_has_no_scale_yet(tmp_path: Path) -> None:
    x, y = diabetes()
    report = examined(tmp_path, compiled(regressor(10), updates=0), x, y, rules=("D713",))
    assert outcome(report, "D713").status is Status.NOT_APPLICABLE


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, compiled(regressor(2)), rules=("D713",)), "D713")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def weighted_classifier(seed: int, rare: float, width: int = 5) -> tuple[Model, Table, Table]:
    """A classifier of a rare class, really trained on standardised columns with its rows repeated, as by weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, width))
    score = x @ rng.normal(size=width) + rng.logistic(size=2000)
    y = (score > np.quantile(score, 1 - rare)).astype(float)[:, None]
    set_random_seed(seed)
    model = stack(width, L.Dense(16, "relu"), L.Dense(1, "sigmoid"))
    model.compile("adam", "binary_crossentropy")
    rows = np.concatenate([rng.choice(np.flatnonzero(y[:, 0] == label), 1500) for label in (0, 1)])
    return train(model, x[rows], y[rows], epochs=10), x, y


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "rare"), [(0, 0.05), (1, 0.1), (2, 0.2)])
def test_class_weights_do_not_hide_a_raw_table(seed: int, rare: float, tmp_path: Path) -> None:
    """Its loss is above the constant's on the right scale too, because its probabilities are moved."""
    model, x, y = weighted_classifier(seed, rare)
    raw = x * 10.0 ** np.arange(-1, x.shape[1] - 1) + np.arange(x.shape[1])
    finding = only(report := examined(tmp_path, model, raw, y, rules=("D713",)), "D713")
    assert finding.evidence.numbers["features"] == "standardised", told(report)
    assert finding.evidence.numbers["level_moved"] is True


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "rare"), [(0, 0.05), (1, 0.1), (2, 0.2)])
def test_false_alarm_class_weights_on_the_right_scale(seed: int, rare: float, tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, *weighted_classifier(seed, rare), rules=("D713",)), "D713")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_false_alarm_random_weights_behind_large_columns(seed: int, tmp_path: Path) -> None:
    """Garbage on any scale: that its level can be put right makes no model of it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1500, 4))
    y = (x @ rng.normal(size=4) + rng.logistic(size=1500) > 2.0).astype(float)[:, None]
    set_random_seed(seed)
    model = compiled(stack(4, L.Dense(16, "relu"), L.Dense(1, "sigmoid")), loss="binary_crossentropy")
    assert quiet(examined(tmp_path, model, 1000 * x + 300, y, rules=("D713",)), "D713")
