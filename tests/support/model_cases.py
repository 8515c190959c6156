"""Real Keras models saved to real files, and the report on them; ``drawn_cases`` is the same without Keras."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
from data_cases import Table, columns, least_squares, save_data, waves
from keras_fit import fit
from report_questions import alarms, found, names, number, only, outcome, quiet, root, rungs, told, told_one

from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question

__all__ = [
    "L", "Model", "Table", "alarms", "columns", "compiled", "examined", "fit", "found", "inside", "least_squares",
    "names", "number", "only", "outcome", "predicted", "put", "quiet", "root", "rungs", "save_data", "stack", "told",
    "told_one", "train", "waves",
]  # fmt: skip

Model: TypeAlias = Any
"""A Keras model or layer; Keras ships no types."""

L = keras.layers


def stack(features: int, *layers: Model) -> Model:
    """A sequential model on so many features."""
    return keras.Sequential([keras.Input((features,)), *layers])


def compiled(model: Model, loss: Model = "mse", updates: int = 1000, **options: Any) -> Model:  # noqa: ANN401
    """The model as if it had made so many updates with Adam: its weights stay what they are."""
    model.compile(optimizer=options.pop("optimizer", "adam"), loss=loss, **options)
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(updates)
    for slot in model.optimizer.variables:
        if "momentum" in slot.path or "velocity" in slot.path:
            slot.assign(np.full(slot.shape, 1e-6, np.float32))  # every weight has had a gradient
    return model


def put(layer: Model, *weights: npt.ArrayLike) -> None:
    """Set a layer's weights: kernel and bias of a Dense."""
    layer.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])


def train(
    model: Model, x: Table, y: Table | Sequence[Table], epochs: int, batch: int = 64, rate: float = 0.01
) -> Model:
    """Fit with the optimizer the model has, the rate falling to a hundredth along a cosine.

    All epochs are one, over rows shuffled beforehand: no batch is smaller than the others but the last.
    """
    rng = np.random.default_rng(len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    targets = [part.astype(np.float32)[order] for part in ([y] if isinstance(y, np.ndarray) else y)]
    steps = -(-len(order) // batch)
    model.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.01)
    return fit(model, x.astype(np.float32)[order], targets, batch=batch, shuffle=False)


def examined(
    folder: Path,
    model: Model,
    x: Table | None = None,
    y: Table | None = None,
    *,
    form: str = "keras",
    data: str = "npz",
    header: bool = True,
    loss: str | None = None,
    history: tuple[str, ...] = (),
    plateau: str | None = None,
    rules: Sequence[str] | None = None,
    quick: bool = False,
) -> Report:
    """Save the model and the data, and have the files diagnosed as the command line does; by some rules alone."""
    model.save(path := folder / f"model.{form}")
    table = None if x is None or y is None else save_data(folder / f"data.{data}", x, y, header=header)
    question = Question(str(path), table, loss=loss, history=history, plateau=plateau, quick=quick)
    return diagnose(question, checks=None if rules is None else [one for one in all_checks() if one.rule.code in rules])


def predicted(model: Model, x: Table) -> Table:
    """What Keras answers, float64, all outputs side by side."""
    answers = model(np.asarray(x, dtype=np.float32), training=False)
    parts = answers if isinstance(answers, list | tuple) else [answers]
    return np.concatenate([np.asarray(part, dtype=np.float64).reshape(len(x), -1) for part in parts], axis=1)


def inside(model: Model, layer: str, x: Table) -> Table:
    """What one layer of a Keras model puts out."""
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    return predicted(keras.Model(inputs, model.get_layer(layer).output), x)
