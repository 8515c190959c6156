"""A live model with frames says what the command line says on the files; nothing in the process changes."""

import json
import os
import random
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
import threadpoolctl  # type: ignore[import-untyped]
from paths import FIXTURES
from pyarrow import csv

import mlpdoctor
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.library_words import without_files
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.json import report as json_report

EXPECTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text())
PLACES = ("path", "format", "guesses")
"""Where model and data came from: of course it differs."""


def same(report: Any) -> Any:  # noqa: ANN401  any JSON
    """A report without paths and timing."""
    whole = json.loads(json.dumps(report))
    for part in ("model", "data"):
        whole[part] = {name: value for name, value in whole[part].items() if name not in PLACES}
    for finding in whole["findings"]:
        del finding["fingerprint"]  # the path is in it
    del whole["timing"]
    return whole


def frames(name: str) -> tuple[Any, Any]:
    """Features and targets of a fixture, with their names."""
    file, targets = FIXTURES / EXPECTED[name]["data"], EXPECTED[name]["targets"]
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return arrays["x"], arrays["y"]
    whole = pq.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file)
    return whole.drop_columns(targets), whole.select(targets)


def of_files(name: str) -> dict[str, Any]:
    expected = EXPECTED[name]
    question = Question(
        str(FIXTURES / expected["model"]), str(FIXTURES / expected["data"]), target=tuple(expected["targets"])
    )
    found: dict[str, Any] = json.loads(json_report.render([without_files(diagnose(question), model=True, data=True)]))
    return found


def live(name: str) -> Any:  # noqa: ANN401  Keras ships no types
    with warnings.catch_warnings():  # a fixture that was never trained has no slots to load
        warnings.simplefilter("ignore")
        return keras.saving.load_model(FIXTURES / EXPECTED[name]["model"])


@pytest.mark.series
@pytest.mark.parametrize("name", EXPECTED)
def test_a_live_model_says_what_its_file_says(name: str) -> None:
    x, y = frames(name)
    assert same(mlpdoctor.check(live(name), x, y).to_dict()) == same(of_files(name))


RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)).astype(np.float32)
Y = (X[:, 0] * 2 + np.sin(X[:, 1])).astype(np.float32)


