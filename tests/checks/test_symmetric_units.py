"""W302: units that are copies of one another, told by their weights and proved on real training."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    examined,
    found,
    number,
    only,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity

STARTS = {"zeros": "zeros", "ones": "ones", "a tenth": keras.initializers.Constant(0.1)}


def new(model: Model) -> Model:
    """Ready to be trained, with an optimizer that has seen nothing yet, for momentum moves what has no gradient."""
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def alike(start: Model, activation: str, units: int, *between: Model, depth: int = 1, seed: int = 0) -> Model:
    keras.utils.set_random_seed(seed)
    hidden = [L.Dense(units, activation, kernel_initializer=start, name=f"hidden_{k}") for k in range(depth)]
    return new(stack(3, *hidden, *between, L.Dense(1, kernel_initializer=start, name="out")))


@keras.saving.register_keras_serializable("own")
class Rising(keras.regularizers.Regularizer):  # type: ignore[misc]
    """Costs more for each unit than for the one before."""

    def __call__(self, x: Any) -> Any:  # noqa: ANN401  a tensor
        return keras.ops.sum(keras.ops.square(x - keras.ops.arange(x.shape[-1], dtype=x.dtype)))

    def get_config(self) -> dict[str, object]:
        return {}


def test_a_penalty_of_ones_own_may_tell_copies_apart(tmp_path: Path) -> None:
    """What the usual penalties leave alike this one parts, so that nothing is proved."""
    for penalty, certainty, apart in (("l2", Certainty.PROVED, 1), (Rising(), Certainty.MEASURED, 4)):
        keras.utils.set_random_seed(0)
        hidden = L.Dense(4, "tanh", kernel_initializer="ones", kernel_regularizer=penalty, name="hidden_0")
        model = new(stack(3, hidden, L.Dense(1, kernel_initializer="ones", name="out")))
        assert only(examined(tmp_path, model, rules=("W302",)), "W302").evidence.certainty is certainty
        train(model, *waves(60, 3, seed=0), 5, rate=0.01)
        assert distinct(model) == apart


def distinct(model: Model, layer: str = "hidden_0") -> int:
    """Units that differ in their weights coming in, counted by NumPy."""
    kernel, bias = model.get_layer(layer).get_weights()
    return len(np.unique(np.vstack([kernel, bias]).round(5), axis=1).T)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("activation", "units"), [("relu", 13), ("tanh", 5), ("sigmoid", 16), ("elu", 2)])
def test_real_training_from_a_constant_keeps_all_units_alike(
    start: str, activation: str, units: int, tmp_path: Path
) -> None:
    x, y = waves(200, 3, seed=units)
    model = train(alike(STARTS[start], activation, units), x, y, 10)
    assert distinct(model) == 1
    finding = only(report := examined(tmp_path, model, x, y), "W302")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED), told(report)
    assert number(finding, "units") == number(finding, "alike") == units
    assert number(finding, "effective") == (0 if (start, activation) == ("zeros", "relu") else 1)
    assert report.findings[0] is finding, told(report)


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_the_file_alone_tells_it(form: str, tmp_path: Path) -> None:
    report = examined(tmp_path, alike("ones", "tanh", 8, depth=2), form=form, rules=("W302",))
    assert {finding.layer for finding in found(report, "W302")} == {"hidden_0", "hidden_1"}
    assert all(finding.severity is Severity.ERROR for finding in found(report, "W302"))


def test_the_remedy_is_a_layer_that_trains(tmp_path: Path) -> None:
    remedy = only(examined(tmp_path, alike("ones", "tanh", 8), rules=("W302",)), "W302").evidence.remedy
    assert remedy is not None
    layer = eval(str(remedy.code), {"Dense": L.Dense})  # noqa: S307
    cured = new(stack(3, layer, L.Dense(1)))
    assert quiet(examined(tmp_path, cured, rules=("W302",)), "W302")


@pytest.mark.parametrize("between", [L.BatchNormalization, L.LeakyReLU, L.LayerNormalization])
def test_layers_that_treat_all_units_alike_change_nothing(between: Model, tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=1)
    model = train(alike("ones", "tanh", 6, between()), x, y, 5)
    assert distinct(model) == 1
    assert only(examined(tmp_path, model, x, y, rules=("W302",)), "W302").severity is Severity.ERROR


def test_dropout_behind_the_units_draws_them_apart(tmp_path: Path) -> None:
    fresh = only(examined(tmp_path, alike("ones", "tanh", 8, L.Dropout(0.5)), rules=("W302",)), "W302")
    assert (fresh.severity, fresh.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    x, y = waves(400, 3, seed=2)
    model = train(alike("ones", "tanh", 8, L.Dropout(0.5)), x, y, 10)
    assert distinct(model) == 8
    assert quiet(examined(tmp_path, model, x, y, rules=("W302",)), "W302")


def test_dropout_cannot_tell_units_apart_that_are_all_zero(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=3)
    model = train(alike("zeros", "tanh", 8, L.Dropout(0.5)), x, y, 10)
    assert distinct(model) == 1
    finding = only(examined(tmp_path, model, x, y, rules=("W302",)), "W302")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)


def test_rectified_units_without_weights_never_begin_whatever_comes_behind(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = new(stack(3, L.Dense(8, "relu", kernel_initializer="zeros", name="hidden"), L.Dense(1)))
    x, y = waves(300, 3, seed=4)
    train(model, x, y, 10)
    assert not model.get_layer("hidden").get_weights()[0].any()
    finding = only(examined(tmp_path, model, x, y, rules=("W302",)), "W302")
    assert (number(finding, "effective"), finding.evidence.certainty) == (0, Certainty.PROVED)


def test_false_alarm_zeros_whose_ways_part_behind_them_train(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = new(stack(3, L.Dense(8, "tanh", kernel_initializer="zeros", name="hidden_0"), L.Dense(1)))
    assert quiet(examined(tmp_path, model, rules=("W302",)), "W302")
    x, y = waves(300, 3, seed=5)
    assert distinct(train(model, x, y, 10)) == 8


@pytest.mark.parametrize("units", [1, 4])
def test_false_alarm_an_output_that_starts_at_zero(units: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = new(stack(3, L.Dense(8, "relu"), L.Dense(units, kernel_initializer="zeros")))
    assert quiet(examined(tmp_path, model, rules=("W302",)), "W302")


def test_false_alarm_a_residual_branch_that_ends_in_zeros(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    entry = keras.Input((3,))
    trunk = L.Dense(8)(entry)
    branch = L.Dense(8, kernel_initializer="zeros", name="end")(L.Dense(8, "relu")(trunk))
    model = new(keras.Model(entry, L.Dense(1)(L.Add()([trunk, branch]))))
    assert quiet(examined(tmp_path, model, rules=("W302",)), "W302")


def paired(units: int, pairs: int, seed: int = 0) -> Model:
    """A layer in which the first units come in pairs."""
    keras.utils.set_random_seed(seed)
    model = new(stack(3, L.Dense(units, "tanh", name="hidden"), L.Dense(2, name="out")))
    (kernel, bias), (out, last) = (model.get_layer(name).get_weights() for name in ("hidden", "out"))
    for k in range(pairs):
        kernel[:, 2 * k + 1], out[2 * k + 1] = kernel[:, 2 * k], out[2 * k]
    put(model.get_layer("hidden"), kernel, bias)
    put(model.get_layer("out"), out, last)
    return model


@pytest.mark.parametrize(("units", "pairs", "speaks"), [(16, 8, True), (16, 7, False), (40, 3, False), (2, 1, True)])
def test_it_speaks_when_at_most_half_the_width_is_left(units: int, pairs: int, speaks: bool, tmp_path: Path) -> None:  # noqa: FBT001
    findings = found(examined(tmp_path, paired(units, pairs), rules=("W302",)), "W302")
    assert [number(one, "effective") for one in findings] == ([units - pairs] if speaks else [])
    if speaks:
        assert findings[0].severity is (Severity.ERROR if units - pairs == 1 else Severity.WARNING)


def test_equal_weights_with_another_memory_in_the_optimizer_are_no_copies(tmp_path: Path) -> None:
    model = alike("ones", "tanh", 4)
    for slot in model.optimizer.variables[2:]:
        if slot.shape == (3, 4):
            slot.assign(np.random.default_rng(0).normal(size=(3, 4)) ** 2)
    assert quiet(examined(tmp_path, model, rules=("W302",)), "W302")


def test_copies_up_to_rounding_are_measured_not_proved(tmp_path: Path) -> None:
    model = alike("ones", "tanh", 8)
    put(model.get_layer("hidden_0"), 1 + 1e-6 * np.random.default_rng(0).normal(size=(3, 8)), np.zeros(8))
    finding = only(examined(tmp_path, model, rules=("W302",)), "W302")
    assert (number(finding, "effective"), finding.evidence.certainty) == (1, Certainty.MEASURED)


@pytest.mark.parametrize(("units", "width", "seed"), [(2, 1, 0), (64, 1, 1), (512, 1, 2), (128, 8, 3)])
def test_false_alarm_units_drawn_at_random(units: int, width: int, seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    model = new(stack(width, L.Dense(units, "relu"), L.Dense(units, "tanh"), L.Dense(1)))
    assert quiet(examined(tmp_path, model, rules=("W302",)), "W302")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_false_alarm_a_trained_model(seed: int, tmp_path: Path) -> None:
    x, y = waves(600, 3, seed=seed)
    keras.utils.set_random_seed(seed)
    model = train(new(stack(3, L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1))), x, y, 60)
    report = examined(tmp_path, model, x, y)
    assert quiet(report, "W302")
    assert not [alarm for alarm in alarms(report) if " W30" in alarm], told(report)


@settings(deadline=None, max_examples=examples(40))
@given(seed=st.integers(0, 2**32 - 1), units=st.integers(2, 6), steps=st.integers(1, 20))
def test_theorem_copies_get_the_same_gradient_and_stay_copies(seed: int, units: int, steps: int) -> None:
    """The gradient of a loss at a point that an exchange of units leaves as it is is left as it is too."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    before, bias, behind = rng.normal(size=(3, units)), rng.normal(size=units), rng.normal(size=(units, 2))
    before[:, 1], bias[1], behind[1] = before[:, 0], bias[0], behind[0]
    weights = [before, bias, behind]
    squares: list[Table] = [np.zeros_like(weight) for weight in weights]
    for _ in range(steps):
        before, bias, behind = weights
        hidden = np.tanh(x @ before + bias)
        error = 2 * (hidden @ behind - y) / y.size
        inner = (error @ behind.T) * (1 - hidden**2)
        gradients = [x.T @ inner, inner.sum(axis=0), hidden.T @ error]
        squares = [0.9 * old + 0.1 * new**2 for old, new in zip(squares, gradients, strict=True)]
        roots = [np.sqrt(square) + 1e-7 for square in squares]
        weights = [w - 0.01 * g / r for w, g, r in zip(weights, gradients, roots, strict=True)]
    before, _, behind = weights
    np.testing.assert_allclose(before[:, 1], before[:, 0], rtol=1e-9)
    np.testing.assert_allclose(behind[1], behind[0], rtol=1e-9)
