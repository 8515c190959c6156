"""The loop in TensorFlow's graph does what ``keras.Model.fit`` does: the same batches, the same weights."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from mlpdoctor.treat.trials.fit import Trainee
from mlpdoctor.treat.trials.rows import Batches, Table

L = keras.layers
ROWS, BATCH, UPDATES = 37, 8, 9


def seeded(units: int, seed: int, **options: Any) -> Any:  # noqa: ANN401
    return L.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), **options)


def plain() -> Any:  # noqa: ANN401
    return keras.Sequential([keras.Input((3,)), seeded(5, 1, activation="tanh"), seeded(1, 2)])


def penalised() -> Any:  # noqa: ANN401
    return keras.Sequential([keras.Input((3,)), seeded(5, 1, activation="relu", kernel_regularizer="l2"), seeded(1, 2)])


def normalised() -> Any:  # noqa: ANN401
    return keras.Sequential(
        [keras.Input((3,)), seeded(5, 1, use_bias=False), L.BatchNormalization(), L.ReLU(), seeded(1, 2)]
    )


def classifier() -> Any:  # noqa: ANN401
    return keras.Sequential([keras.Input((3,)), seeded(5, 1, activation="elu"), seeded(3, 2, activation="softmax")])


def two_headed() -> Any:  # noqa: ANN401
    entry = keras.Input((3,))
    body = seeded(6, 1, activation="tanh")(entry)
    return keras.Model(entry, [seeded(1, 2, name="a")(body), seeded(1, 3, name="b", activation="sigmoid")(body)])


def two_inputs() -> Any:  # noqa: ANN401
    one, other = keras.Input((2,)), keras.Input((1,))
    return keras.Model([one, other], seeded(1, 2)(L.Concatenate()([seeded(4, 1, activation="tanh")(one), other])))


CASES: dict[str, tuple[Callable[[], Any], Any, Callable[[], Any]]] = {
    "SGD with momentum": (plain, "mse", lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
    "Adam": (plain, "mae", lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1)),
    "L2": (penalised, "mse", lambda: keras.optimizers.Adam(0.01)),
    "BatchNormalization": (normalised, "mse", lambda: keras.optimizers.Nadam(0.01)),
    "classes": (classifier, "sparse_categorical_crossentropy", lambda: keras.optimizers.Adam(0.01)),
    "two outputs": (two_headed, ["mse", "binary_crossentropy"], lambda: keras.optimizers.Adam(0.01)),
    "two inputs": (two_inputs, "mse", lambda: keras.optimizers.Adam(0.01)),
    "a sum": (plain, keras.losses.MeanSquaredError(reduction="sum"), lambda: keras.optimizers.SGD(0.001)),
}


def trainee(name: str, *, weights: bool = False) -> Trainee:
    make, loss, optimizer = CASES[name]
    model = make()
    model.compile(optimizer(), loss)
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(4)
    x = rng.normal(size=(ROWS, 3)).astype(np.float32)
    y = (x[:, :1] > 0).astype(np.float32)
    if name == "classes":
        y = rng.integers(0, 3, (ROWS, 1)).astype(np.float32)
    inputs = [x[:, :2], x[:, 2:]] if name == "two inputs" else [x]
    targets = [x[:, 1:2], y] if name == "two outputs" else [y]
    return Trainee(model, Table(inputs, targets, rng.uniform(0.5, 2, ROWS).astype(np.float32) if weights else None))


def weights_after(one: Trainee) -> list[Any]:
    one.restart(3)
    one.train(Batches(ROWS, BATCH, 3).take(UPDATES))
    return [np.asarray(value) for value in one.snapshot().weights]


@pytest.mark.parametrize("name", [name for name in CASES if name != "a sum"])
def test_a_graph_leads_where_fit_leads(name: str) -> None:
    ours, theirs = (
        trainee(name, weights=name in {"Adam", "two outputs"}),
        trainee(name, weights=name in {"Adam", "two outputs"}),
    )
    theirs._compiled = False  # noqa: SLF001  Keras's own fit
    for one, other in zip(weights_after(ours), weights_after(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
    assert ours.loss() == pytest.approx(theirs.loss(), rel=1e-4)


@pytest.mark.parametrize("name", ["BatchNormalization"])
def test_xla_leads_there_too(name: str) -> None:
    ours, theirs = trainee(name), trainee(name)
    ours.compiled(xla=True)
    for one, other in zip(weights_after(ours), weights_after(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
    assert ours.xla
    assert ours._compiled  # noqa: SLF001


@pytest.mark.parametrize("name", ["L2", "two outputs", "classes", "a sum"])
def test_the_loss_is_that_of_evaluate_without_penalties(name: str) -> None:
    one = trainee(name)
    table = one.table
    x = list(table.inputs) if len(table.inputs) > 1 else table.inputs[0]
    y = list(table.targets) if len(table.targets) > 1 else table.targets[0]
    told = np.ravel(one.model.evaluate(x, y, batch_size=ROWS, verbose=0))[0]
    penalties = sum(float(penalty) for penalty in one.model.losses)
    told = told / ROWS if name == "a sum" else told - penalties
    assert one.loss() == pytest.approx(told, rel=1e-4)
    if name == "a sum":
        assert one.model.loss.reduction == "sum"


def test_a_restart_forgets_everything() -> None:
    one = trainee("BatchNormalization")
    first, second = weights_after(one), weights_after(one)
    for before, after in zip(first, second, strict=True):
        np.testing.assert_array_equal(before, after)


def test_dropout_is_drawn_from_the_seed() -> None:
    model = keras.Sequential([keras.Input((3,)), seeded(8, 1), L.Dropout(0.5), seeded(1, 2)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    x = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)
    one = Trainee(model, Table([x], [x[:, :1]]), xla=True)
    assert not one.xla
    runs = []
    for seed in (1, 1, 2):
        one.restart(seed)
        one.train(Batches(ROWS, BATCH, 0).take(5))
        runs.append(one.snapshot().weights[0])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-6


def test_a_layer_that_no_graph_takes_is_trained_by_fit() -> None:
    one = trainee("Adam")
    calls = []

    def refuse(*_: object, **__: object) -> None:
        calls.append(1)
        raise TypeError("not in a graph")

    one._loop = refuse  # type: ignore[method-assign]  # noqa: SLF001
    twin = weights_after(trainee("Adam"))
    for value, other in zip(weights_after(one), twin, strict=True):
        np.testing.assert_allclose(value, other, rtol=2e-4, atol=2e-5)
    assert calls


def test_nothing_to_train_is_no_fault() -> None:
    model = keras.Sequential([keras.Input((3,)), seeded(1, 1, trainable=False)])
    model.compile("sgd", "mse")
    x = np.ones((4, 3), np.float32)
    one = Trainee(model, Table([x], [x[:, :1]]))
    before = one.loss()
    one.train(Batches(4, 2, 0).take(3))
    assert one.loss() == before
