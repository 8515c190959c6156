"""G605: inputs so stretched that gradient descent needs more updates than were made."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    Table,
    alarms,
    examined,
    fit,
    found,
    least_squares,
    names,
    number,
    only,
    optimizers,
    quiet,
    set_random_seed,
    stack,
    told,
)
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.facts.training.conditioning import TENFOLD, updates_needed

O = optimizers  # noqa: E741


def twins(seed: int, rest: float = 0.02, rows: int = 500, signal: float = 1.0) -> tuple[Table, Table]:
    """Two standardised columns that hardly differ, another one, and an answer that lies in the difference."""
    rng = np.random.default_rng(seed)
    shared, apart, other = rng.normal(size=(3, rows))
    x = np.column_stack([shared, np.sqrt(1 - rest**2) * shared + rest * apart, other])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = signal * apart + 0.7 * shared + 0.05 * rng.normal(size=rows)
    return x.astype(np.float32), ((y - y.mean()) / y.std())[:, None].astype(np.float32)


def fitted(
    x: Table, y: Table, optimizer: Model, updates: int, *layers: Model, loss: str = "mse", head: str | None = None
) -> Model:
    set_random_seed(0)
    model = stack(x.shape[1], *layers, L.Dense(1, head))
    model.compile(optimizer, loss)
    order = np.random.default_rng(0).integers(0, len(x), updates * 32)
    fit(model, x[order], y[order], batch=32, shuffle=False)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rest", [0.01, 0.03])
@pytest.mark.parametrize("width", [0, 16])
@pytest.mark.series
def test_an_answer_in_the_difference_of_twins(width: int, rest: float, seed: int, tmp_path: Path) -> None:
    x, y = twins(seed, rest)
    model = fitted(x, y, O.SGD(0.05), 500, *([L.Dense(width, "tanh")] if width else []))
    report = examined(tmp_path, model, x, y)
    finding = only(report, "G605")
    assert finding.severity is Severity.ERROR, told(report)
    assert finding.evidence.certainty is Certainty.ESTIMATED
    assert report.findings[0].code == "G605", told(report)
    assert set(names(finding, "columns")) == {"x[0]", "x[1]"}
    assert number(finding, "saved_along_slow") > 3 * number(finding, "saved_along_fast")
    if not width:
        # Correcting a linear model along all directions leads to the least squares fit.
        loss = report.ladder.value("model") if report.ladder else None
        saved = number(finding, "saved_along_slow") + number(finding, "saved_along_fast")
        assert loss is not None
        assert loss - saved == pytest.approx(least_squares(x, y), rel=0.02)
    design = np.column_stack([np.ones(len(x)), x]).astype(np.float64)
    values = np.linalg.eigvalsh(design.T @ design / len(x))
    assert number(finding, "condition_number") == pytest.approx(values[-1] / values[0], rel=1e-4)


def test_the_cure_works(tmp_path: Path) -> None:
    """Whitened, the same model with the same updates learns what it could not."""
    x, y = twins(0)
    values, turn = np.linalg.eigh(np.cov(x.T))
    white = ((x - x.mean(axis=0)) @ turn / np.sqrt(values)).astype(np.float32)
    report = examined(tmp_path, fitted(white, y, O.SGD(0.05), 500), white, y)
    assert not alarms(report), told(report)


@pytest.mark.slow
def test_classes(tmp_path: Path) -> None:
    x, y = twins(1)
    labels = (y > 0).astype(np.float32)
    model = fitted(x, labels, O.SGD(0.05), 400, loss="binary_crossentropy", head="sigmoid")
    report = examined(tmp_path, model, x, labels, rules=("G605",))
    assert only(report, "G605").severity in (Severity.ERROR, Severity.WARNING), told(report)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_twins_without_anything_in_their_difference(seed: int, tmp_path: Path) -> None:
    x, y = twins(seed, signal=0.0)
    report = examined(tmp_path, fitted(x, y, O.SGD(0.05), 500), x, y, rules=("G605",))
    assert quiet(report, "G605"), told(report)


def test_exact_copies_carry_no_loss(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2)).astype(np.float32)
    x = np.column_stack([x, x[:, 0]])
    y = (x[:, :1] - x[:, 1:2] + 0.3 * rng.normal(size=(300, 1))).astype(np.float32)
    model = fitted(x, y, O.SGD(0.05), 20)
    assert quiet(examined(tmp_path, model, x, y, rules=("G605",)), "G605")


@pytest.mark.slow
def test_a_model_that_fits_in_spite_of_twins(tmp_path: Path) -> None:
    x, y = twins(0, rest=0.2)
    report = examined(tmp_path, fitted(x, y, O.SGD(0.2), 1500), x, y, rules=("G605",))
    assert quiet(report, "G605"), told(report)


def test_too_few_updates_on_round_inputs_are_not_a_matter_of_conditioning(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4)).astype(np.float32)
    y = (x @ np.array([[1.0], [-1], [0.5], [2]]) / 2.5).astype(np.float32)
    assert quiet(examined(tmp_path, fitted(x, y, O.SGD(0.01), 10), x, y, rules=("G605",)), "G605")


@pytest.mark.slow
def test_with_adam_it_is_a_note(tmp_path: Path) -> None:
    x, y = twins(0)
    report = examined(tmp_path, fitted(x, y, O.Adam(0.0005), 400), x, y, rules=("G605",))
    assert all(finding.severity is Severity.NOTE for finding in found(report, "G605")), told(report)


@pytest.mark.slow
def test_a_network_that_normalises_inside_is_left_alone(tmp_path: Path) -> None:
    x, y = twins(0)
    model = fitted(x, y, O.SGD(0.05), 200, L.Dense(8), L.BatchNormalization(), L.Activation("tanh"))
    assert quiet(examined(tmp_path, model, x, y, rules=("G605",)), "G605")


@pytest.mark.slow
@given(st.floats(1.0, 1e4), st.sampled_from([0.0, 0.5, 0.9]))
@settings(deadline=None, max_examples=examples(40))
def test_the_number_of_updates_is_that_of_gradient_descent_on_a_quadratic(condition: float, momentum: float) -> None:
    """At three quarters of the largest stable rate, along a direction so many times flatter than the steepest."""
    network = Network("n", (), (), (), (), (), (), Optimizer("SGD", {"momentum": momentum}, 1), "f", "f")
    needed = updates_needed(network) * condition
    rate = 0.75 * 2 * (1 + momentum)
    weight, velocity, made = 1.0, 0.0, 0
    while weight**2 > 0.1 and made < 10 * needed + 1000:
        velocity = momentum * velocity - rate / condition * weight
        weight += velocity
        made += 1
    assert made >= 0.9 * needed or condition < 20  # never more than were needed at the best rate
    if condition > 200:
        assert made == pytest.approx(needed / 0.75, rel=0.2)
    assert pytest.approx(np.log(10) / 2) == TENFOLD