class Scale(keras.layers.Layer):  # type: ignore[misc]
    """A layer that mlpdoctor does not know, and that nobody registered."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.factor = self.add_weight(shape=(shape[-1],), name="factor", initializer="ones")

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return keras.ops.tanh(x) * self.factor


def small(*first: Any) -> Any:  # noqa: ANN401
    model = keras.Sequential([keras.Input((3,)), *first, keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def trained() -> Any:  # noqa: ANN401
    model = small()
    model.fit(X, Y, epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("kind", [lambda a: a, np.ndarray.tolist, keras.ops.convert_to_tensor, tf.constant])
def test_tensors_and_lists_are_arrays(trained: Any, kind: Callable[[Any], Any]) -> None:  # noqa: ANN401
    report = mlpdoctor.check(trained, kind(X), kind(Y), quick=True)
    assert report.ladder["model"].value == pytest.approx(trained.evaluate(X, Y, verbose=0), rel=1e-5)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    def __len__(self) -> int:
        return 8

    def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
        part = slice(25 * number, 25 * number + 25)
        return X[part], Y[part], np.ones(25)


STREAMS: dict[str, Callable[[], Any]] = {
    "batches": lambda: tf.data.Dataset.from_tensor_slices((X, Y)).batch(32),
    "rows": lambda: tf.data.Dataset.from_tensor_slices((X, Y)),
    "PyDataset": Batches,
}


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_hold_the_same_rows(trained: Any, kind: str) -> None:  # noqa: ANN401
    streamed, whole = mlpdoctor.check(trained, STREAMS[kind](), quick=True), mlpdoctor.check(trained, X, Y, quick=True)
    assert {name: rung.value for name, rung in streamed.ladder.items()} == pytest.approx(
        {name: rung.value for name, rung in whole.ladder.items()}, rel=1e-9
    )
    assert streamed.to_dict()["data"]["rows"] == 200


def test_streams_without_end_or_rows_are_refused(trained: Any) -> None:  # noqa: ANN401
    rows = STREAMS["batches"]()
    for wrong, said in ((rows.repeat(), r"leave \.repeat\(\) out"), (rows.take(0), "is empty")):
        with pytest.raises(mlpdoctor.InputError, match=said):
            mlpdoctor.check(trained, wrong)
    with pytest.raises(mlpdoctor.InputError, match="leave y out"):
        mlpdoctor.check(trained, rows, Y)


def test_nothing_in_the_process_changes() -> None:
    model = small(Scale())
    model.fit(X, Y, epochs=1, verbose=0)
    call, weights = model.layers[0].call, [variable.numpy().copy() for variable in model.variables]
    random.seed(3)
    drawn, numbers = random.getstate(), np.random.get_state(legacy=True)  # noqa: NPY002  what users use
    settings = keras.config.floatx(), os.environ.copy(), threadpoolctl.threadpool_info(), np.geterr()
    report = mlpdoctor.check(model, X, Y)
    assert report.to_dict()["model"]["not_followed"] is None
    assert random.getstate() == drawn
    assert str(np.random.get_state(legacy=True)) == str(numbers)  # noqa: NPY002
    assert (keras.config.floatx(), os.environ.copy(), threadpoolctl.threadpool_info(), np.geterr()) == settings
    assert model.layers[0].call == call
    for before, variable in zip(weights, model.variables, strict=True):
        np.testing.assert_array_equal(before, variable.numpy())
    model.fit(X, Y, epochs=1, verbose=0)


def test_a_layer_of_ones_own_needs_no_file() -> None:
    model = small(Scale())
    assert mlpdoctor.check(model, X, Y, quick=True).ladder["model"].value == pytest.approx(
        model.evaluate(X, Y, verbose=0), rel=1e-5
    )


def test_a_loss_can_be_named_or_given() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    assert not mlpdoctor.check(model, X, Y, quick=True).ladder
    assert mlpdoctor.check(model, X, Y, loss="mae", quick=True).ladder.loss == "mean absolute error"
    huber = mlpdoctor.check(model, X, Y, loss=keras.losses.Huber(2.0), quick=True).ladder
    model.compile(loss=keras.losses.Huber(2.0))
    assert huber["model"].value == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    with pytest.raises(mlpdoctor.InputError, match="loss: int was given"):
        mlpdoctor.check(model, X, Y, loss=3)


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.only = keras.layers.Dense(1)

    def call(self, x: Any) -> Any:  # noqa: ANN401
        return self.only(x)


def test_models_without_a_graph_are_refused_in_one_line() -> None:
    subclassed = Subclassed()
    subclassed(X)
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    for model, said in ((subclassed, "reads Sequential and Functional models"), (unbuilt, "it is not built yet")):
        with pytest.raises(mlpdoctor.InputError, match=said) as caught:
            mlpdoctor.check(model, X, Y)
        assert str(caught.value).startswith("model: ")
        assert "\n" not in str(caught.value)


def test_class_weights_are_those_of_fit() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    labels = (Y > 0).astype(int)
    report = mlpdoctor.check(model, X, labels, class_weight={1: 5.0}, quick=True)
    expected = model.evaluate(X, labels, sample_weight=np.where(labels, 5.0, 1.0), verbose=0)
    assert report.ladder["model"].value == pytest.approx(expected, rel=1e-5)


def test_the_report_of_a_live_model_names_calls_and_not_files(trained: Any) -> None:  # noqa: ANN401
    text = str(mlpdoctor.check(live("three-points"), *frames("three-points")))
    assert "mlpdoctor.treat(model, x, y)" in text
    assert "mlpdoctor treat" not in text
    history = keras.callbacks.History()
    trained.fit(X, Y, epochs=12, verbose=0, callbacks=[history])
    assert mlpdoctor.check(trained, X, Y, history=history, quick=True).to_dict()["history"]["epochs"] == 12


@pytest.mark.slow
def test_treat_cures_a_live_model_and_leaves_it_alone() -> None:
    model = live("three-points")
    before = [variable.numpy().copy() for variable in model.variables]
    found = mlpdoctor.treat(model, *frames("three-points"), budget="300 epochs")
    assert found.cured
    assert found.fix is not None
    assert found.verdict in " ".join(str(found).split())
    assert found.to_dict()["written"] is None
    x, y = ([part.to_numpy() for part in table.columns] for table in frames("three-points"))
    assert found.model.evaluate(x[0], y[0], verbose=0) < model.evaluate(x[0], y[0], verbose=0)
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())
