"""L502: models that predict the same for everything, or the wrong thing; and models that only look like it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import (
    L,
    Model,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def answering(width: int, answers: list[float], loss: object = "mse", spread: float = 0.0) -> Model:
    """A tanh network that answers these numbers whatever it is asked, or varies at random around them."""
    rng = np.random.default_rng(0)
    model = compiled(stack(width, L.Dense(6, "tanh", name="hidden"), L.Dense(len(answers), name="out")), loss=loss)
    put(model.get_layer("hidden"), rng.normal(size=(width, 6)), rng.normal(size=6))
    put(model.get_layer("out"), spread * rng.normal(size=(6, len(answers))), answers)
    return model


@pytest.mark.parametrize(("rows", "width", "scale"), [(20, 1, 1.0), (300, 2, 1e-3), (2000, 5, 1e4)])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_a_model_at_the_constant_is_found_with_its_number(
    rows: int, width: int, scale: float, loss: str, tmp_path: Path
) -> None:
    x, y = waves(rows, width, seed=rows)
    y = scale * y
    middle = float(y.mean() if loss == "mse" else np.median(y))
    finding = only(report := examined(tmp_path, answering(width, [middle], loss), x, y), "L502")
    constant = float(y.var() if loss == "mse" else np.abs(y - np.median(y)).mean())
    assert number(finding, "constant") == pytest.approx(constant, rel=1e-9)
    assert number(finding, "model") == pytest.approx(constant, rel=1e-4)
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED)
    assert "hardly differ" in finding.evidence.why
    # The last weights are zero, which A106 sees; and no bias gets to targets of size 10,000 in 1,000 updates of Adam.
    leading = "A106" if scale <= 1 else "D703"
    assert report.findings[0].code == leading, told(report)


def test_the_constant_named_is_the_one_that_has_the_named_loss(tmp_path: Path) -> None:
    """For absolute errors that is the median, which is far from the mean here."""
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, (400, 1))
    y = 10.0 ** (3 * x)
    median = float(np.median(y))
    report = examined(tmp_path, answering(1, [median], "mae"), x, y, rules=("L502",))
    said = str(only(report, "L502").evidence.numbers["answer"]).replace(",", "")
    assert float(said) == pytest.approx(median, rel=1e-2)


def test_a_model_far_above_the_constant_is_found(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=2)
    finding = only(examined(tmp_path, answering(2, [50.0]), x, y, rules=("L502",)), "L502")
    assert finding.severity is Severity.ERROR
    assert finding.evidence.explains is None, "it says where the loss is, and keeps none of it"


@pytest.mark.parametrize(("seed", "scale"), [(3, 1.0), (4, 1e-3), (5, 1e3)])
def test_not_with_the_targets_is_said_with_a_correlation_that_chance_gives(
    seed: int, scale: float, tmp_path: Path
) -> None:
    x, y = waves(400, 2, seed=seed)
    model = answering(2, [scale * float(y.mean())], spread=2.0 * scale)
    shuffled = np.random.default_rng(seed).permutation(scale * y)
    finding = only(examined(tmp_path, model, x, shuffled, rules=("L502",)), "L502")
    said = predicted(model, x)
    assert number(finding, "output_spread") == pytest.approx(said.std() / shuffled.std(), rel=1e-5)
    first, second = (np.argsort(np.argsort(one.ravel())) for one in (said, shuffled))
    assert number(finding, "rank_correlation") == pytest.approx(
        1 - 6 * np.square(first - second).sum() / (400 * (400**2 - 1))
    )
    assert number(finding, "rank_correlation_error") == pytest.approx(1 / np.sqrt(399))
    if abs(number(finding, "rank_correlation")) <= 2 * number(finding, "rank_correlation_error"):
        assert "but not with them: rank correlation" in finding.evidence.why
    else:
        assert "not with them" not in finding.evidence.why
    assert finding.severity is Severity.ERROR


def test_predictions_that_follow_on_another_scale_are_not_called_unrelated(tmp_path: Path) -> None:
    """The spread alone says nothing: these go with the targets at a rank correlation of 0.8."""
    x, y = waves(300, 2, seed=3)
    finding = only(examined(tmp_path, answering(2, [float(y.mean())], spread=2.0), x, y), "L502")
    assert number(finding, "rank_correlation") > 0.7
    assert "not with them" not in finding.evidence.why
    assert "learned nothing" not in str(finding.evidence.verdict)
    assert "on the wrong scale" in str(finding.evidence.verdict)
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("seed", "rare"), [(0, 0.05), (1, 0.1), (2, 0.2)])
def test_false_alarm_class_weights_move_the_probabilities(seed: int, rare: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 5))
    score = x @ rng.normal(size=5) + 2 * rng.logistic(size=2000)
    y = (score > np.quantile(score, 1 - rare)).astype(float)[:, None]
    keras.utils.set_random_seed(seed)
    model = stack(5, L.Dense(16, "relu"), L.Dense(1, "sigmoid", name="out"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    fit(model, x, y, epochs=10, sample_weight=np.where(y[:, 0], 0.5 / rare, 0.5 / (1 - rare)))
    report = examined(tmp_path, model, x, y)
    finding = only(report, "L502")
    said = f"{finding.evidence.verdict} {finding.evidence.why}"
    assert finding.severity is Severity.NOTE, told(report)
    assert report.verdict == finding.evidence.verdict, "it is said all the same"
    assert "AUC" in said
    assert "too high" in said
    assert "learned nothing" not in said
    assert "not with" not in said
    assert not found(report, "L506"), "it is the bias alone"
    assert finding.evidence.remedy is not None
    shift = float(str(finding.evidence.remedy.code).partition("[")[2].partition("]")[0])
    model.get_layer("out").bias.assign_add([shift])
    constant = -(rare * np.log(rare) + (1 - rare) * np.log(1 - rare))
    assert model.evaluate(x, y, verbose=0) < constant, "the line of the fix brings it below"


@pytest.mark.parametrize("seed", range(2))
def test_false_alarm_oversampled_rows_of_three_classes(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, size=2000, p=[0.8, 0.15, 0.05])
    x = rng.normal(size=(2000, 4))
    x[:, :3] += np.eye(3)[labels]
    chosen = np.concatenate([rng.choice(np.flatnonzero(labels == k), 1000) for k in range(3)])
    keras.utils.set_random_seed(seed)
    model = stack(4, L.Dense(16, "relu"), L.Dense(3, "softmax"))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    rng.shuffle(chosen)
    fit(model, x[chosen], labels[chosen], epochs=12)
    report = examined(tmp_path, model, x, labels[:, None].astype(float))
    for finding in found(report, "L502"):
        assert finding.severity is Severity.NOTE, told(report)
        assert "too low" in str(finding.evidence.verdict)


@pytest.mark.parametrize("sureness", [20.0, 60.0])
def test_false_alarm_a_classifier_that_is_too_sure(sureness: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(2000, 3))
    slope = np.array([[1.0], [-1.0], [0.5]])
    y = (x @ slope + rng.logistic(size=(2000, 1)) > 0).astype(float)
    model = compiled(stack(3, L.Dense(6, "relu", name="h"), L.Dense(1, "sigmoid", name="out")))
    model.compile("adam", "binary_crossentropy")
    model = compiled(model, loss="binary_crossentropy")
    put(model.get_layer("h"), np.concatenate([np.eye(3), -np.eye(3)], axis=1), np.zeros(6))
    put(model.get_layer("out"), sureness * np.concatenate([slope, -slope]), [0.0])
    finding = only(report := examined(tmp_path, model, x, y), "L502")
    assert finding.severity is Severity.WARNING, told(report)
    assert "too sure of itself" in str(finding.evidence.verdict)


def test_several_outputs_all_at_their_means(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=4)
    y = np.concatenate([y, 3 * x[:, :1] + 1], axis=1)
    finding = only(examined(tmp_path, answering(2, list(y.mean(axis=0))), x, y, rules=("L502",)), "L502")
    assert number(finding, "constant") == pytest.approx(y.var(axis=0).mean(), rel=1e-9)
    assert "target" in finding.message.partition("always predicting ")[2]


def test_a_classifier_with_squared_error_that_gives_the_base_rate(tmp_path: Path) -> None:
    x = np.random.default_rng(5).normal(size=(500, 2))
    y = (x[:, :1] > 0.5).astype(float)
    model = compiled(stack(2, L.Dense(4, "relu", name="hidden"), L.Dense(1, "sigmoid", name="out")))
    rate = float(y.mean())
    put(model.get_layer("out"), np.zeros((4, 1)), [np.log(rate / (1 - rate))])
    finding = only(examined(tmp_path, model, x, y, rules=("L502",)), "L502")
    assert number(finding, "constant") == pytest.approx(rate * (1 - rate), rel=1e-9)


def test_really_trained_on_inputs_too_large_to_learn_from(tmp_path: Path) -> None:
    keras.utils.set_random_seed(6)
    x, y = waves(512, 2, seed=6)
    model = stack(2, L.Dense(16, "sigmoid"), L.Dense(1))
    model.compile("adam", "mse")
    train(model, 1e5 * x + 1e6, y, epochs=10)
    report = examined(tmp_path, model, 1e5 * x + 1e6, y)
    finding = only(report, "L502")
    assert finding.severity is Severity.ERROR
    assert finding.because_of is not None
    assert report.findings[0].code == "D702", told(report)


def test_false_alarm_pure_noise_allows_nothing_better(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2000, 2)), rng.normal(size=(2000, 1))
    assert quiet(examined(tmp_path, answering(2, [float(y.mean())]), x, y, rules=("L502",)), "L502")


def test_a_constant_target_allows_nothing_better(tmp_path: Path) -> None:
    x = np.random.default_rng(8).normal(size=(200, 2))
    assert quiet(examined(tmp_path, answering(2, [0.5]), x, np.full((200, 1), 0.5), rules=("L502",)), "L502")


@pytest.mark.parametrize(("gain", "fires"), [(0.004, True), (0.03, True), (0.08, False)])
def test_a_twentieth_of_the_way_to_the_line_is_the_limit(gain: float, *, fires: bool, tmp_path: Path) -> None:
    x = np.random.default_rng(9).uniform(-1, 1, (500, 1))
    share = 1 - np.sqrt(1 - gain)  # answering this share of the target leaves 1 - gain of its variance
    entry = keras.Input((1,))
    joined = L.Concatenate()([entry, L.Dense(2, "tanh")(entry)])
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(joined)))
    put(model.get_layer("out"), [[share], [0.0], [0.0]], [(1 - share) * x.mean()])
    assert bool(found(examined(tmp_path, model, x, x, rules=("L502",)), "L502")) == fires


def test_a_trained_model_is_below_the_constant(tmp_path: Path) -> None:
    keras.utils.set_random_seed(10)
    x, y = waves(400, 2, seed=10)
    model = stack(2, L.Dense(16, "tanh"), L.Dense(1))
    model.compile("adam", "mae")
    assert quiet(examined(tmp_path, train(model, x, y, epochs=15), x, y, rules=("L502",)), "L502")


def test_an_untrained_model_is_not_blamed(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=11)
    report = examined(
        tmp_path, compiled(stack(2, L.Dense(8, "relu"), L.Dense(1)), updates=0), x, y + 100, rules=("L502",)
    )
    not_asked = outcome(report, "L502")
    assert (not_asked.status, not_asked.reason) == (Status.NOT_APPLICABLE, "the model has not been trained yet")


def test_a_broken_model_is_at_most_an_effect_of_its_own_rule(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=12)
    model = answering(2, [float("nan")])
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "W301"
    assert {finding.because_of for finding in found(report, "L502")} <= {"W301"}


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, answering(2, [0.0]), rules=("L502",)), "L502")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
