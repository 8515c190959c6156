"""A101: fires on every shape of a linear network, and on no deliberate design."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    Functional,
    Input,
    L,
    Model,
    Sequential,
    alarms,
    compiled,
    examined,
    found,
    least_squares,
    names,
    number,
    only,
    outcome,
    put,
    quiet,
    rungs,
    stack,
    told,
    waves,
)
from paths import FIXTURES

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


def flattened() -> Model:
    return stack(2, L.Dense(6), L.Reshape((3, 2)), L.Flatten(), L.Dense(1))


def towers() -> Model:
    entry = Input((2,))
    parts = [L.Dense(4, name=f"tower_{side}")(entry) for side in ("left", "right")]
    return Functional(entry, L.Dense(1, name="joined")(L.Concatenate()(parts)))


def residual() -> Model:
    entry = Input((2,))
    stem = L.Dense(4, name="stem")(entry)
    block = L.Dense(4, name="block_2")(L.Dense(4, name="block_1")(stem))
    return Functional(entry, L.Dense(1, name="head")(L.Add()([stem, block])))


def nested() -> Model:
    body = Sequential([Input((2,)), L.Dense(4, name="inner")], name="body")
    entry = Input((2,))
    return Functional(entry, L.Dense(1, name="outer")(body(entry)))


def shared() -> Model:
    entry = Input((2,))
    layer = L.Dense(3, name="shared")
    joined = L.Add()([layer(entry), layer(L.Rescaling(2.0)(entry))])
    return Functional(entry, L.Dense(1, name="head")(joined))


def several_outputs() -> Model:
    entry = Input((2,))
    trunk = L.Dense(4, name="trunk")(entry)
    return Functional(entry, [L.Dense(1, name="up")(trunk), L.Dense(1, name="down")(trunk)])


def frozen() -> Model:
    model = stack(2, L.Dense(4, name="still"), L.Dense(1, name="head"))
    model.get_layer("still").trainable = False
    return model


LINEAR: dict[str, Callable[[], Model]] = {
    "two": lambda: stack(2, L.Dense(8), L.Dense(1)),
    "five": lambda: stack(2, *[L.Dense(8) for _ in range(4)], L.Dense(1)),
    "wide": lambda: stack(2, L.Dense(300), L.Dense(1)),
    "spelled out": lambda: stack(2, L.Dense(8, "linear"), L.Dense(1, "linear")),
    "Activation('linear')": lambda: stack(2, L.Dense(8), L.Activation("linear"), L.Dense(1)),
    "BatchNormalization": lambda: stack(2, L.Dense(8), L.BatchNormalization(), L.Dense(1)),
    "Dropout": lambda: stack(2, L.Dense(8), L.Dropout(0.5), L.Dense(1)),
    "GaussianNoise": lambda: stack(2, L.Dense(8), L.GaussianNoise(0.5), L.Dense(1)),
    "Rescaling": lambda: stack(2, L.Rescaling(0.5, 1.0), L.Dense(8), L.Rescaling(2.0), L.Dense(1)),
    "Flatten": flattened,
    "LeakyReLU of slope 1": lambda: stack(2, L.Dense(8), L.LeakyReLU(negative_slope=1.0), L.Dense(1)),
    "Concatenate": towers,
    "residual": residual,
    "nested": nested,
    "shared": shared,
    "frozen": frozen,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LINEAR)
def test_every_shape_of_a_linear_network_is_an_error(name: str, tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=len(name))
    report = examined(tmp_path, compiled(LINEAR[name]()), x, y)
    finding = only(report, "A101")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert report.findings[0] is finding
    floor = least_squares(x, y)
    assert number(finding, "floor") == pytest.approx(floor, rel=1e-9)
    assert rungs(report)["architecture"] == pytest.approx(floor, rel=1e-9)


@pytest.mark.parametrize("data", ["csv", "npz", "parquet"])
def test_the_same_answer_from_every_kind_of_file(data: str, tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=5)
    model = compiled(stack(3, L.Dense(7, name="first"), L.Dense(1, name="last")))
    report = examined(tmp_path, model, x, y, data=data, rules=("A101",))
    finding = only(report, "A101")
    assert names(finding, "layers") == ("first", "last")
    assert number(finding, "floor") == pytest.approx(least_squares(x, y), rel=1e-12)
    assert finding.message.startswith("first -> last have no activation between them")


def test_without_any_bias_the_floor_is_that_of_lines_through_the_origin(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=1)
    model = stack(2, L.Dense(4, use_bias=False), L.Dense(1, use_bias=False))
    report = examined(tmp_path, compiled(model), x, y, rules=("A101",))
    through_origin = float(np.square(y - x @ np.linalg.lstsq(x, y, rcond=None)[0]).mean())
    assert through_origin > 1.1 * least_squares(x, y)
    assert number(only(report, "A101"), "floor") == pytest.approx(through_origin, rel=1e-9)


def test_several_linear_outputs_share_one_floor(tmp_path: Path) -> None:
    x, one = waves(200, 2, seed=2)
    model = compiled(several_outputs(), loss=["mse", "mse"], loss_weights=[1.0, 3.0])
    y = np.concatenate([one, np.cos(4 * x[:, 1:]) + x[:, :1]], axis=1)
    finding = only(examined(tmp_path, model, x, y, rules=("A101",)), "A101")
    floor = least_squares(x, y[:, :1]) + 3 * least_squares(x, y[:, 1:])
    assert finding.severity is Severity.ERROR
    assert number(finding, "floor") == pytest.approx(floor, rel=1e-9)


def test_one_output_of_two_linear_is_found_without_a_floor_for_the_whole(tmp_path: Path) -> None:
    entry = Input((2,))
    straight = L.Dense(1, name="straight")(L.Dense(4, name="idle")(entry))
    bent = L.Dense(1, name="bent")(L.Dense(8, "tanh", name="busy")(entry))
    x, y = waves(200, 2, seed=4)
    model = compiled(Functional(entry, [straight, bent]), loss=["mse", "mse"])
    report = examined(tmp_path, model, x, np.concatenate([y, y], axis=1), rules=("A101",))
    finding = only(report, "A101")
    assert names(finding, "layers") == ("idle", "straight")
    assert finding.evidence.numbers["whole_network"] is False
    assert finding.evidence.numbers["floor"] is None


@pytest.mark.slow
def test_a_stretch_inside_a_nonlinear_network_is_a_warning_while_the_model_is_stuck(tmp_path: Path) -> None:
    model = stack(2, L.Dense(8, name="a"), L.Dense(8, "tanh", name="b"), L.Dense(1, name="c"))
    x, y = waves(200, 2, seed=6)
    finding = only(report := examined(tmp_path, compiled(model), x, y), "A101")
    assert names(finding, "layers") == ("a", "b")
    assert finding.severity is Severity.WARNING
    assert "can only" not in report.verdict


@pytest.mark.slow
def test_dense_after_dense_under_a_sigmoid_is_a_logistic_regression(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(300, 2))
    y = (x[:, :1] * x[:, 1:] > 0).astype(float)
    model = compiled(stack(2, L.Dense(16, name="hidden"), L.Dense(1, "sigmoid", name="answer")))
    finding = only(report := examined(tmp_path, model, x, y), "A101")
    assert finding.severity is Severity.ERROR
    assert finding.evidence.numbers["whole_network"] is True
    assert finding.evidence.numbers["floor"] is None
    assert "linear model" in report.verdict


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_a_model_that_reached_the_floor_is_told_that_nothing_else_helps(loss: str, tmp_path: Path) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = waves(120, 1, seed=7)
    fit = (
        linear_model.LinearRegression()
        if loss == "mse"
        else linear_model.QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs")
    ).fit(x, y[:, 0])
    model = compiled(stack(1, L.Dense(2, name="first"), L.Dense(1, name="last")), loss=loss)
    model.get_layer("first").set_weights([np.array([[1.0, 0.0]]), np.zeros(2)])
    model.get_layer("last").set_weights([np.array([[fit.coef_[0]], [0.0]]), np.array([fit.intercept_])])
    report = examined(tmp_path, model, x, y)
    finding = only(report, "A101")
    assert report.ladder is not None
    assert report.ladder.standing == "architecture"
    assert finding.evidence.explains == pytest.approx(1.0, abs=1e-5)
    assert {"learning rate", "optimizer", "epochs", "width", "local minimum"} <= set(finding.evidence.rules_out)
    assert "stuck" in report.verdict
    assert "straight line" in report.verdict


@pytest.mark.slow
def test_a_model_above_the_floor_is_not_told_that_it_is_stuck_on_it(tmp_path: Path) -> None:
    x, y = waves(120, 1, seed=8)
    model = compiled(stack(1, L.Dense(2), L.Dense(1)))
    model.layers[-1].set_weights([np.zeros((2, 1)), np.array([5.0])])
    report = examined(tmp_path, model, x, y)
    finding = only(report, "A101")
    assert "local minimum" not in finding.evidence.rules_out
    assert "stuck" not in report.verdict
    explains = finding.evidence.explains
    ladder = rungs(report)
    # Counted from what is probably noise, as the position of the loss is.
    base = ladder.get("noise", 0.0)
    assert explains == pytest.approx((least_squares(x, y) - base) / (ladder["model"] - base), rel=1e-6)


def test_what_is_probably_noise_is_not_said_to_be_removable(tmp_path: Path) -> None:
    """A line through noise: an activation could take away a tenth of the loss, not all that the data rung allows."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (800, 1))
    y = 0.45 * np.sin(3 * x) + rng.normal(size=x.shape)
    model = compiled(stack(1, L.Dense(8), L.Dense(1)))
    slope, start = np.polyfit(x[:, 0], y[:, 0], 1)
    put(model.layers[0], np.eye(1, 8), np.zeros(8))
    put(model.layers[1], slope * np.eye(8, 1), [start])
    why = only(examined(tmp_path, model, x, y, rules=("A101",)), "A101").evidence.why
    assert "is probably noise, which no network removes" in why
    assert "allow 0" not in why


