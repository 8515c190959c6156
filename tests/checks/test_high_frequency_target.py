"""D714: swings are counted through noise; noise, slow curves and models that have learned them are left alone."""

from collections.abc import Callable
from pathlib import Path

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
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    put,
    quiet,
    stack,
    told,
    train,
)

from mlpdoctor.analysis.floors.oscillation import along_a_line, in_the_plane, in_waves
from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def flat(width: int = 1, answer: float = 0.0, updates: int = 1000) -> Model:
    """A network that answers a constant."""
    model = compiled(stack(width, L.Dense(8, "tanh", name="door"), L.Dense(1, name="out")), updates=updates)
    put(model.get_layer("out"), np.zeros((8, 1)), [answer])
    return model


def wave(periods: float, rows: int = 800, noise: float = 0.05, seed: int = 0) -> tuple[Table, Table]:
    """So many periods between -1 and 1."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 1))
    return x, np.sin(np.pi * periods * x + 0.5) + noise * rng.normal(size=(rows, 1))


@pytest.mark.parametrize("periods", [4.0, 7.5, 20.0])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_a_model_at_the_constant_is_an_error_with_the_frequency(periods: float, scale: float, tmp_path: Path) -> None:
    x, y = wave(periods)
    finding = only(report := examined(tmp_path, flat(), scale * x, y, data="csv", rules=("D714",)), "D714")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.ESTIMATED), told(report)
    assert number(finding, "periods") == pytest.approx(periods / 2 * x.std(), rel=0.1)
    frequency = finding.evidence.numbers["angular_frequency"]
    assert isinstance(frequency, dict)
    assert frequency == {"x": pytest.approx(np.pi * periods / scale, rel=0.1)}
    assert finding.evidence.remedy is not None
    assert "np.sin(" in str(finding.evidence.remedy.code)


def test_no_better_than_constant_is_put_under_it(tmp_path: Path) -> None:
    report = examined(tmp_path, flat(), *wave(8))
    assert only(report, "L502").because_of == "D714", told(report)
    assert "swings" in report.verdict


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_really_trained_and_stuck(activation: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    x, y = wave(12, noise=0.0)
    model = stack(1, L.Dense(24, activation), L.Dense(24, activation), L.Dense(1))
    model.compile("adam", "mse")
    assert only(examined(tmp_path, train(model, x, y, 15), x, y, rules=("D714",)), "D714").severity is Severity.ERROR


def test_the_remedy_lets_the_same_network_learn_it(tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    x, y = wave(12, noise=0.0)
    frequency = only(examined(tmp_path, flat(), x, y, data="csv", rules=("D714",)), "D714").evidence.numbers[
        "angular_frequency"
    ]
    assert isinstance(frequency, dict)
    angle = frequency["x"] * x
    losses = []
    for inputs in (x, np.concatenate([x, np.sin(angle), np.cos(angle)], axis=1)):
        model = stack(inputs.shape[1], L.Dense(24, "tanh"), L.Dense(24, "tanh"), L.Dense(1))
        model.compile("adam", "mse")
        losses.append(train(model, inputs, y, 60).evaluate(inputs, y, verbose=0))
    assert losses[1] < 0.2 * losses[0]


def test_before_training_it_is_a_warning(tmp_path: Path) -> None:
    x, y = wave(8)
    keras.utils.set_random_seed(3)
    model = compiled(stack(1, L.Dense(4, "relu"), L.Dense(1)), updates=0)
    assert only(examined(tmp_path, model, x, y, rules=("D714",)), "D714").severity is Severity.WARNING


@pytest.mark.parametrize(("learned", "severity"), [(0.02, Severity.ERROR), (0.2, Severity.WARNING), (0.9, None)])
def test_how_much_of_it_the_model_has_learned_decides(
    learned: float, severity: Severity | None, tmp_path: Path
) -> None:
    """A model that draws the wave with so much of its height loses the square of the rest."""
    x = np.linspace(-1, 1, 800)[:, None]
    y = np.sin(8 * np.pi * x)
    knots = np.linspace(-1, 1, 160)
    model = compiled(stack(1, L.Dense(160, "relu", name="door"), L.Dense(1, name="out")))
    put(model.get_layer("door"), np.ones((1, 160)), -knots)
    design = np.concatenate([np.maximum(x - knots, 0), np.ones_like(x)], axis=1)
    solution = learned * np.linalg.lstsq(design, y, rcond=None)[0]
    put(model.get_layer("out"), solution[:-1], solution[-1])
    findings = found(examined(tmp_path, model, x, y, rules=("D714",)), "D714")
    assert [finding.severity for finding in findings] == ([] if severity is None else [severity])


@pytest.mark.parametrize("rows", [60, 500, 5000])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.series
def test_false_alarm_noise(rows: int, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for width in (1, 2):
        (folder := tmp_path / str(width)).mkdir()
        report = examined(
            folder, flat(width), rng.uniform(-1, 1, (rows, width)), rng.normal(size=(rows, 1)), rules=("D714",)
        )
        assert not found(report, "D714")
        assert width == 1 or outcome(report, "D714").status is not Status.PASSED, "what is not seen is not ruled out"


@pytest.mark.parametrize("periods", [0.5, 1.0, 2.0])
def test_false_alarm_a_slow_wave(periods: float, tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, flat(), *wave(periods), rules=("D714",)), "D714")


SLOW: dict[str, Callable[[Table], Table]] = {
    "line": lambda x: 3 * x,
    "line with a step": lambda x: x + (x > 0.2),
    "parabola": lambda x: x**2,
    "steep cubic": lambda x: 10 * x**3 - 5 * x,
    "bump": lambda x: np.exp(-200 * x**2),
    "sigmoid": lambda x: 1 / (1 + np.exp(-40 * x)),
    "saw of two teeth": lambda x: np.mod(2 * x, 2),
}


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_false_alarm_curves_that_do_not_swing(kind: str, noise: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (600, 1))
    assert quiet(
        examined(tmp_path, flat(), x, SLOW[kind](x) + noise * rng.normal(size=x.shape), rules=("D714",)), "D714"
    )


def test_false_alarm_a_model_that_has_learned_it(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 800)[:, None]
    y = np.sin(5 * np.pi * x)
    knots = np.linspace(-1, 1, 120)
    model = compiled(stack(1, L.Dense(120, "relu", name="door"), L.Dense(1, name="out")))
    put(model.get_layer("door"), np.ones((1, 120)), -knots)
    design = np.concatenate([np.maximum(x - knots, 0), np.ones_like(x)], axis=1)
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    put(model.get_layer("out"), solution[:-1], solution[-1])
    assert quiet(examined(tmp_path, model, x, y, rules=("D714",)), "D714")


def test_three_features_are_not_looked_at_and_nothing_is_ruled_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (500, 3))
    report = examined(tmp_path, flat(3), x, np.sin(30 * x[:, :1]))
    assert outcome(report, "D714").status is Status.NOT_APPLICABLE


GRIDS: dict[str, tuple[Callable[[Table], Table], float]] = {
    "a remainder": (lambda x: np.mod(x, 7), 7.0),
    "another remainder": (lambda x: np.mod(x, 12), 12.0),
    "parity": (lambda x: np.mod(x, 2), 2.0),
    "a sine": (np.sin, 2 * np.pi),
}


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize(("rows", "step", "noise"), [(400, 1.0, 0.0), (300, 0.25, 0.1), (900, 10.0, 0.0)])
@pytest.mark.series
def test_a_wave_between_the_rows_of_a_grid_is_found_with_its_period(
    kind: str, rows: int, step: float, noise: float, tmp_path: Path
) -> None:
    """Whole numbers a few apart: neighbours do not agree, and it is no noise all the same."""
    rng = np.random.default_rng(rows)
    whole = rng.permutation(1000)[:rows, None].astype(float)
    wave, period = GRIDS[kind]
    y = wave(whole)
    y = y + noise * y.std() * rng.normal(size=y.shape)
    report = examined(tmp_path, flat(answer=float(y.mean())), step * whole, y, rules=("D714", "L507"))
    finding = only(report, "D714")
    assert not found(report, "L507"), told(report)
    assert finding.severity is Severity.ERROR
    if finding.evidence.numbers["period"] is not None:
        assert number(finding, "period") == pytest.approx(step * period, rel=0.01)
    else:
        assert number(finding, "periods") == pytest.approx(step * whole.std() / (step * period), rel=0.15)


def test_whole_numbers_from_nought_to_99(tmp_path: Path) -> None:
    """A model at the constant does as well as the line, which is all that is known to do better."""
    x = np.arange(100.0)[:, None]
    report = examined(tmp_path, flat(), x, np.sin(x))
    assert report.findings[0].code == "D714", told(report)
    assert not found(report, "L507")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [50, 400])
@pytest.mark.series
def test_false_alarm_noise_on_a_grid(seed: int, rows: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x = rng.permutation(1000)[:rows, None].astype(float)
    assert quiet(examined(tmp_path, flat(), x, rng.normal(size=(rows, 1)), rules=("D714",)), "D714")


@pytest.mark.parametrize("seed", range(200))
def test_noise_is_no_wave(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.permutation(500)[:60].astype(float) if seed % 2 else rng.normal(size=60)
    found = in_waves(x, rng.choice(2, 60).astype(float) if seed % 3 else rng.standard_t(3, 60))
    assert found is None or found.smooth < 0.5


def test_false_alarm_ids_have_no_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 60, (900, 1)).astype(float)
    y = np.mod(x, 7)
    model = compiled(stack(1, L.Embedding(60, 4), L.Flatten(), L.Dense(1, name="out")))
    put(model.get_layer("out"), np.zeros((4, 1)), [3.0])
    report = examined(tmp_path, model, x, y, rules=("D714", "L507"))
    assert outcome(report, "D714").status is Status.NOT_APPLICABLE
    assert not found(report, "L507"), told(report)


def test_constant_features_beside_it_do_not_count(tmp_path: Path) -> None:
    x, y = wave(9)
    x = np.column_stack([np.ones(len(x)), x, np.zeros((len(x), 2))])
    assert "x2" in only(examined(tmp_path, flat(4), x, y, data="csv", rules=("D714",)), "D714").message


def test_repeated_measurements_at_the_same_places(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.integers(0, 200, (3000, 1)) / 100 - 1
    y = np.sin(8 * np.pi * x) + 0.3 * rng.normal(size=x.shape)
    assert number(only(examined(tmp_path, flat(), x, y, rules=("D714",)), "D714"), "periods") == pytest.approx(
        4 * x.std(), rel=0.1
    )


@pytest.mark.parametrize("kind", ["stripes", "waves both ways", "rings"])
def test_two_inputs(kind: str, tmp_path: Path) -> None:
    x = np.random.default_rng(8).uniform(-1, 1, (2000, 2))
    y = {
        "stripes": np.sin(15 * x[:, 0] + 8 * x[:, 1]),
        "waves both ways": np.sin(12 * x[:, 0]) * np.sin(12 * x[:, 1]),
        "rings": np.sin(20 * np.hypot(*x.T)),
    }[kind]
    size = {"stripes": 17.0, "waves both ways": 12 * np.sqrt(2), "rings": 20.0}[kind]
    finding = only(report := examined(tmp_path, flat(2), x, y[:, None], rules=("D714",)), "D714")
    assert number(finding, "periods") == pytest.approx(size / (2 * np.pi) * x[:, 0].std(), rel=0.2), told(report)
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_false_alarm_slow_surfaces(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (1500, 2))
    surfaces = (x[:, 0] * x[:, 1], np.sin(3 * x[:, 0]) + x[:, 1], np.exp(-20 * np.square(x).sum(axis=1)), x[:, 0] > 0)
    for k, y in enumerate(surfaces):
        (folder := tmp_path / str(k)).mkdir()
        assert not found(
            examined(
                folder, flat(2), x, np.asarray(y, float)[:, None] + 0.1 * rng.normal(size=(1500, 1)), rules=("D714",)
            ),
            "D714",
        )


@settings(deadline=None, max_examples=examples(80))
@given(
    st.integers(0, 2**32),
    st.floats(3, 30),
    st.floats(0, 0.4),
    st.sampled_from(["uniform", "normal", "even"]),
    st.floats(-3, 3),
)
def test_the_count_is_right_through_noise_and_slopes(
    seed: int, waves_a_deviation: float, noise: float, kind: str, slope: float
) -> None:
    rng = np.random.default_rng(seed)
    x = {"uniform": rng.uniform(-1, 1, 4000), "normal": rng.normal(size=4000), "even": np.linspace(0, 9, 4000)}[kind]
    z = x / x.std()
    y = np.sin(2 * np.pi * waves_a_deviation * z + seed) + slope * z + noise * rng.normal(size=4000)
    swings = along_a_line(x, y)
    assert swings is not None
    assert swings.smooth > 0.5
    assert swings.periods == pytest.approx(waves_a_deviation, rel=0.1)


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(0, 2**32), st.integers(40, 3000))
def test_noise_is_never_smooth(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    swings = along_a_line(rng.normal(size=rows), rng.normal(size=rows))
    assert swings is None or swings.smooth < 0.5
    surface = in_the_plane(rng.normal(size=(rows, 2)), rng.normal(size=rows))
    assert surface is None or surface.smooth < 0.5


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, flat(), rules=("D714",)), "D714")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
