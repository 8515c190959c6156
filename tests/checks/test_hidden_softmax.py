"""A105: finds a softmax on hidden units, and lets those be that weigh something."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from effort import examples
from hand_built import drawn, sequential
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from model_cases import (
    L,
    Model,
    alarms,
    compiled,
    examined,
    found,
    number,
    only,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.engine.numpy_engine import NumpyEngine


def hidden(units: int, activation: str = "softmax") -> Model:
    return stack(2, L.Dense(16, "relu"), L.Dense(units, activation, name="soft"), L.Dense(1, name="out"))


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("activation", ["softmax", "log_softmax", "sparsemax"])
@pytest.mark.parametrize("units", [2, 12, 40])
def test_a_softmax_on_hidden_units_is_seen_in_the_file_alone(
    units: int, activation: str, form: str, tmp_path: Path
) -> None:
    finding = only(examined(tmp_path, compiled(hidden(units, activation)), form=form, rules=("A105",)), "A105")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    assert finding.message == f"soft puts its {units} hidden units through a {activation}"
    assert finding.evidence.numbers["enters"] == "out"


def test_a_softmax_along_another_axis_is_no_constant_whatever_the_units(tmp_path: Path) -> None:
    """Over the six places of one unit each it shares out a whole, and the predictions vary."""
    over = stack(2, L.Dense(6), L.Reshape((6, 1)), L.Softmax(axis=1, name="soft"), L.Flatten(), L.Dense(1))
    assert np.std(over(np.random.default_rng(0).normal(size=(9, 2)))) > 0
    assert not found(examined(tmp_path, compiled(over), rules=("A105",)), "A105")
    for axis in (-1, 2):
        along = stack(2, L.Dense(6), L.Reshape((6, 1)), L.Softmax(axis=axis, name="soft"), L.Flatten(), L.Dense(1))
        assert only(examined(tmp_path, compiled(along), rules=("A105",)), "A105").evidence.certainty is Certainty.PROVED


@pytest.mark.parametrize("seed", range(2))
def test_a_narrow_one_in_a_stuck_model_is_an_error(seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    x, y = waves(300, 2, seed=seed)
    model = hidden(3)
    model.compile("sgd", "mse")
    report = examined(tmp_path, train(model, x, y, 5, rate=0.003), x, y)
    assert only(report, "A105").severity is Severity.ERROR, told(report)
    assert all(effect.because_of == "A105" for effect in found(report, "L502"))


def test_a_wide_one_in_a_stuck_model_is_a_warning(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(300, 2, seed=3)
    model = stack(2, L.Dense(16, "relu"), L.Dense(32, "softmax", name="soft"), L.Dense(1, name="out"))
    model.compile("sgd", "mse")
    report = examined(tmp_path, train(model, x, y, 5, rate=0.003), x, y, rules=("A105",))
    assert only(report, "A105").evidence.severity is Severity.WARNING, told(report)


def test_false_alarm_a_model_that_does_well_in_spite_of_it(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    x, y = waves(400, 1, seed=4)
    model = stack(1, L.Dense(32, "tanh"), L.Dense(32, "softmax", name="soft"), L.Dense(1, name="out"))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, 250), x, y)
    assert only(report, "A105").severity is Severity.NOTE, told(report)
    assert not alarms(report), told(report)


@given(
    width=st.integers(1, 4),
    activation=st.sampled_from(["softmax", "log_softmax"]),
    size=st.floats(0.01, 30),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=examples(40), deadline=None)
def test_nothing_gets_through_a_softmax_of_one_unit(width: int, activation: str, size: float, seed: int) -> None:
    network = drawn(sequential(width, (3, "relu"), (1, activation), (4, "tanh"), (1, None)), seed, size)
    rows = size * np.random.default_rng(seed).normal(size=(30, width))
    (answers,) = NumpyEngine(network).forward(rows)
    assert np.ptp(answers) == 0


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_over_one_unit_it_is_a_proved_error(activation: str, tmp_path: Path) -> None:
    finding = only(report := examined(tmp_path, compiled(hidden(1, activation))), "A105")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert report.verdict.startswith("Nothing gets through soft")


def layer_of_its_own() -> Model:
    return stack(2, L.Dense(8), L.Softmax(name="soft"), L.Dense(1, name="out"))


def behind_more() -> Model:
    parts = [L.Dropout(0.1), L.BatchNormalization(), L.Rescaling(2.0)]
    return stack(2, L.Dense(8), L.Activation("softmax", name="soft"), *parts, L.Dense(1, name="out"))


def joined() -> Model:
    entry = keras.Input((2,))
    soft = L.Dense(8, "softmax", name="soft")(entry)
    return keras.Model(entry, L.Dense(1, name="out")(L.Concatenate()([entry, soft])))


def nested() -> Model:
    body = keras.Sequential([keras.Input((2,)), L.Dense(8, "softmax", name="soft")], name="body")
    entry = keras.Input((2,))
    return keras.Model(entry, L.Dense(1, name="out")(body(entry)))


@pytest.mark.parametrize("make", [layer_of_its_own, behind_more, joined, nested])
def test_it_is_seen_in_every_spelling(make: Callable[[], Model], tmp_path: Path) -> None:
    finding = only(examined(tmp_path, compiled(make()), rules=("A105",)), "A105")
    assert str(finding.evidence.numbers["layer"]).endswith("soft")
    assert number(finding, "units") == 8
    remedy = finding.evidence.remedy
    assert remedy is not None
    assert eval(str(remedy.code), {"Dense": L.Dense, "Activation": L.Activation}).name == "soft"  # noqa: S307


def classifier() -> Model:
    return stack(2, L.Dense(8, "relu"), L.Dense(3, "softmax"))


def reshaped() -> Model:
    return stack(2, L.Dense(6), L.Reshape((2, 3)), L.Softmax(), L.Rescaling(2.0), L.Flatten())


def attention() -> Model:
    entry = keras.Input((4,))
    scores = L.Dense(4, "softmax")(entry)
    return keras.Model(entry, L.Dense(1)(L.Multiply()([scores, entry])))


def experts() -> Model:
    entry = keras.Input((4,))
    gate = L.Reshape((3, 1))(L.Dense(3, "softmax")(entry))
    bodies = [L.Reshape((1, 5))(L.Dense(5, "relu")(entry)) for _ in range(3)]
    mixed = L.Flatten()(L.Dot(axes=1)([L.Concatenate(axis=1)(bodies), gate]))
    return keras.Model(entry, L.Dense(1)(mixed))


def by_operations() -> Model:
    entry = keras.Input((4,))
    gate = L.Softmax()(L.Dense(4)(entry))
    return keras.Model(entry, L.Dense(1)(ops.multiply(gate, entry)))


def cascade() -> Model:
    """The classes are an answer, and help with the next one."""
    entry = keras.Input((2,))
    kind = L.Dense(3, "softmax", name="kind")(entry)
    return keras.Model(entry, [kind, L.Dense(1, name="size")(L.Concatenate()([entry, kind]))])


QUIET: dict[str, Callable[[], Model]] = {
    "a classifier": classifier,
    "a softmax behind which nothing learns": reshaped,
    "attention": attention,
    "a mixture of experts": experts,
    "operations": by_operations,
    "an answer that is used again": cascade,
    "unit norm": lambda: stack(2, L.Dense(8), L.UnitNormalization(), L.Dense(1)),
    "sigmoid": lambda: stack(2, L.Dense(8, "sigmoid"), L.Dense(1)),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_softmax_in_its_place_stays_quiet(name: str, tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, QUIET[name](), rules=("A105",)), "A105")
