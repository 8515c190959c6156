"""Models drawn without Keras, trained by mlpdoctor's own engine, and the report on them.

It has the vocabulary of ``model_cases``, where Keras itself makes, trains and saves the models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

import numpy as np
import numpy.typing as npt
from data_cases import Table, columns, least_squares, save_data, waves
from keras_objects import constraints, initializers, losses, regularizers, schedules
from networks import Input, L, Layer, Sequential, set_random_seed
from networks import Model as Functional
from optimizers import optimizers
from report_questions import alarms, found, names, number, only, outcome, quiet, rungs, told, told_one

from mlpdoctor.core.network import Array, Key, Network
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis import subject
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.passes import Engine
from mlpdoctor.engine.training import Updates
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.heads import heads_of as outputs_of
from mlpdoctor.statistics import views

__all__ = [
    "Functional", "Input", "L", "Layer", "Model", "Sequential", "Table", "alarms", "columns", "compiled",
    "constraints", "examined", "fit", "found", "initializers", "inside", "least_squares", "losses", "names", "number",
    "only", "optimizers", "outcome", "predicted", "put", "quiet", "regularizers", "rungs", "save_data", "schedules",
    "set_random_seed", "stack", "told", "told_one", "train", "waves",
]  # fmt: skip

Model: TypeAlias = Any
"""A model or layer of either kind: tests on both read alike."""
SEEN = 1e-6
"""What an optimizer holds of a weight that has had gradients."""


def stack(features: int, *layers: Model) -> Model:
    """A sequential model on so many features."""
    return Sequential([Input((features,)), *layers])


def compiled(model: Model, loss: Model = "mse", updates: int = 1000, **options: Any) -> Model:  # noqa: ANN401
    """The model as if it had made so many updates with Adam: its weights stay what they are."""
    model.compile(optimizer=options.pop("optimizer", "adam"), loss=loss, **options)
    model.optimizer.build(dict(model.owners))
    model.optimizer.iterations = updates
    for weights in model.optimizer.slots.values():
        for held in weights.values():
            for slot in held:
                if "momentum" in slot or "velocity" in slot:
                    held[slot] = np.full_like(held[slot], SEEN)  # every weight has had a gradient
    return model


def put(layer: Model, *weights: npt.ArrayLike) -> None:
    """Set a layer's weights: kernel and bias of a Dense."""
    layer.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])


def train(
    model: Model, x: Table, y: Table | Sequence[Table], epochs: int, batch: int = 64, rate: float = 0.01
) -> Model:
    """Fit with the optimizer the model has, the rate falling to a hundredth along a cosine."""
    rng = np.random.default_rng(len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    steps = -(-len(order) // batch)
    model.optimizer.learning_rate = schedules.CosineDecay(rate, steps, alpha=0.01)
    return _updated(model, x, y, [order[start : start + batch] for start in range(0, len(order), batch)])


def fit(
    model: Model, x: Table, y: Table | Sequence[Table], epochs: int = 1, batch: int = 32, *, shuffle: bool = True
) -> Model:
    """Fit as Keras does, epoch by epoch, with the optimizer and the rate that the model has."""
    rng = np.random.default_rng(len(x))
    parts = []
    for _ in range(epochs):
        order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
        parts += [order[start : start + batch] for start in range(0, len(x), batch)]
    return _updated(model, x, y, parts)


def examined(
    folder: Path,
    model: Model,
    x: Table | None = None,
    y: Table | None = None,
    *,
    data: str = "npz",
    header: bool = True,
    loss: str | None = None,
    history: tuple[str, ...] = (),
    plateau: str | None = None,
    rules: Sequence[str] | None = None,
    quick: bool = False,
) -> Report:
    """Have the model diagnosed as the command line does, but for the file of the model: it stays in memory.

    Args:
        folder: where the data are written, for they are read as a user's are.
        model: drawn here.
        x: features.
        y: targets.
        data: the format.
        header: whether a text file has one.
        loss: as ``--loss`` names it.
        history: as ``--history`` names them.
        plateau: as ``--plateau`` gives it.
        rules: codes of those to run; None for all. A test that asks about one rule alone is quicker with its code.
        quick: as ``--quick``.
    """
    table = None if x is None or y is None else save_data(folder / f"data.{data}", x, y, header=header)
    network = replace(model.network(), file=str(folder / "model.keras"))
    question = Question(network.file, table, loss=loss, history=history, plateau=plateau, engine="numpy", quick=quick)
    chosen = None if rules is None else [one for one in all_checks() if one.rule.code in rules]
    with mock.patch.object(subject, "read_network", return_value=network):
        return diagnose(question, checks=chosen)


def predicted(model: Model, x: Table) -> Table:
    """What the network predicts, float64, all outputs side by side."""
    answers = NumpyEngine(model.network()).forward(_flat(x))
    return np.concatenate([part.reshape(len(x), -1) for part in answers], axis=1)


def inside(model: Model, layer: str, x: Table) -> Table:
    """What one layer puts out, where it is first called."""
    network = model.network()
    place = next(place for place, node in enumerate(network.nodes) if node.layer.name == layer)
    return NumpyEngine(network).record(_flat(x)).after[place].reshape(len(x), -1)


def heads_of(network: Network, rows: views.Rows) -> Heads:
    """The outputs with their losses."""
    heads = outputs_of(network, rows.targets.shape[1])
    assert isinstance(heads, Heads), heads
    return heads


def _updated(model: Model, x: Table, y: Table | Sequence[Table], parts: Sequence[npt.NDArray[np.intp]]) -> Model:
    """The model after one update for each of these sets of rows, by the engine that ``check`` trains on with.

    Dropout and noise stay out of it; BatchNormalization takes the moments of the batch and moves its own on.
    """
    targets = np.concatenate([_flat(part) for part in ([y] if isinstance(y, np.ndarray) else y)], axis=1)
    rows = views.Rows(_flat(x), targets, np.arange(len(x), dtype=np.float64))
    network = model.network()
    heads = heads_of(network, rows)
    assert network.optimizer is not None
    loop = Updates(NumpyEngine(network, training=True), heads, network.optimizer)
    with np.errstate(all="ignore"):
        for part in parts:
            some = views.Rows(rows.features[part], rows.targets[part], rows.numbers[part])
            step = loop.update(some, dict(_moved_on(loop.engine, some.features)))
            assert not isinstance(step, str), step
    layers = {layer.name: layer for layer in loop.engine.network.layers}
    for path, layer in model.owners:
        for variable in layer.weights:
            variable.assign(layers[path].weights[variable.name])
    model.optimizer.take(loop.optimizer)
    return model


def _moved_on(engine: Engine, features: Array) -> Iterator[tuple[Key, Array]]:
    """The moments that BatchNormalization keeps, after one more batch."""
    if not any(layer.kind == "BatchNormalization" for layer in engine.network.layers):
        return
    tape = engine.record(features)
    for place, node in enumerate(engine.network.nodes):
        if node.layer.kind != "BatchNormalization" or not node.layer.trainable:
            continue
        values, kept = tape.inputs[place][0], float(node.layer.config["momentum"])
        axis = int(node.layer.config["axis"]) % values.ndim
        over = tuple(place for place in range(values.ndim) if place != axis)
        for name, new in (("moving_mean", values.mean(axis=over)), ("moving_variance", values.var(axis=over))):
            yield (node.layer.name, name), kept * node.layer.weights[name] + (1 - kept) * new


def _flat(x: Table) -> Array:
    return np.asarray(x, np.float64).reshape(len(x), -1)
