"""A line of code names the layer that has the weights, and no layer gets two different lines."""

import re
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, Model, compiled, examined, found, only, put, set_random_seed, stack, told, waves

from mlpdoctor.core.report_model import Report


def lines(report: Report) -> dict[str, set[str]]:
    """The lines of the findings that speak of an output layer, by its name."""
    told: dict[str, set[str]] = {}
    for finding in report.findings:
        code = finding.evidence.remedy.code if finding.evidence.remedy else None
        for line in re.findall(r"Dense\([^;]*?name=\"\w+\"\)", code or ""):
            told.setdefault(line.rpartition('name="')[2], set()).add(line)
    return told


def apart(activation: Model, units: int, dead: int, seed: int) -> Model:
    """A hidden Dense whose activation is a layer of its own."""
    set_random_seed(seed)
    model = compiled(stack(2, L.Dense(units, name="sums"), activation, L.Dense(1, name="out")))
    kernel, _ = model.get_layer("sums").get_weights()
    put(model.get_layer("sums"), kernel, np.where(np.arange(units) < dead, -60.0, 0.3))
    return model


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("units", [4, 24])
def test_dead_units_behind_a_layer_of_their_own(units: int, seed: int, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed)
    model = apart(L.Activation("relu", name="activation_1"), units, units - 2, seed)
    remedy = only(report := examined(tmp_path, model, x, y, quick=True), "U401").evidence.remedy
    assert remedy is not None, told(report)
    assert 'name="sums"' in str(remedy.code)
    assert "activation=" not in str(remedy.code)  # the Activation stays where it is
    assert "activation_1" not in str(remedy.code)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units_behind_a_layer_of_their_own(activation: str, tmp_path: Path) -> None:
    x, y = waves(200, 2, 0)
    model = apart(L.Activation(activation, name="activation_1"), 8, 0, 0)
    put(model.get_layer("sums"), 500 * np.ones((2, 8)), np.linspace(-300, 300, 8))
    for finding in found(examined(tmp_path, model, x, y, quick=True), "U402"):
        code = finding.evidence.remedy.code if finding.evidence.remedy else 'name="sums"'
        assert 'name="sums"' in str(code)
        assert finding.layers == ("activation_1", "sums")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [2, 8])
def test_a_dead_output_before_labels_gets_the_line_of_the_rule_on_its_loss(
    width: int, seed: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 2))
    y = ((x[:, :1] > 0) != (x[:, 1:] > 0)).astype(float)
    set_random_seed(seed)
    model = compiled(stack(2, L.Dense(width, "tanh"), L.Dense(1, "relu", name="out")))
    put(model.get_layer("out"), -np.ones((width, 1)), [-50.0])
    report = examined(tmp_path, model, x, y, quick=seed > 0)
    assert only(report, "U401").layer == "out"
    assert all(len(own) == 1 for own in lines(report).values()), lines(report)


def test_a_dead_output_that_fits_its_loss_loses_its_relu(tmp_path: Path) -> None:
    x, y = waves(200, 2, 1)
    model = compiled(stack(2, L.Dense(4, "tanh"), L.Dense(1, "relu", name="out")))
    put(model.get_layer("out"), -np.ones((4, 1)), [-50.0])
    report = examined(tmp_path, model, x, y - y.min())
    assert lines(report)['out")'] == {'Dense(1, name="out")'}
