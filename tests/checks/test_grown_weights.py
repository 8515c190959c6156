"""Large weights that training made are growth, and the rate leads; large weights that were drawn are W303's own."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    compiled,
    examined,
    fit,
    found,
    initializers,
    number,
    only,
    optimizers,
    put,
    set_random_seed,
    stack,
    told,
    waves,
)

from mlpdoctor.core.finding import Severity

pytestmark = pytest.mark.slow  # networks trained on each case


def thrown(name: str, rate: float, activation: str, seed: int) -> tuple[Model, Model, Model]:
    x, y = waves(300, 5, seed)
    set_random_seed(seed)
    layers = [L.Dense(32, activation), L.Dense(32, activation), L.Dense(1)]
    model = compiled(stack(5, *layers), updates=0, optimizer=getattr(optimizers, name)(rate))
    return fit(model, x, y, 20), x, y


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(("name", "rate"), [("Nadam", 2.5), ("Adam", 1.0), ("RMSprop", 1.0)])
@pytest.mark.series
def test_grown_weights_follow_the_rate_that_grew_them(
    name: str, rate: float, activation: str, seed: int, tmp_path: Path
) -> None:
    report = examined(tmp_path, *thrown(name, rate, activation, seed))
    assert report.findings[0].code == "G603", told(report)
    for finding in found(report, "W303"):
        assert finding.because_of == "G603", told(report)
        assert "they grew in training" in finding.message
        assert number(finding, "times_as_drawn") > 2


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_that_were_drawn_too_large_are_no_growth(seed: int, tmp_path: Path) -> None:
    x, y = waves(300, 10, seed)
    set_random_seed(seed)
    wide = initializers.RandomNormal(stddev=8.0)
    layers = [L.Dense(32, "tanh", kernel_initializer=wide), L.Dense(32, "tanh", kernel_initializer=wide), L.Dense(1)]
    model = fit(compiled(stack(10, *layers), updates=0, optimizer=optimizers.Adam(1e-4)), x, y, 2)
    finding = only(report := examined(tmp_path, model, x, y), "W303")
    assert finding.severity is Severity.ERROR, told(report)
    assert "grew" not in finding.message + str(finding.evidence.verdict)
    assert report.findings[0].code == "W303", told(report)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("seed", [0, 1])
def test_false_alarm_weights_drawn_by_hand_though_the_file_names_an_ordinary_initialiser(
    seed: int, name: str, tmp_path: Path
) -> None:
    """Written in NumPy and put into Keras later: the file says glorot_uniform, the weights are plain randn."""
    rng = np.random.default_rng(seed)
    x, y = waves(300, 10, seed)
    set_random_seed(seed)
    model = compiled(
        stack(10, *[L.Dense(60, "tanh", name=f"hidden_{k}") for k in range(3)], L.Dense(1)),
        updates=0,
        optimizer=getattr(optimizers, name)(0.01),
    )
    for k, width in enumerate((10, 60, 60)):
        put(model.get_layer(f"hidden_{k}"), 2 * rng.normal(size=(width, 60)), rng.normal(size=60))
    report = examined(tmp_path, fit(model, x, y, 2), x, y)
    for finding in found(report, "W303"):
        assert "grew" not in finding.message + str(finding.evidence.verdict), told(report)


@pytest.mark.parametrize("seed", [0, 1])
def test_dead_units_need_fresh_weights_beside_the_lower_rate(seed: int, tmp_path: Path) -> None:
    report = examined(tmp_path, *thrown("Adam", 1.0, "relu", seed), rules=("G603",))
    remedy = only(report, "G603").evidence.remedy
    assert remedy is not None
    assert "from scratch" in remedy.text, told(report)