def test_an_untrained_network_gets_a_prediction(tmp_path: Path) -> None:
    x, y = waves(120, 1, seed=9)
    report = examined(tmp_path, compiled(stack(1, L.Dense(5), L.Dense(1)), updates=0), x, y)
    finding = only(report, "A101")
    assert finding.severity is Severity.ERROR
    assert finding.evidence.explains is None
    assert report.verdict.startswith("Training will stop at ")
    assert f"{least_squares(x, y):.4f}"[:5] in report.verdict
    assert report.ladder is not None
    assert report.ladder.standing is None


def test_the_remedy_names_the_first_layer_of_the_stretch(tmp_path: Path) -> None:
    model = stack(
        2, L.Dense(8, "relu", name="fine"), L.Dense(6, name="bare"), L.Dense(5, name="next", activation="relu")
    )
    model.add(L.Dense(1, name="end"))
    remedy = only(examined(tmp_path, compiled(model), rules=("A101",)), "A101").evidence.remedy
    assert remedy is not None
    assert "bare" in remedy.text
    assert remedy.code == 'Dense(6, activation="tanh", name="bare")'


def test_the_remedy_for_a_layer_of_a_nested_model_uses_its_own_name(tmp_path: Path) -> None:
    remedy = only(examined(tmp_path, compiled(nested()), rules=("A101",)), "A101").evidence.remedy
    assert remedy is not None
    assert remedy.code == 'Dense(4, activation="tanh", name="inner")'


