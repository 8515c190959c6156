"""U404: answers that do not depend on the input."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    alarms,
    compiled,
    examined,
    found,
    initializers,
    losses,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    set_random_seed,
    stack,
    told,
    train,
    waves,
)
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import csv_of, history

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Status


def flat(features: int, spread: float, answer: float, units: int = 1, end: str | None = None) -> Model:
    """A trained model whose answers vary by little around one number."""
    model = stack(features, L.Dense(6, "tanh", name="hidden"), L.Dense(units, end, name="out"))
    rng = np.random.default_rng(0)
    put(model.get_layer("hidden"), rng.normal(size=(features, 6)), rng.normal(size=6))
    put(model.get_layer("out"), np.full((6, units), spread), np.full(units, answer))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize(("rows", "width", "seed"), [(50, 1, 0), (700, 5, 1)])
def test_one_answer_to_all_rows_is_an_error(rows: int, width: int, seed: int, scale: float, tmp_path: Path) -> None:
    x, y = waves(rows, width, seed=seed)
    y = scale * y
    model = compiled(flat(width, 1e-4 * scale, float(y.mean())))
    finding = only(report := examined(tmp_path, model, x, y), "U404")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED), told(report)
    assert number(finding, "spread_share") == pytest.approx(predicted(model, x).std() / y.std(), rel=1e-2)
    assert only(report, "L502").because_of is not None


@pytest.mark.parametrize(("share", "fires"), [(0.005, True), (0.0099, True), (0.0101, False), (0.05, False)])
def test_a_hundredth_of_the_targets_spread_is_the_limit(share: float, *, fires: bool, tmp_path: Path) -> None:
    x, y = waves(400, 2, seed=2)
    model = compiled(flat(2, 1e-3, 0.0))
    put(model.get_layer("out"), np.full((6, 1), 1e-3 * share * y.std() / predicted(model, x).std()), [float(y.mean())])
    assert bool(found(examined(tmp_path, model, x, y, rules=("U404",)), "U404")) == fires


@pytest.mark.slow
@settings(max_examples=examples(200), deadline=None)
@given(st.integers(0, 2**32), st.integers(3, 60), st.floats(0, 0.01))
def test_answers_that_vary_so_little_save_a_fiftieth_at_most(seed: int, rows: int, ratio: float) -> None:
    """What the page says: by Cauchy and Schwarz, the saving is at most 2 r - r^2 of the variance."""
    rng = np.random.default_rng(seed)
    y = rng.standard_t(3, rows)
    direction = rng.choice([1.0, 0.0]) * y + rng.choice([0.0, 1.0]) * rng.normal(size=rows)
    direction -= direction.mean()
    size = direction.std()
    answer = y.mean() + (direction / size * ratio * y.std() if size > 0 else 0.0)
    assert np.square(y - answer).mean() >= y.var() * (1 - 2 * ratio) * (1 - 1e-9)


@pytest.mark.parametrize(("end", "loss"), [("sigmoid", "binary_crossentropy"), ("logits", "bce"), ("sigmoid", "mse")])
def test_two_classes(end: str, loss: str, tmp_path: Path) -> None:
    x, scores = waves(600, 2, seed=3)
    y = (scores > 0.5).astype(float)
    rate = float(np.log(y.mean() / (1 - y.mean())))
    chosen = losses.BinaryCrossentropy(from_logits=True) if loss == "bce" else loss
    model = compiled(flat(2, 1e-4, rate, end=None if end == "logits" else end), loss=chosen)
    assert only(examined(tmp_path, model, x, y, rules=("U404",)), "U404").severity is Severity.ERROR


@pytest.mark.slow
def test_classes_by_number(tmp_path: Path) -> None:
    x, scores = waves(600, 2, seed=4)
    y = np.digitize(scores[:, 0], np.quantile(scores, [0.3, 0.6]))
    model = compiled(flat(2, 0.0, 0.0, 3, "softmax"), loss="sparse_categorical_crossentropy")
    assert only(examined(tmp_path, model, x, y, rules=("U404",)), "U404").severity is Severity.ERROR


def test_one_output_of_two_is_a_warning_and_is_named(tmp_path: Path) -> None:
    x, y = waves(500, 2, seed=5)
    y = np.concatenate([y, x[:, :1]], axis=1)
    model = compiled(flat(2, 0.5, 0.0, 2))
    kernel, bias = model.get_layer("out").get_weights()
    kernel[:, 1] = 0
    put(model.get_layer("out"), kernel, bias)
    finding = only(examined(tmp_path, model, x, y, rules=("U404",)), "U404")
    assert finding.severity is Severity.WARNING
    assert "[1]" in finding.message


@pytest.mark.slow
def test_dead_units_are_its_cause(tmp_path: Path) -> None:
    set_random_seed(6)
    x, y = waves(500, 3, seed=6)
    model = stack(3, L.Dense(16, "relu"), L.Dense(16, "relu", name="dead"), L.Dense(1))
    model.compile("adam", "mse")
    train(model, x, y, epochs=2)
    kernel, _ = model.get_layer("dead").get_weights()
    put(model.get_layer("dead"), kernel, np.full(16, -100.0))
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "U401", told(report)
    assert only(report, "U404").because_of in ("U401", "U405"), told(report)


@pytest.mark.slow
def test_false_alarm_noise_that_nothing_explains(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2000, 2)), rng.normal(size=(2000, 1))
    report = examined(tmp_path, compiled(flat(2, 1e-4, float(y.mean()))), x, y)
    assert only(report, "U404").severity is Severity.NOTE
    assert not [alarm for alarm in alarms(report) if "U404" in alarm]


@pytest.mark.slow
def test_false_alarm_a_rare_class_found_by_faint_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(4000, 1))
    chance = 1 / (1 + np.exp(-(x - 5)))
    y = (rng.uniform(size=(4000, 1)) < chance).astype(float)
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, "sigmoid", name="out")))
    model.compile("adam", "binary_crossentropy")
    put(model.get_layer("hidden"), [[1.0, -1.0]], [0.0, 0.0])
    put(model.get_layer("out"), [[1.0], [-1.0]], [-5.0])
    assert quiet(examined(tmp_path, model, x, y, rules=("U404",)), "U404")


def test_a_constant_target_is_for_d711(tmp_path: Path) -> None:
    x = np.random.default_rng(9).normal(size=(200, 2))
    report = examined(tmp_path, compiled(flat(2, 1e-5, 3.0)), x, np.full((200, 1), 3.0), rules=("D711", "U404"))
    assert quiet(report, "U404")
    assert found(report, "D711")


def test_a_trained_model_answers_each_row(tmp_path: Path) -> None:
    set_random_seed(10)
    x, y = waves(400, 2, seed=10)
    model = stack(2, L.Dense(16, "tanh"), L.Dense(1))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, train(model, x, y, epochs=10), x, y, rules=("U404",)), "U404")


def test_an_untrained_model_may_start_flat(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=11)
    model = stack(2, L.Dense(8, "tanh"), L.Dense(1, kernel_initializer="zeros"))
    assert quiet(examined(tmp_path, compiled(model, updates=0), x, y, rules=("U404",)), "U404")


def test_an_untrained_model_that_no_gradient_can_change(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=12)
    model = stack(2, L.Dense(8, "relu", bias_initializer=initializers.Constant(-50.0)), L.Dense(1))
    report = examined(tmp_path, compiled(model, updates=0), x, y)
    assert only(report, "U404").severity is Severity.ERROR
    assert report.findings[0].code == "U401", told(report)


def test_without_data_it_is_skipped(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, compiled(flat(2, 0.0, 0.0)), rules=("U404",)), "U404")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize(("loss", "hint"), [("my_mse", True), (None, False)])
@pytest.mark.parametrize(("rows", "width", "seed"), [(300, 2, 7), (900, 4, 8)])
def test_without_a_known_loss_the_best_line_tells(
    rows: int, width: int, seed: int, loss: str | None, *, hint: bool, tmp_path: Path
) -> None:
    """A loss of the user's own that compares every prediction with every target ends at the mean of the targets."""
    x, y = lines(rows, width, seed)
    model = compiled(flat(width, 1e-3, float(y.mean())), loss=loss)
    put(model.get_layer("out"), np.full((6, 1), 1e-3 * 0.04 * y.std() / predicted(model, x).std()), [float(y.mean())])
    finding = only(examined(tmp_path, model, x, y, rules=("U404",)), "U404")
    assert finding.severity is Severity.WARNING
    assert number(finding, "spread_share") == pytest.approx(0.04, rel=0.05)
    assert ("(n,)" in finding.evidence.why) == ("(n,)" in (finding.evidence.verdict or "")) == hint
    assert ("reshape" in code_of(finding)) == hint


