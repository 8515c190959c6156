"""What ``model.fit`` makes of a model's weights, in a third of its time: one graph that takes all steps.

``fit`` spends most of a small training on data pipelines, callbacks and metrics; a test that wants a trained model
needs none of them. What tests ``fit`` itself, or what it writes, calls it.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Model = Any
Table = npt.NDArray[Any]
Tables = Table | Sequence[Table]


def fit(
    model: Model,
    x: Tables,
    y: Tables,
    epochs: int = 1,
    batch: int = 32,
    *,
    shuffle: bool = True,
    sample_weight: Table | None = None,
) -> Model:
    """Train on batches of the rows with the loss and the optimizer that the model is compiled with.

    Like ``model.fit``, except that the order of the rows is drawn from the number of them, and metrics are not kept.
    """
    inputs, outputs = _tensors(x), _tensors(y)
    counted = [] if sample_weight is None else _tensors(sample_weight)
    rows = len(inputs[0])
    rng = np.random.default_rng(rows)
    order = np.concatenate([rng.permutation(rows) if shuffle else np.arange(rows) for _ in range(epochs)])
    starts = np.concatenate([np.arange(0, rows, batch) + epoch * rows for epoch in range(epochs)])
    batches = len(starts)
    weights = model.trainable_variables
    model.optimizer.build(weights)

    def step(chosen: Model) -> None:
        given, wanted, weighed = [[tf.gather(part, chosen) for part in parts] for parts in (inputs, outputs, counted)]
        with tf.GradientTape() as tape:
            answers = model(_one_or_all(given), training=True)
            counts = weighed[0] if weighed else None
            loss = model.compute_loss(y=_one_or_all(wanted), y_pred=answers, sample_weight=counts, training=True)
            loss = model.optimizer.scale_loss(loss)
        model.optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def run(order: Model, starts: Model, stops: Model) -> None:
        def body(k: Model) -> Model:
            step(order[starts[k] : stops[k]])
            return k + 1

        tf.while_loop(lambda k: k < batches, body, [tf.constant(0)], parallel_iterations=1)

    run(*map(tf.constant, (order, starts, np.append(starts[1:], len(order)))))
    model.optimizer.finalize_variable_values(weights)  # the averages of an optimizer that keeps them
    return model


def _tensors(tables: Tables) -> list[Model]:
    parts = [tables] if isinstance(tables, np.ndarray) else tables
    return [tf.constant(part, part.dtype if part.dtype.kind in "iub" else keras.config.floatx()) for part in parts]


def _one_or_all(parts: list[Model]) -> Model:
    return parts[0] if len(parts) == 1 else parts
