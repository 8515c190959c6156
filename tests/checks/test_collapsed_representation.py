"""U405: hidden features with fewer directions than the inputs, counted beside NumPy's own spectrum."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    initializers,
    inside,
    number,
    only,
    outcome,
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

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.network.representation import FAINT, rank


def squeezed(x: Table, y: Table, directions: int, width: int = 16, seed: int = 0) -> Model:
    """A first layer through which so many directions of the inputs pass, and a last layer fitted to it."""
    rng = np.random.default_rng(seed)
    model = compiled(stack(x.shape[1], L.Dense(width, "tanh", name="hidden"), L.Dense(1, name="out")))
    kernel = rng.normal(size=(x.shape[1], directions)) @ rng.normal(size=(directions, width))
    put(model.get_layer("hidden"), 0.05 * kernel / np.sqrt(directions), np.zeros(width))
    features = np.column_stack([inside(model, "hidden", x), np.ones(len(x))])
    best = np.linalg.lstsq(features, y, rcond=1e-6)[0]
    put(model.get_layer("out"), best[:-1], best[-1])
    return model


def steep(rows: int, features: int, seed: int) -> tuple[Table, Table]:
    """A target that needs all features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    return x, x @ rng.uniform(0.5, 1.0, (features, 1)) + 0.1 * rng.normal(size=(rows, 1))


@pytest.mark.parametrize(("features", "directions"), [(4, 1), (8, 1), (8, 3), (12, 4)])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_lost_directions_are_counted(features: int, directions: int, seed: int, tmp_path: Path) -> None:
    x, y = steep(600, features, seed)
    model = squeezed(x, y, directions, seed=seed)
    finding = only(report := examined(tmp_path, model, x, y, rules=("U405",)), "U405")
    centred = inside(model, "hidden", x)
    spectrum = np.linalg.svd(centred - centred.mean(axis=0), compute_uv=False)
    assert number(finding, "rank") == (spectrum > FAINT * spectrum[0]).sum()
    assert number(finding, "entering") == features
    assert finding.layer == "hidden"
    assert finding.severity in {Severity.ERROR, Severity.WARNING}, told(report)


def test_only_the_first_such_layer_is_named(tmp_path: Path) -> None:
    x, y = steep(500, 6, 3)
    model = compiled(stack(6, L.Dense(12, "tanh", name="one"), L.Dense(12, "tanh", name="two"), L.Dense(1)))
    rng = np.random.default_rng(3)
    put(model.get_layer("one"), 0.1 * np.outer(rng.normal(size=6), rng.normal(size=12)), np.zeros(12))
    assert only(examined(tmp_path, model, x, y, rules=("U405",)), "U405").layer == "one"


@pytest.mark.parametrize("seed", range(3))
def test_weights_of_one_sign_make_all_rows_alike(seed: int, tmp_path: Path) -> None:
    """Drawn from 0 to 1 and divided by half their number: each layer is near to a mean of the one before."""
    set_random_seed(seed)
    x, y = steep(400, 12, seed)
    start = initializers.RandomUniform(0.0, 2 / 16)
    layers = [L.Dense(16, "relu", kernel_initializer=start) for _ in range(8)]
    finding = only(
        report := examined(tmp_path, compiled(stack(12, *layers, L.Dense(1))), x, y, rules=("U405",)), "U405"
    )
    assert 2 * number(finding, "rank") <= number(finding, "entering") == 12, told(report)


@pytest.mark.slow
def test_copies_of_one_unit_are_its_cause(tmp_path: Path) -> None:
    set_random_seed(5)
    x, y = steep(400, 4, 5)
    ones = {"kernel_initializer": "ones"}
    model = stack(4, L.Dense(8, "tanh", **ones), L.Dense(1, **ones))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=10), x, y)
    finding = only(report, "U405")
    assert finding.because_of is not None, told(report)
    assert number(finding, "rank") == 1


@pytest.mark.parametrize(("activation", "seed"), [("tanh", 6), ("relu", 7), ("sigmoid", 8)])
@pytest.mark.series
def test_a_sound_network_half_way_has_its_directions(activation: str, seed: int, tmp_path: Path) -> None:
    set_random_seed(seed)
    x, y = waves(500, 6, seed=seed)
    model = stack(6, L.Dense(32, activation), L.Dense(16, activation), L.Dense(1))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, train(model, x, y, epochs=2), x, y, rules=("U405",)), "U405")


@pytest.mark.slow
def test_false_alarm_an_autoencoder_of_low_rank_that_does_well(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    code = rng.normal(size=(600, 2))
    x = code @ rng.normal(size=(2, 8)) + 1e-3 * rng.normal(size=(600, 8))
    left, _, right = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    model = compiled(stack(8, L.Dense(4, name="code"), L.Dense(8, "elu"), L.Dense(8, name="out")))
    report = examined(tmp_path, model, x, x)
    assert left.shape[1] == len(right) == 8
    assert "U405" not in [finding.code for finding in report.findings], told(report)


def test_false_alarm_a_target_that_needs_one_direction(tmp_path: Path) -> None:
    """What is lost was not needed: a last layer on the single direction reaches what is known to be reachable."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(600, 6))
    along = rng.normal(size=(6, 1))
    y = x @ along + 0.5 * rng.normal(size=(600, 1))
    model = compiled(stack(6, L.Dense(12, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), 0.01 * along @ np.ones((1, 12)) * rng.uniform(0.5, 1.5, 12), np.zeros(12))
    put(model.get_layer("out"), np.full((12, 1), 3.0), [0.0])
    assert quiet(examined(tmp_path, model, x, y, rules=("U405",)), "U405")


def test_false_alarm_a_bottleneck_that_somebody_drew(tmp_path: Path) -> None:
    x, y = steep(400, 8, 11)
    model = compiled(stack(8, L.Dense(3, "tanh"), L.Dense(16, "tanh"), L.Dense(1)))
    assert quiet(examined(tmp_path, model, x, y, rules=("U405",)), "U405")


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "selu"])
@pytest.mark.parametrize("features", [1, 2, 10])
def test_fresh_networks_are_left_alone(activation: str, features: int, tmp_path: Path) -> None:
    set_random_seed(features)
    x, y = waves(300, features, seed=features)
    model = compiled(stack(features, *[L.Dense(24, activation) for _ in range(3)], L.Dense(1)), updates=0)
    report = examined(tmp_path, model, x, y)
    assert not [alarm for alarm in alarms(report) if "U405" in alarm], told(report)


def test_without_data_it_is_skipped(tmp_path: Path) -> None:
    assert (
        outcome(examined(tmp_path, stack(2, L.Dense(8, "tanh"), L.Dense(1)), rules=("U405",)), "U405").status
        is Status.SKIPPED
    )


@pytest.mark.slow
@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(2, 40), st.integers(2, 30))
def test_the_rank_is_that_of_the_spectrum(seed: int, directions: int, rows: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, directions)) @ rng.normal(size=(directions, width)) + 3 * rng.normal(size=width)
    spectrum = np.linalg.svd(features - features.mean(axis=0), compute_uv=False)
    near = np.abs(spectrum / spectrum[0] - FAINT) < 1e-6
    if not near.any():
        assert rank(features) == (spectrum > FAINT * spectrum[0]).sum()
        assert rank(-7 * features + 1) == rank(features) == rank(features[::-1])