def test_the_model_alone_is_enough(tmp_path: Path) -> None:
    report = examined(tmp_path, stack(3, L.Dense(4), L.Dense(1)))
    finding = only(report, "A101")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert finding.evidence.numbers["floor"] is None
    assert finding.evidence.explains is None
    assert report.ladder is None
    assert "no activation function between your layers" in report.verdict


def test_a_stretch_of_a_nonlinear_model_without_data_is_a_warning(tmp_path: Path) -> None:
    model = stack(3, L.Dense(4), L.Dense(4, "relu"), L.Dense(1))
    assert only(examined(tmp_path, model, rules=("A101",)), "A101").severity is Severity.WARNING


def test_data_without_a_known_loss_still_get_the_theorem(tmp_path: Path) -> None:
    x, y = waves(50, 2, seed=0)
    report = examined(tmp_path, stack(2, L.Dense(4), L.Dense(1)), x, y)
    assert only(report, "A101").severity is Severity.ERROR
    assert report.ladder is None
    assert report.no_ladder is not None
    assert "--loss" in report.no_ladder


def test_the_loss_may_be_named_by_the_user(tmp_path: Path) -> None:
    x, y = waves(50, 2, seed=0)
    report = examined(tmp_path, stack(2, L.Dense(4), L.Dense(1)), x, y, loss="mse", rules=("A101",))
    assert number(only(report, "A101"), "floor") == pytest.approx(least_squares(x, y), rel=1e-9)


def gated() -> Model:
    entry = Input((2,))
    return Functional(entry, L.Dense(1)(L.Multiply()([L.Dense(4)(entry), L.Dense(4)(entry)])))


