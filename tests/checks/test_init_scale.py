"""W303: weights beside the number of inputs of a layer."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    examined,
    fit,
    found,
    initializers,
    names,
    only,
    quiet,
    set_random_seed,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Severity

init = initializers


def net(
    start: Model, activation: str = "tanh", width: int = 100, depth: int = 2, features: int = 10, seed: int = 0
) -> Model:
    set_random_seed(seed)
    hidden = [L.Dense(width, activation, kernel_initializer=start, name=f"hidden_{k}") for k in range(depth)]
    model = stack(features, *hidden, L.Dense(1))
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("spread", [1.5, 5.0])
def test_fresh_weights_that_saturate(activation: str, spread: float, tmp_path: Path) -> None:
    model = net(init.RandomNormal(stddev=spread), activation)
    finding = only(report := examined(tmp_path, model, rules=("W303",)), "W303")
    assert finding.severity is Severity.ERROR, told(report)
    gains = dict(zip(names(finding, "layers"), names(finding, "gains"), strict=True))
    for layer in model.layers[:-1]:
        kernel = layer.get_weights()[0]
        assert gains[layer.name] == pytest.approx(np.linalg.norm(kernel) / np.sqrt(kernel.shape[1]), rel=1e-5)


@pytest.mark.slow
def test_on_data_the_saturated_units_stand_under_it(tmp_path: Path) -> None:
    x, y = waves(300, 10, seed=1)
    model = train(net(init.RandomNormal(stddev=8.0)), x, y, 2, rate=1e-4)
    report = examined(tmp_path, model, x, y)
    assert only(report, "W303").severity is Severity.ERROR, told(report)
    assert report.findings[0].code == "W303", told(report)
    assert all(one.because_of == "W303" for one in found(report, "U402"))


@pytest.mark.parametrize(("spread", "way"), [(1.0, "larger"), (1e-3, "smaller")])
def test_fresh_relu_layers_that_multiply(spread: float, way: str, tmp_path: Path) -> None:
    finding = only(examined(tmp_path, net(init.RandomNormal(stddev=spread), "relu", depth=3), rules=("W303",)), "W303")
    assert finding.severity is Severity.WARNING
    assert f"times {way}" in finding.message


def test_the_remedy_is_quiet(tmp_path: Path) -> None:
    remedy = only(
        examined(tmp_path, net(init.RandomNormal(stddev=5.0), depth=1), rules=("W303",)), "W303"
    ).evidence.remedy
    assert remedy is not None
    model = stack(10, eval(str(remedy.code), {"Dense": L.Dense}), L.Dense(1))  # noqa: S307
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, model, rules=("W303",)), "W303")


@pytest.mark.parametrize("start", ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"])
@pytest.mark.parametrize(("width", "features", "activation"), [(10, 1, "tanh"), (256, 300, "relu"), (64, 5, "selu")])
def test_false_alarm_ordinary_starts(start: str, width: int, features: int, activation: str, tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, net(start, activation, width, 3, features), rules=("W303",)), "W303")


def test_false_alarm_a_spread_of_one_on_a_single_feature(tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, net(init.RandomNormal(stddev=1.0), depth=1, features=1), rules=("W303",)), "W303")


def test_false_alarm_sums_that_are_normalised_before_their_activation(tmp_path: Path) -> None:
    set_random_seed(0)
    wide = L.Dense(64, kernel_initializer=init.RandomNormal(stddev=5.0))
    model = stack(20, wide, L.BatchNormalization(), L.Activation("tanh"), L.Dense(1))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, model, rules=("W303",)), "W303")


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.series
def test_false_alarm_weights_that_have_grown_in_a_model_that_does_well(activation: str, tmp_path: Path) -> None:
    x, y = waves(500, 1, seed=2)
    model = train(net("glorot_uniform", activation, 32, features=1), x, y, 80)
    assert quiet(examined(tmp_path, model, x, y, rules=("W303",)), "W303")
    assert quiet(examined(tmp_path, model, rules=("W303",)), "W303")


def test_false_alarm_large_weights_on_inputs_so_small_that_nothing_saturates(tmp_path: Path) -> None:
    x, y = waves(300, 10, seed=3)
    x = 1e-3 * x
    model = net(init.RandomNormal(stddev=8.0), depth=1)
    fit(model, x, y)
    assert quiet(examined(tmp_path, model, x, y, rules=("W303",)), "W303")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [5, 7])
def test_small_weights_in_a_tower_of_sigmoids_are_second_to_the_tower(depth: int, tmp_path: Path) -> None:
    """With any start the slopes would fade the gradient: the line to change makes relu of all the layers."""
    x, y = waves(300, 10, seed=depth)
    model = fit(net(init.RandomNormal(stddev=0.01), "sigmoid", 20, depth), x, y, epochs=3)
    report = examined(tmp_path, model, x, y)
    assert only(report, "W303").severity is Severity.WARNING, told(report)
    assert report.findings[0].code == "A107", told(report)
    remedy = report.findings[0].evidence.remedy
    assert remedy is not None
    assert str(remedy.code).endswith("# likewise " + ", ".join(f"hidden_{k}" for k in range(1, depth)))


@pytest.mark.slow
def test_small_weights_in_a_tower_of_tanh_are_what_keeps_it(tmp_path: Path) -> None:
    x, y = waves(300, 10, seed=1)
    model = fit(net(init.RandomNormal(stddev=0.005), "tanh", 20, 5), x, y, epochs=2)
    assert only(examined(tmp_path, model, x, y, rules=("W303",)), "W303").severity is Severity.ERROR
