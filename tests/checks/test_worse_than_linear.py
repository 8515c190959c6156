"""L504: models above the line, and where L501 ends and it begins."""

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
    least_squares,
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
from mlpdoctor.facts.ladder.loss_position import ABOVE


def beside_the_line(x: Table, y: Table, share: float) -> Model:
    """A network with a linear path that carries this share of the best line's slopes, around the mean."""
    design = np.column_stack([np.ones(len(x)), x])
    slopes = np.linalg.lstsq(design, y, rcond=None)[0][1:]
    entry = keras.Input((x.shape[1],))
    joined = L.Concatenate()([entry, L.Dense(8, "tanh", name="hidden")(entry)])
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(joined)))
    put(model.get_layer("hidden"), np.random.default_rng(0).normal(size=(x.shape[1], 8)), np.full(8, 0.1))
    kernel = np.concatenate([share * slopes, np.zeros((8, 1))])
    put(model.get_layer("out"), kernel, y.mean(axis=0) - x.mean(axis=0) @ (share * slopes))
    return model


@pytest.mark.parametrize(("rows", "width", "seed"), [(200, 1, 0), (500, 4, 1), (2500, 10, 2)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_half_of_the_slopes_is_worse_than_all_of_them(
    rows: int, width: int, seed: int, scale: float, tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    y = scale * (x @ rng.uniform(0.5, 1.5, (width, 1)) + 0.3 * rng.normal(size=(rows, 1)))
    model = beside_the_line(x, y, 0.5)
    finding = only(report := examined(tmp_path, model, x, y), "L504")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    assert number(finding, "affine") == pytest.approx(least_squares(x, y), rel=1e-6)
    assert number(finding, "model") == pytest.approx(np.square(predicted(model, x) - y).mean(), rel=1e-5)
    assert "L501" not in [one.code for one in report.findings]


@pytest.mark.parametrize("above", [0.5 * ABOVE, 0.9 * ABOVE, 1.1 * ABOVE, 4 * ABOVE, 10 * ABOVE])
def test_either_l501_or_l504_speaks(above: float, tmp_path: Path) -> None:
    x, y = waves(1000, 3, seed=3)
    line, constant = least_squares(x, y), float(y.var())
    share = 1 - np.sqrt(above * line / (constant - line))  # what is missing of the slopes costs its square
    report = examined(tmp_path, beside_the_line(x, y, share), x, y)
    finding = only(report, "L504" if above > ABOVE else "L501")
    assert number(finding, "model") / line - 1 == pytest.approx(above, abs=1e-3)
    assert quiet(report, "L501" if above > ABOVE else "L504"), told(report)


@pytest.mark.parametrize("seed", range(3))
def test_really_stopped_after_a_few_updates(seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    x, y = waves(640, 3, seed=seed)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    report = examined(tmp_path, train(model, x, y, epochs=8), x, y, rules=("L504",))
    finding = only(report, "L504")
    assert number(finding, "updates") == 80
    assert finding.evidence.remedy is not None
    assert "Adam" in finding.evidence.remedy.text


def test_a_single_dense_layer_can_be_worse_than_the_line_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 2))
    y = x @ [[1.0], [2.0]] + 0.1 * rng.normal(size=(400, 1))
    model = compiled(stack(2, L.Dense(1, name="out")))
    put(model.get_layer("out"), [[0.5], [1.0]], [0.0])
    assert only(examined(tmp_path, model, x, y, rules=("L504",)), "L504").severity is Severity.WARNING


def test_no_better_than_a_constant_is_for_l502(tmp_path: Path) -> None:
    x, y = waves(400, 2, seed=6)
    report = examined(tmp_path, beside_the_line(x, y, 0.0), x, y, rules=("L502", "L504"))
    assert found(report, "L502")
    assert quiet(report, "L504")


def test_false_alarm_a_model_at_the_lines_loss_on_unseen_rows(tmp_path: Path) -> None:
    """Eighty rows and eighteen features: the best line owes much of its low loss to chance."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(80, 18))
    truth = rng.normal(size=(18, 1))
    y = x @ truth + 2 * rng.normal(size=(80, 1))
    model = compiled(stack(18, L.Dense(1, name="out")))
    put(model.get_layer("out"), truth, [0.0])
    assert np.square(predicted(model, x) - y).mean() > 1.1 * least_squares(x, y)
    assert quiet(examined(tmp_path, model, x, y, rules=("L504",)), "L504")


def test_false_alarm_a_classifier_less_sure_than_logistic_regression_on_rows_it_has_seen(tmp_path: Path) -> None:
    keras.utils.set_random_seed(8)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(150, 10))
    y = (x[:, :1] + x[:, 1:2] > 0).astype(float)
    model = stack(10, L.Dense(16, "relu"), L.Dense(1, "sigmoid"))
    model.compile("adam", "binary_crossentropy")
    report = examined(tmp_path, train(model, x, y, epochs=40, batch=32), x, y)
    assert not [alarm for alarm in alarms(report) if "L504" in alarm], told(report)


def test_false_alarm_an_autoencoder_whose_bottleneck_no_identity_fits_through(tmp_path: Path) -> None:
    """The affine rung of an autoencoder is zero, and no two units pass on six columns."""
    keras.utils.set_random_seed(9)
    rng = np.random.default_rng(9)
    x = np.tanh(rng.normal(size=(500, 6)))
    model = stack(6, L.Dense(16, "tanh"), L.Dense(2, "tanh"), L.Dense(16, "tanh"), L.Dense(6))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, train(model, x, x, epochs=5), x, x, rules=("L504",)), "L504")


def test_a_gap_that_hardly_matters_is_a_note(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    x = rng.normal(size=(500, 2))
    y = x @ [[1.0], [2.0]] + 0.05 * rng.normal(size=(500, 1))
    assert only(examined(tmp_path, beside_the_line(x, y, 0.9), x, y, rules=("L504",)), "L504").severity is Severity.NOTE


def test_an_untrained_model_is_not_blamed(tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=11)
    report = examined(tmp_path, compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1)), updates=0), x, y, rules=("L504",))
    assert outcome(report, "L504").status is Status.NOT_APPLICABLE


def test_without_data_it_is_skipped(tmp_path: Path) -> None:
    assert (
        outcome(examined(tmp_path, stack(2, L.Dense(8, "tanh"), L.Dense(1)), rules=("L504",)), "L504").status
        is Status.SKIPPED
    )
