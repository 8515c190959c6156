"""A check that would only look away does not apply: what it would clear is not ruled out."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, fit, found, outcome, put, set_random_seed, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Status

LOOKING = ("G601", "G602", "U402", "W305")
"""Rules that have nothing to say of a model that does well, or whose loss is not a number."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_nothing_is_ruled_out_where_the_model_has_learned(activation: str, seed: int, tmp_path: Path) -> None:
    x = np.random.default_rng(seed).uniform(-1, 1, (200, 2))
    set_random_seed(seed)
    model = compiled(stack(2, L.Dense(8, activation), L.Dense(8, activation), L.Dense(1)), updates=0)
    y = x.sum(axis=1, keepdims=True)
    report = examined(tmp_path, fit(model, x, y, epochs=150), x, y, rules=LOOKING)
    for code in LOOKING:
        assert outcome(report, code).status is not Status.PASSED, code
        assert not found(report, code), told(report)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_ruled_out_where_the_loss_is_nan(seed: int, tmp_path: Path) -> None:
    x, y = waves(100, 3, seed)
    set_random_seed(seed)
    model = compiled(stack(3, L.Dense(8, "relu", name="hidden"), L.Dense(8, "tanh"), L.Dense(1)))
    put(model.get_layer("hidden"), np.full((3, 8), np.nan), np.zeros(8))
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "W301", told(report)
    assert report.verdict.startswith("The model is broken")
    for code in (*LOOKING, "U401"):
        assert outcome(report, code).status is not Status.PASSED, code


@pytest.mark.parametrize("seed", range(2))
def test_a_gradient_of_zero_rules_out_no_vanishing_gradient(seed: int, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed)
    set_random_seed(seed)
    model = compiled(stack(2, L.Dense(6, "tanh"), L.Dense(6, "tanh"), L.Dense(1, "relu", name="out")))
    put(model.get_layer("out"), -np.ones((6, 1)), [-50.0])
    report = examined(tmp_path, model, x, y, rules=("G601", "G602", "U401"))
    assert found(report, "U401")
    for code in ("G601", "G602"):
        assert outcome(report, code).status is Status.NOT_APPLICABLE, outcome(report, code)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_model_that_has_learned_gets_no_fix(seed: int, tmp_path: Path) -> None:
    x = np.random.default_rng(seed).uniform(-1, 1, (300, 2))
    y = np.tanh(2 * x[:, :1]) + x[:, 1:]
    set_random_seed(seed)
    model = compiled(stack(2, L.Dense(24, "relu", name="hidden"), L.Dense(16, "relu"), L.Dense(1)), updates=0)
    kernel, bias = model.get_layer("hidden").get_weights()
    put(model.get_layer("hidden"), kernel, np.where(np.arange(24) < 4, -50.0, bias))
    report = examined(tmp_path, fit(model, x, y, epochs=60), x, y, rules=("U401",))
    dead = found(report, "U401")
    assert dead
    assert all(one.severity is Severity.NOTE and one.evidence.remedy is None for one in dead), told(report)