@pytest.mark.parametrize(("off", "said"), [(1.0, True), (0.9, False), (np.nan, False)])
def test_a_log_that_ends_where_every_prediction_meets_every_target_is_told(
    off: float, tmp_path: Path, *, said: bool
) -> None:
    x, y = lines(400, 3, 11)
    model = compiled(flat(3, 1e-3, float(y.mean())), loss="my_mse")
    every = np.square(predicted(model, x) - y.T).mean()
    log = csv_of(tmp_path, history([2 * every, 1.2 * every, off * every]))
    finding = only(examined(tmp_path, model, x, y, history=(log,), rules=("U404",)), "U404")
    assert ("The log ends at" in finding.evidence.why) == said


@pytest.mark.parametrize(("share", "noise", "fires"), [(0.04, 0.5, True), (0.04, 5.0, False), (0.25, 0.5, False)])
def test_where_no_line_is_sure_or_the_predictions_follow_it_says_nothing(
    share: float, noise: float, *, fires: bool, tmp_path: Path
) -> None:
    x, y = lines(600, 3, 9, noise)
    model = compiled(flat(3, 1e-3, 0.0), loss="my_mse")
    put(model.get_layer("out"), np.full((6, 1), 1e-3 * share * y.std() / predicted(model, x).std()), [float(y.mean())])
    assert bool(found(examined(tmp_path, model, x, y, rules=("U404",)), "U404")) == fires


def test_away_from_the_mean_of_the_targets_no_shape_is_blamed(tmp_path: Path) -> None:
    x, y = lines(400, 2, 10)
    model = compiled(flat(2, 1e-4, float(y.mean() + 2 * y.std())), loss="my_mse")
    assert "reshape" not in code_of(only(examined(tmp_path, model, x, y, rules=("U404",)), "U404"))


def code_of(finding: Finding) -> str:
    """The line to write, empty without one."""
    return (finding.evidence.remedy and finding.evidence.remedy.code) or ""


def lines(rows: int, width: int, seed: int, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Features, and a target that is a line of them with noise of a size beside it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    line = x @ rng.normal(size=width)
    return x, (3 + line / line.std() + noise * rng.normal(size=rows))[:, None]