def wide_and_deep() -> Model:
    entry = Input((2,))
    deep = L.Dense(8, "relu")(entry)
    return Functional(entry, L.Dense(1)(L.Concatenate()([entry, deep])))


def residual_relu() -> Model:
    entry = Input((2,))
    stream = L.Dense(8)(entry)
    for _ in range(2):
        stream = L.Add()([stream, L.Dense(8)(L.Dense(8, "relu")(stream))])
    return Functional(entry, L.Dense(1)(stream))


def residual_before_relu() -> Model:
    entry = Input((2,))
    block = L.Dense(2)(L.Dense(8, "relu")(entry))
    return Functional(entry, L.Dense(1)(L.ReLU()(L.Add()([entry, block]))))


DELIBERATE: dict[str, Callable[[], Model]] = {
    "one Dense": lambda: stack(2, L.Dense(1)),
    "logistic regression": lambda: stack(2, L.Dense(1, "sigmoid")),
    "Normalization and one Dense": lambda: stack(2, L.Normalization(mean=0.0, variance=1.0), L.Dense(1)),
    "Dense(activation)": lambda: stack(2, L.Dense(8, "relu"), L.Dense(1)),
    "Dense and Activation": lambda: stack(2, L.Dense(8), L.Activation("tanh"), L.Dense(1)),
    "Dense and ReLU": lambda: stack(2, L.Dense(8), L.ReLU(), L.Dense(1)),
    "Dense and LeakyReLU": lambda: stack(2, L.Dense(8), L.LeakyReLU(), L.Dense(1)),
    "Dense and PReLU": lambda: stack(2, L.Dense(8), L.PReLU(), L.Dense(1)),
    "Dense and ELU": lambda: stack(2, L.Dense(8), L.ELU(), L.Dense(1)),
    "Dense and Softmax": lambda: stack(2, L.Dense(8), L.Softmax(), L.Dense(1)),
    "an activation given as a layer": lambda: stack(2, L.Dense(8, activation=L.LeakyReLU()), L.Dense(1)),
    "activation behind BatchNormalization": lambda: stack(
        2, L.Dense(8), L.BatchNormalization(), L.Dropout(0.1), L.ReLU(), L.Dense(1)
    ),
    "LayerNormalization": lambda: stack(2, L.Dense(8), L.LayerNormalization(), L.Dense(1)),
    "UnitNormalization": lambda: stack(2, L.Dense(8), L.UnitNormalization(), L.Dense(1)),
    "a product": gated,
    "wide and deep": wide_and_deep,
    "residual blocks": residual_relu,
    "a skip into a ReLU": residual_before_relu,
}


@pytest.mark.parametrize("name", DELIBERATE)
@pytest.mark.series
def test_deliberate_designs_stay_quiet_with_and_without_data(name: str, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=11)
    model = compiled(DELIBERATE[name]())
    assert outcome(examined(tmp_path, model, rules=("A101",)), "A101").status is Status.PASSED
    if len([layer for layer in model.layers if layer.weights]) == 1:
        y = x @ np.array([[1.0], [-0.5]])  # one layer is enough for these
    assert outcome(examined(tmp_path, model, x, y, rules=("A101",)), "A101").status is Status.PASSED


ONE_LAYER = ("A101", "U404", "L502", "U403")
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_one_layer_is_told_where_the_data_bend(tmp_path: Path) -> None:
    """A perceptron on XOR, which nothing but a table so small tells, and a line on a parabola."""
    perceptron = compiled(stack(2, L.Dense(1, "sigmoid")), "binary_crossentropy")
    put(perceptron.layers[0], np.zeros((2, 1)), [0.0])
    report = examined(tmp_path, perceptron, XOR, np.array([[0.0], [1.0], [1.0], [0.0]]), rules=ONE_LAYER)
    assert report.findings[0].code == "A101", told(report)
    assert "no hidden layer" in report.verdict
    assert "unseen rows" not in told(report)
    x = np.linspace(-2, 2, 80)[:, None]
    line = compiled(stack(1, L.Dense(1)))
    put(line.layers[0], [[0.0]], [1.37])
    report = examined(tmp_path, line, x, x**2, rules=ONE_LAYER)
    assert report.findings[0].code == "A101", told(report)
    assert {"U404", "L502"} & {one.code for one in report.findings if one.because_of == "A101"}


