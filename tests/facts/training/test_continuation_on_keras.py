"""Training taken up from a saved model, beside Keras doing the same from the same file with the same minibatches."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hand_built import examined
from keras_fit import fit
from model_cases import L, stack, waves

from mlpdoctor.core.network import Array, Network
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine.training import BATCH, MOST_UPDATES, Descent
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import gradient_rows
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.statistics.rows import RowSample

R, C = keras.regularizers, keras.constraints
Optimizers = keras.optimizers


def saved(folder: Path, model: Any, x: Array, y: Array) -> tuple[Network, FactResolver]:  # noqa: ANN401
    model.save(path := folder / "model.keras")
    network = read_network(str(path))
    return network, examined(network, x, y)


def descent(network: Network, resolver: FactResolver) -> Descent:
    objective = resolver.get(Objective)
    engine = objective.passes.engine.at({}, training=True)
    assert network.optimizer is not None
    rows = gradient_rows(engine, resolver.get(RowSample))
    return Descent(engine, objective.heads, network.optimizer, rows, objective.rows)


def minibatches(rows: int, updates: int) -> list[Any]:
    """The order of the trial, written down a second time."""
    rng = np.random.default_rng(0)
    found: list[Any] = []
    while len(found) < updates:
        order = rng.permutation(rows)
        found += [order[start : start + BATCH] for start in range(0, max(rows - BATCH // 2, 1), BATCH)]
    return found[:updates]


MODELS = {
    "tanh": lambda: stack(3, L.Dense(8, "tanh"), L.Dense(1)),
    "relu with penalties": lambda: stack(
        3,
        L.Dense(8, "relu", kernel_regularizer=R.L2(0.05), activity_regularizer=R.L2(0.02)),
        L.Dense(6, "tanh", bias_regularizer=R.L1(0.01)),
        L.Dense(1),
    ),
    "constraints": lambda: stack(
        3, L.Dense(8, "tanh", kernel_constraint=C.MaxNorm(0.6)), L.Dense(1, kernel_constraint=C.NonNeg())
    ),
    "batch norm": lambda: stack(3, L.Dense(8), L.BatchNormalization(), L.Activation("relu"), L.Dense(1)),
    "a frozen layer": lambda: stack(3, L.Dense(8, "tanh", trainable=False), L.Dense(4, "elu"), L.Dense(1)),
}
OPTIMIZERS = {
    "Adam": lambda: Optimizers.Adam(0.01),
    "SGD": lambda: Optimizers.SGD(0.05),
    "momentum and clipping": lambda: Optimizers.SGD(0.05, momentum=0.9, clipnorm=0.2),
    "RMSprop": lambda: Optimizers.RMSprop(0.003),
    "AdamW": lambda: Optimizers.AdamW(0.01, weight_decay=0.1),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_trial_ends_where_keras_ends(tmp_path: Path, kind: str) -> None:
    follow(tmp_path, kind, "momentum and clipping", 0.2)


@pytest.mark.parametrize(("how", "factor"), list(zip(OPTIMIZERS, (1.0, 0.1, 1.0, 0.1, 10.0), strict=True)))
def test_with_every_optimizer(tmp_path: Path, how: str, factor: float) -> None:
    follow(tmp_path, "tanh", how, factor)


def follow(folder: Path, kind: str, how: str, factor: float) -> None:
    """Train a little, save, read, take it up in both."""
    x, y = waves(5 * BATCH, 3, 4)  # no batch is smaller, so that one call of Keras makes all of them
    keras.utils.set_random_seed(3)
    model = MODELS[kind]()
    model.compile(OPTIMIZERS[how](), "mse")
    fit(model, x, y, epochs=2, batch=BATCH)
    network, answers = saved(folder, model, x, y)
    run = descent(network, answers)
    assert network.optimizer is not None
    rate = (network.optimizer.learning_rate or 0.0) * factor
    trial = run.run(rate)
    assert not isinstance(trial, str), trial
    model.optimizer.learning_rate = rate
    rows = run.rows
    before = model.get_weights()
    own = np.asarray(model(rows.features.astype(np.float32), training=True))
    assert trial.before == pytest.approx(float(np.square(own - rows.targets).mean()), rel=1e-4)
    model.set_weights(before)
    order = np.concatenate(minibatches(len(rows.features), trial.updates))
    fit(model, rows.features[order], rows.targets[order], batch=BATCH, shuffle=False)
    answer = np.asarray(model(rows.features.astype(np.float32), training=True))
    assert trial.updates == MOST_UPDATES
    assert trial.after == pytest.approx(float(np.square(answer - rows.targets).mean()), rel=2e-3)
