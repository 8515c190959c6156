"""Data loss plus penalties is the number in Keras's log, for every kind of regulariser and both file formats."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import L, Model, Table, compiled, examined, rungs, stack

from mlpdoctor.core.ladder import Penalty
from mlpdoctor.core.report_model import Report

R = keras.regularizers
ROWS = 90


def rows() -> tuple[Table, Table]:
    rng = np.random.default_rng(5)
    x = np.round(4 * rng.uniform(size=(ROWS, 3)))
    return x, np.sin(x[:, :1]) + x[:, 1:2]


def shared() -> Model:
    twice = L.Dense(3, "tanh", activity_regularizer=R.L1L2(0.1, 0.2), kernel_regularizer="l2")
    entrance = keras.Input((3,))
    return keras.Model(entrance, L.Dense(1)(twice(twice(entrance))))


def frozen() -> Model:
    layer = L.Dense(4, "relu", activity_regularizer=R.L2(0.1), kernel_regularizer=R.L2(0.1), trainable=False)
    return stack(3, layer, L.Dense(1, bias_regularizer=R.L1(0.3)))


def spread() -> Model:
    """Two axes of a row's output add up alike."""
    body = [L.Embedding(5, 2, activity_regularizer=R.L1(0.1), embeddings_regularizer="l1"), L.Flatten()]
    return stack(3, *body, L.Dense(1))


def two_outputs() -> Model:
    entrance = keras.Input((3,))
    hidden = L.Dense(4, "tanh", kernel_regularizer=R.L2(0.1))(entrance)
    return keras.Model(
        entrance, [L.Dense(1, name="a")(hidden), L.Dense(1, name="b", activity_regularizer="l1")(hidden)]
    )


BUILT: dict[str, Callable[[], Model]] = {
    "kernel": lambda: stack(3, L.Dense(4, "tanh", kernel_regularizer=R.L1L2(0.1, 0.2)), L.Dense(1)),
    "orthogonal": lambda: stack(3, L.Dense(4, kernel_regularizer="orthogonal_regularizer"), L.Dense(1)),
    "after relu": lambda: stack(3, L.Dense(4, "relu", activity_regularizer=R.L1(0.1)), L.Dense(1)),
    "after softmax": lambda: stack(3, L.Dense(4, "softmax", activity_regularizer=R.L2(0.1)), L.Dense(1)),
    "of answers": lambda: stack(3, L.Dense(1, activity_regularizer=R.L2(0.1))),
    "ActivityRegularization": lambda: stack(3, L.Dense(4, "elu"), L.ActivityRegularization(0.1, 0.2), L.Dense(1)),
    "of Activation": lambda: stack(3, L.Dense(4), L.Activation("relu", activity_regularizer=R.L2(0.1)), L.Dense(1)),
    "normalization": lambda: stack(3, L.Dense(4), L.BatchNormalization(gamma_regularizer="l2"), L.Dense(1)),
    "frozen": frozen,
    "shared": shared,
    "spread": spread,
}


def report_on(folder: Path, model: Model, form: str = "keras") -> tuple[Report, Model]:
    x, y = rows()
    return examined(folder, compiled(model), x, y, form=form), model


def penalty_of(report: Report) -> Penalty:
    assert report.ladder is not None
    assert report.ladder.penalty is not None
    return report.ladder.penalty


@pytest.mark.filterwarnings("ignore:.*HDF5 file")
@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("name", BUILT)
def test_the_model_rung_plus_penalties_is_what_keras_evaluates(name: str, form: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(7)
    report, model = report_on(tmp_path, BUILT[name](), form)
    x, y = rows()
    penalty = penalty_of(report)
    assert penalty.unknown == ()
    # In batches of unequal size, for Keras divides by the rows of each batch.
    model.run_eagerly = True  # one look at the rows is not worth a graph
    expected = model.evaluate(x.astype(np.float32), y.astype(np.float32), batch_size=32, verbose=0)
    assert rungs(report)["model"] + penalty.total == pytest.approx(expected, rel=1e-5)
    model(x.astype(np.float32))
    assert penalty.total == pytest.approx(sum(float(loss) for loss in model.losses), rel=1e-5)
    assert penalty.total > 0


def test_penalties_are_beside_the_sum_over_outputs(tmp_path: Path) -> None:
    model = compiled(two_outputs(), ["mse", "mse"], loss_weights=[0.5, 2.0])
    x, y = rows()
    report = examined(tmp_path, model, x, np.concatenate([y, -y], axis=1))
    targets = [y.astype(np.float32), -y.astype(np.float32)]
    expected = model.evaluate(x.astype(np.float32), targets, verbose=0, return_dict=True)["loss"]
    assert rungs(report)["model"] + penalty_of(report).total == pytest.approx(expected, rel=1e-5)
