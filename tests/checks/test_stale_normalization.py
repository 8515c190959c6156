"""W308: stored moments beside those of the data."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, Model, Table, examined, found, number, only, put, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Severity


def raw(rows: int, width: int, seed: int) -> tuple[Table, Table]:
    """Features far from 0 and 1, and a target of their standard scores."""
    x, y = waves(rows, width, seed)
    return 300 + 80 * x, y


def ready(model: Model) -> Model:
    model.compile("adam", "mse")
    return model


def with_normalization(width: int, adapted: Table | None, seed: int = 0) -> Model:
    keras.utils.set_random_seed(seed)
    layer = L.Normalization(name="norm")
    layer.build((None, width))
    if adapted is not None:
        layer.adapt(adapted.astype(np.float32))
    return ready(stack(width, layer, L.Dense(32, "tanh"), L.Dense(1)))


@pytest.mark.parametrize("width", [1, 4])
def test_a_layer_that_was_never_adapted(width: int, tmp_path: Path) -> None:
    x, y = raw(300, width, seed=width)
    model = with_normalization(width, None)
    fit(model, x, y, epochs=3)
    finding = only(report := examined(tmp_path, model, x, y), "W308")
    assert finding.severity is Severity.ERROR, told(report)
    assert "never adapted" in finding.message
    column = int(number(finding, "column")) - 1
    assert number(finding, "seen_mean") == pytest.approx(x[:, column].mean())
    assert number(finding, "seen_deviation") == pytest.approx(x[:, column].std())
    assert all(one.because_of == "W308" for one in found(report, "D702") if one.severity is not Severity.NOTE)


def test_the_file_alone_tells_it(tmp_path: Path) -> None:
    assert only(examined(tmp_path, with_normalization(3, None), rules=("W308",)), "W308").severity is Severity.WARNING


def test_the_remedy_adapts_it(tmp_path: Path) -> None:
    x, y = raw(300, 3, seed=1)
    model = with_normalization(3, None)
    remedy = only(examined(tmp_path, model, x, y, rules=("W308",)), "W308").evidence.remedy
    assert remedy is not None
    exec(str(remedy.code), {"model": model, "x_train": x.astype(np.float32)})  # noqa: S102
    assert quiet(examined(tmp_path, model, x, y, rules=("W308",)), "W308")


def test_a_layer_adapted_to_other_data(tmp_path: Path) -> None:
    x, y = raw(300, 3, seed=2)
    model = with_normalization(3, (x - x.mean(axis=0)) / x.std(axis=0))
    fit(model, x, y, epochs=3)
    finding = only(examined(tmp_path, model, x, y, rules=("W308",)), "W308")
    assert "expects mean" in finding.message
    assert number(finding, "stored_deviation") == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_false_alarm_data_that_are_standard_already(scale: float, tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=3)
    assert quiet(examined(tmp_path, with_normalization(3, None), scale * x / x.std(axis=0), y, rules=("W308",)), "W308")


def test_false_alarm_another_sample_of_the_same_data(tmp_path: Path) -> None:
    x, y = raw(300, 3, seed=4)
    assert quiet(examined(tmp_path, with_normalization(3, raw(60, 3, seed=5)[0]), x, y, rules=("W308",)), "W308")


@pytest.mark.parametrize("constant", [0.1, 1000.1, -7e5 + 0.3])
def test_false_alarm_a_constant_column_stored_in_float32(constant: float, tmp_path: Path) -> None:
    x, y = raw(300, 3, seed=6)
    x[:, 1] = constant
    assert quiet(examined(tmp_path, with_normalization(3, x), x, y, rules=("W308",)), "W308")


def batch_model(width: int, seed: int = 0, momentum: float = 0.99) -> Model:
    keras.utils.set_random_seed(seed)
    hidden = [L.Dense(16, "relu"), L.BatchNormalization(name="inner"), L.Dense(16, "relu")]
    return ready(stack(width, L.BatchNormalization(name="batch", momentum=momentum), *hidden, L.Dense(1)))


@pytest.mark.parametrize("updates", [10, 40])
@pytest.mark.series
def test_moving_averages_that_had_no_time_to_arrive(updates: int, tmp_path: Path) -> None:
    x, y = raw(32 * updates, 3, seed=7)
    model = batch_model(3)
    fit(model, x, y, batch=32)
    finding = next(
        one for one in found(examined(tmp_path, model, x, y, rules=("W308",)), "W308") if one.layer == "batch"
    )
    assert finding.severity is not Severity.NOTE
    assert number(finding, "start_share") == pytest.approx(0.99**updates)
    mean = model.get_layer("batch").get_weights()[2]
    assert number(finding, "stored_mean") == pytest.approx(mean[int(number(finding, "column")) - 1], rel=1e-5)


@pytest.mark.parametrize("batch", [32, 64])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.series
def test_false_alarm_healthy_batch_normalization(batch: int, seed: int, tmp_path: Path) -> None:
    x, y = raw(600, 4, seed=seed)
    model = train(batch_model(4, seed, momentum=0.9), x, y, 30, batch=batch)
    assert not [
        one
        for one in found(examined(tmp_path, model, x, y, rules=("W308",)), "W308")
        if one.severity is not Severity.NOTE
    ]


def test_false_alarm_a_channel_that_hardly_moves_and_is_stored_so(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=8)
    model = batch_model(3)
    fit(model, x, y, epochs=20)
    dense, inner = model.layers[1], model.get_layer("inner")
    kernel, bias = dense.get_weights()
    kernel[:, 0], bias[0] = 1e-4, 1.0
    put(dense, kernel, bias)
    gamma, beta, mean, variance = inner.get_weights()
    mean[0], variance[0] = 1.0, 1e-8
    put(inner, gamma, beta, mean, variance)
    put(model.layers[-1], 0 * model.layers[-1].get_weights()[0], [0.4])  # a model that does badly
    assert not [one for one in found(examined(tmp_path, model, x, y, rules=("W308",)), "W308") if one.layer == "inner"]


def test_an_untrained_model_has_its_first_averages(tmp_path: Path) -> None:
    x, y = raw(100, 3, seed=9)
    assert quiet(examined(tmp_path, batch_model(3), x, y, rules=("W308",)), "W308")
