"""Models that only Keras runs: the healthy ones are left in peace, and of the sick ones the cause is named first."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from keras_models import attentive, convolutional, images, recurrent, stripes, walks, words
from model_cases import alarms, examined, found, names, number, only, quiet, rungs, save_data, told, train

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.engine.keras_engine import KerasEngine
from mlpdoctor.nn.layers.unsupported_layers import is_affine
from mlpdoctor.readers.models.model import read_network

L = keras.layers
ROWS = 400

pytestmark = pytest.mark.filterwarnings("ignore:(?s).*You are using a softmax over axis:UserWarning")

Model = Any
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
HEALTHY: Mapping[str, tuple[Any, Any, Any, float]] = {
    "convolutions": (partial(convolutional, "relu"), stripes, "sparse_categorical_crossentropy", 0.01),
    "convolutions, normalised": (
        lambda: convolutional("relu", normalised=True, head=L.Dense(3)),
        stripes,
        LOGITS,
        0.005,
    ),
    "lstm": (lambda: recurrent(L.LSTM(12)), walks, "mse", 0.02),
    "attention": (attentive, words, "binary_crossentropy", 0.005),
}


def trained(model: Model, x: Any, y: Any, loss: Any, rate: float, epochs: int = 40, seed: int = 5) -> Model:  # noqa: ANN401
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:  # the draws of Keras's own initialisers depend on all made before
        if len(variable.shape) > 1:
            size = 1 / np.sqrt(np.prod(variable.shape[:-1]))
            variable.assign(rng.uniform(-1, 1, variable.shape) * size * np.sqrt(3))
    model.compile("adam", loss)
    return train(model, x, y, epochs=epochs, batch=32, rate=rate)


def looked_at(folder: Path, model: Model, x: Any, y: Any, *codes: str, data: str = "npz") -> Report:  # noqa: ANN401
    """The report of a few rules alone, which takes a fraction of the time."""
    model.save(path := folder / "model.keras")
    chosen = [one for one in all_checks() if one.rule.code in codes]
    return diagnose(Question(str(path), save_data(folder / f"data.{data}", x, y)), checks=chosen)


@pytest.mark.series
@pytest.mark.parametrize("name", sorted(HEALTHY))
def test_a_healthy_model_is_left_in_peace(name: str, tmp_path: Path) -> None:
    make, data, loss, rate = HEALTHY[name]
    x, y = data(ROWS, seed=1)
    report = examined(tmp_path, trained(make(), x, y, loss, rate), x, y)
    assert report.model is not None
    assert report.model.not_followed is None
    assert not alarms(report), told(report)
    assert rungs(report)["model"] < 0.2 * rungs(report)["constant"]


@pytest.mark.parametrize("name", ["convolutions"])
def test_before_training_nothing_is_wrong_either(name: str, tmp_path: Path) -> None:
    make, data, loss, _ = HEALTHY[name]
    x, y = data(ROWS, seed=2)
    keras.utils.set_random_seed(2)
    model = make()
    model.compile("adam", loss)
    model.optimizer.build(model.trainable_variables)
    report = examined(tmp_path, model, x, y)
    assert found(report, "W304"), told(report)
    assert not alarms(report), told(report)


def test_a_dead_convolution_is_named(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=3)
    model = convolutional()
    second = model.layers[1]
    second.set_weights([second.get_weights()[0], np.full(12, -40.0)])
    model.compile("adam", "sparse_categorical_crossentropy")
    report = examined(tmp_path, train(model, x, y, epochs=1), x, y)
    first = report.findings[0]
    assert (first.code, first.layer, first.severity) == ("U401", second.name, Severity.ERROR), told(report)
    assert (number(first, "dead"), number(first, "units"), number(first, "rows")) == (12, 12, ROWS)
    assert first.evidence.remedy is not None
    assert str(first.evidence.remedy.code).startswith("Conv2D(")


@pytest.mark.parametrize("apart", [False, True])
def test_a_filter_is_one_unit_wherever_it_looks(tmp_path: Path, *, apart: bool) -> None:
    """Half of the filters are dead; the others fire at some places of some images only."""
    x, y = stripes(100, seed=4)
    act = [L.ReLU(name="act")] if apart else []
    model = images(
        L.Conv2D(8, 3, activation=None if apart else "relu", name="seen"), *act, L.GlobalMaxPooling2D(), L.Dense(3)
    )
    kernel, bias = model.layers[0].get_weights()
    kernel[:, :, :, :4], bias[:4] = 0, -1
    kernel[:, :, :, 4:], bias[4:] = 1 / 9, -0.65
    model.layers[0].set_weights([kernel, bias])
    model.compile("adam", LOGITS)
    report = looked_at(tmp_path, model, x, y, "U401")
    finding = only(report, "U401")
    assert finding.layer == ("act" if apart else "seen")
    assert (number(finding, "dead"), number(finding, "units")) == (4, 8)


def test_a_softmax_over_one_unit_behind_convolutions(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=5)
    model = convolutional(head=L.Dense(1, "softmax"))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, (y == 0).astype(np.float64), epochs=2), x, (y == 0).astype(np.float64))
    first = report.findings[0]
    assert (first.code, first.severity, first.evidence.certainty) == ("O201", Severity.ERROR, Certainty.PROVED)
    assert rungs(report)["architecture"] == pytest.approx(rungs(report)["model"])


def test_a_recurrent_layer_on_unscaled_inputs(tmp_path: Path) -> None:
    x, y = walks(ROWS, seed=6)
    x = 300 * x + 2000
    model = recurrent(L.LSTM(12))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=8), x, y)
    first = report.findings[0]
    assert (first.code, first.severity) == ("D702", Severity.ERROR), told(report)
    assert (number(first, "columns"), number(first, "width")) == (2, 2)


def test_pixels_are_to_be_divided_by_255(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=7)
    grey = np.rint(255 * x)
    model = convolutional()
    model.compile("adam", "sparse_categorical_crossentropy")
    raw = only(looked_at(tmp_path, model, grey, y, "D702"), "D702")
    assert raw.evidence.remedy is not None
    assert raw.evidence.remedy.code == "keras.layers.Rescaling(1 / 255)"
    scaled = images(L.Rescaling(1 / 255), *convolutional().layers)
    scaled.compile("adam", "sparse_categorical_crossentropy")
    assert quiet(looked_at(tmp_path, scaled, grey, y, "D702"), "D702")


def test_saturated_filters(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=8)
    model = convolutional("tanh")
    for layer in model.layers[:2]:
        layer.set_weights([60 * weight for weight in layer.get_weights()])
    model.compile("adam", "sparse_categorical_crossentropy")
    report = looked_at(tmp_path, model, x, y, "U402")
    assert {finding.layer for finding in found(report, "U402")} == {layer.name for layer in model.layers[:2]}


def test_weights_inside_a_recurrent_layer_are_looked_at(tmp_path: Path) -> None:
    x, y = walks(100, seed=9)
    model = recurrent(L.LSTM(4, name="memory"))
    broken = model.layers[0].get_weights()
    broken[1][0, 0] = np.nan
    model.layers[0].set_weights(broken)
    model.compile("adam", "mse")
    finding = only(looked_at(tmp_path, model, x, y, "W301"), "W301")
    assert finding.layer == "memory" or "memory" in finding.message


def same(one: Report, other: Report) -> bool:
    return [f.message for f in one.findings] == [f.message for f in other.findings] and one.verdict == other.verdict


def test_the_same_rows_in_images_or_in_columns(tmp_path: Path) -> None:
    x, y = stripes(200, seed=10)
    model = convolutional()
    model.compile("adam", "sparse_categorical_crossentropy")
    codes = ("D702", "U401", "U402", "U403", "U404", "L502")
    one = looked_at(tmp_path, model, x, y, *codes)
    other = looked_at(tmp_path, model, x.reshape(len(x), -1), y, *codes, data="csv")
    assert same(one, other)


@pytest.mark.parametrize("bare", [True, False])
def test_convolutions_without_an_activation_are_one_affine_map(tmp_path: Path, *, bare: bool) -> None:
    x, y = stripes(ROWS, seed=11)
    model = images(
        L.ZeroPadding2D(1),
        L.Conv2D(4, 3, activation=None if bare else "relu", name="first"),
        L.AveragePooling2D(2),
        L.Conv2D(4, 2, name="second"),
        L.BatchNormalization(),
        L.Flatten(),
        L.Dense(3, "softmax", name="last"),
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    report = looked_at(tmp_path, train(model, x, y, epochs=1), x, y, "A101")
    if not bare:
        assert quiet(report, "A101")
        return
    finding = only(report, "A101")
    assert finding.evidence.certainty is Certainty.PROVED
    assert names(finding, "layers") == ("first", "second", "last")
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == 'Conv2D(4, 3, activation="relu", name="first")'
    assert rungs(report)["architecture"] <= rungs(report)["affine"] * (1 + 1e-6)


def test_the_affine_map_of_convolutions_is_one(tmp_path: Path) -> None:
    """The theorem: with two images, what is made of their mean is the mean of what is made of them."""
    model = images(
        L.SeparableConv2D(3, 3),
        L.DepthwiseConv2D(2),
        L.UpSampling2D(2, interpolation="bilinear"),
        L.Conv2DTranspose(2, 2),
        L.AveragePooling2D(3, padding="same"),
        L.Cropping2D(1),
        L.ZeroPadding2D(1),
        L.GlobalAveragePooling2D(),
    )
    model.save(path := tmp_path / "m.keras")
    engine = KerasEngine.followed(read_network(str(path)))
    assert all(is_affine(node.layer) for node in engine.network.nodes[1:])
    one, other = np.random.default_rng(12).normal(size=(2, 5, 64))
    made = [engine.forward(rows)[0] for rows in (one, other, (one + other) / 2)]
    np.testing.assert_allclose((made[0] + made[1]) / 2, made[2], atol=1e-6)  # TensorFlow resizes in float32


def test_a_separable_convolution_in_two_layers_is_a_design(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=13)
    model = images(
        L.DepthwiseConv2D(3), L.Conv2D(8, 1, activation="relu"), L.DepthwiseConv2D(3), L.Conv2D(8, 1),
        L.GlobalAveragePooling2D(), L.Dense(3, "softmax"),
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    assert quiet(looked_at(tmp_path, model, x, y, "A101"), "A101")


def test_a_rate_that_is_too_high_for_convolutions_is_tried(tmp_path: Path) -> None:
    x, y = stripes(ROWS, seed=2)
    keras.utils.set_random_seed(2)
    model = convolutional()
    model.compile(keras.optimizers.SGD(3.0), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(65)
    finding = only(looked_at(tmp_path, model, x, y, "G603"), "G603")
    assert finding.evidence.certainty is Certainty.TRIED


def test_a_rate_at_which_a_recurrent_layer_hardly_moves(tmp_path: Path) -> None:
    x, y = walks(ROWS, seed=2)
    keras.utils.set_random_seed(2)
    model = recurrent(L.LSTM(12))
    model.compile(keras.optimizers.Adam(1e-6), "mse")
    fit(model, x, y, epochs=2, shuffle=False)
    report = looked_at(tmp_path, model, x, y, "W306", "G604")
    assert found(report, "G604"), told(report)
    assert not found(report, "W306"), "the rate has never been higher"