def test_no_more_layers_are_asked_for_and(tmp_path: Path) -> None:
    """The same perceptron has learned AND."""
    model = compiled(stack(2, L.Dense(1, "sigmoid")), "binary_crossentropy")
    put(model.layers[0], [[9.0], [9.0]], [-13.0])
    report = examined(tmp_path, model, XOR, np.array([[0.0], [0.0], [0.0], [1.0]]))
    assert report.verdict.startswith("Looks healthy"), told(report)


@pytest.mark.slow
def test_false_alarm_a_linear_autoencoder_is_linear_on_purpose(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    basis, _ = np.linalg.qr(rng.normal(size=(5, 2)))
    x = rng.normal(size=(300, 2)) @ basis.T
    model = compiled(stack(5, L.Dense(2), L.Dense(5)))
    model.layers[0].set_weights([basis, np.zeros(2)])
    model.layers[1].set_weights([basis.T, np.zeros(5)])
    assert not found(examined(tmp_path, model, rules=("A101",)), "A101")
    report = examined(tmp_path, model, x, x)
    assert not found(report, "A101")
    assert not alarms(report), told(report)


def test_a_linear_bottleneck_without_data_may_be_deliberate(tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, compiled(stack(6, L.Dense(2), L.Dense(4))), rules=("A101",)), "A101")


def test_a_linear_bottleneck_that_cannot_follow_its_data_is_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, (400, 4))
    report = examined(tmp_path, compiled(stack(4, L.Dense(2), L.Dense(4))), x, np.cos(4 * x), rules=("A101",))
    assert only(report, "A101").severity is Severity.ERROR


@pytest.mark.slow
@pytest.mark.parametrize("rows", [2, 30, 2000])
def test_data_on_a_line_make_it_a_note(rows: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 1))
    report = examined(tmp_path, compiled(stack(1, L.Dense(10), L.Dense(1))), x, 3 * x - 1, rules=("A101",))
    finding = only(report, "A101")
    assert finding.severity is Severity.NOTE
    assert number(finding, "floor") == pytest.approx(0.0, abs=1e-25)
    assert "are linear" in finding.evidence.why
    assert not finding.evidence.rules_out


def test_false_alarm_as_many_parameters_as_rows_fit_any_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 1))
    assert (
        only(examined(tmp_path, compiled(stack(3, L.Dense(5), L.Dense(1))), x, y, rules=("A101",)), "A101").severity
        is Severity.NOTE
    )


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "noise"), [(400, 0.3), (3000, 1.0)])
def test_noisy_linear_data_with_many_rows_make_it_a_note(rows: int, noise: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 3))
    y = x @ [[1.0], [-2.0], [0.5]] + noise * rng.normal(size=(rows, 1))
    report = examined(tmp_path, compiled(stack(3, L.Dense(10), L.Dense(1))), x, y, rules=("A101",))
    finding = only(report, "A101")
    assert finding.severity is Severity.NOTE, told(report)
    assert "nothing seems lost" in finding.evidence.why
    assert number(finding, "floor") == pytest.approx(least_squares(x, y), rel=1e-9)


def test_the_share_left_by_a_line_is_that_of_a_plain_solve(tmp_path: Path) -> None:
    x, y = waves(250, 4, seed=12)
    finding = only(examined(tmp_path, compiled(stack(4, L.Dense(9), L.Dense(1))), x, y, rules=("A101",)), "A101")
    assert number(finding, "affine_left_share") == pytest.approx(least_squares(x, y) / y.var(), rel=1e-9)


@pytest.mark.slow
def test_the_witness_is_the_best_line(tmp_path: Path) -> None:
    x, y = waves(80, 1, seed=13)
    slope, intercept = np.polyfit(x[:, 0], y[:, 0], 1)
    report = examined(tmp_path, compiled(stack(1, L.Dense(9), L.Dense(1))), x, y)
    assert report.ladder is not None
    line = report.ladder.rung("affine")
    assert line is not None
    np.testing.assert_allclose(line.coefficients, [[intercept, slope]], rtol=1e-9)
    sign = "+" if intercept > 0 else "-"
    assert only(report, "A101").message.endswith(f"y = {slope:.5g} x {sign} {abs(intercept):.5g}")


def test_the_old_file_of_r_training_is_read_alike() -> None:
    old = diagnose(Question(str(FIXTURES / "three-points/model.h5"), str(FIXTURES / "three-points/data.csv")))
    new = diagnose(Question(str(FIXTURES / "three-points/model.keras"), str(FIXTURES / "three-points/data.csv")))
    assert only(old, "A101").evidence == only(new, "A101").evidence
