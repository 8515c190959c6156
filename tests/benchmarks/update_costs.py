"""What trials cost in TensorFlow: getting a model ready, and one update, in processor seconds of one core.

    python tests/benchmarks/update_costs.py

The constants of ``mlpdoctor.treat.trials.costs`` are fitted to this table by hand; its last columns show how far each
case is from what they say. Processor time is taken because it changes little on a busy machine.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from mlpdoctor.readers.models.live_keras import read_live
from mlpdoctor.treat.trials.costs import Way, cost_of
from mlpdoctor.treat.trials.fit import AT_ONCE, Trainee
from mlpdoctor.treat.trials.rows import Batches, Table

L = keras.layers
ROWS = 2000
CASES = (
    ((1,), (3, 1), 3),
    ((1,), (16, 1), 32),
    ((20,), (64, 64, 1), 32),
    ((20,), (64, 64, 1), 256),
    ((20,), (32,) * 8 + (1,), 32),
    ((100,), (256, 256, 10), 32),
    ((784,), (512, 512, 10), 32),
    ((784,), (512, 512, 10), 128),
    ((16, 16, 1), (16, 10), 32),
    ((24, 4), (16, 1), 32),
)
"""Shape of the inputs, units (of convolutions and recurrent layers, where rows have more axes), rows of an update."""


def model_of(shape: tuple[int, ...], units: tuple[int, ...]) -> keras.Model:
    """A network of that size, compiled with Adam."""
    hidden = {
        1: lambda n: L.Dense(n, "relu"),
        2: L.LSTM,
        3: lambda n: L.Conv2D(n, 3, activation="relu"),
    }[len(shape)]
    flat = [L.Flatten()] if len(shape) == 3 else []
    model = keras.Sequential([keras.Input(shape), *map(hidden, units[:-1]), *flat, L.Dense(units[-1])])
    model.compile("adam", "mse")
    return model


def spent(shape: tuple[int, ...], units: tuple[int, ...], batch: int, *, xla: bool) -> tuple[float, float, keras.Model]:
    """Processor seconds of one update, and to get the model ready."""
    keras.utils.clear_session()
    rng = np.random.default_rng(0)
    table = Table(
        [rng.normal(size=(ROWS, *shape)).astype("float32")],
        [rng.normal(size=(ROWS, units[-1])).astype("float32")],
        None,
    )
    batches = Batches(ROWS, batch, 0)
    started = time.process_time()
    model = model_of(shape, units)
    trainee = Trainee(model, table, xla=xla)
    trainee.loss()
    trainee.train(batches.take(1))
    ready = time.process_time() - started
    updates = 16
    while True:
        block = batches.take(updates)
        started = time.process_time()
        trainee.train(block)
        made = time.process_time() - started
        if made > 0.5 or updates >= AT_ONCE:
            return made / updates, ready, model
        updates *= 4


def main() -> None:
    """Print the table."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    spent((1,), (3, 1), 3, xla=True)  # what is loaded once
    print(
        "| inputs | units | batch | xla | update ms | as costed | ready s | as costed |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for shape, units, batch in CASES:
        for xla in (False, True):
            update, ready, model = spent(shape, units, batch, xla=xla)
            said = cost_of(read_live(model), batch, ROWS, Way.XLA if xla else Way.LOOP)
            print(
                f"| {shape} | {'-'.join(map(str, units))} | {batch} | {'yes' if xla else 'no'} | {1000 * update:.3f} | "
                f"{1000 * said.update:.3f} | {ready:.2f} | {said.model:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
