"""Trains a model again and again from the same start, on the batches it is given.

With TensorFlow many updates run as one loop in its graph, and compiled by XLA where there is time for that, for
``fit`` spends a hundred times longer on the way to a small network than in it; a test holds that the same batches lead
to the same weights as ``keras.Model.fit``. On other backends, and where a layer refuses, ``fit`` itself does the work.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Stored
from mlpdoctor.engine.keras_start import keras, on_tensorflow, tensorflow
from mlpdoctor.treat.trials.costs import Way
from mlpdoctor.treat.trials.model import Model
from mlpdoctor.treat.trials.rows import Block, Table, data_loss, loss_of, packed

AT_ONCE = 1024
"""Updates of one call of the compiled loop, at most."""
JUDGED_CELLS = 1 << 20
"""Numbers of a block of rows that is judged at once."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where a model is: its weights and its optimizer's state."""

    weights: Sequence[Stored]
    state: Sequence[Stored]


class Trainee:
    """One compiled Keras model and its rows, ready to be trained from its start as often as wanted."""

    def __init__(self, model: Model, table: Table, *, xla: bool = False) -> None:
        """Remember the start.

        Args:
            model: compiled.
            table: its rows.
            xla: whether to have the loop compiled, which takes seconds and makes updates of small networks cheap.
        """
        self.model = model
        self.xla = xla and not _generators(model)  # random numbers are slow in what XLA makes for a processor
        self.table = table
        self._random = _generators(model)
        self.start = self.snapshot()
        self._run: Any = None
        self._compiled = on_tensorflow()
        if self._compiled:
            tf = tensorflow()
            self._inputs = [tf.constant(part) for part in table.inputs]
            self._targets = [tf.constant(part) for part in table.targets]
            self._weights = None if table.weights is None else tf.constant(table.weights)

    # where it is

    def snapshot(self) -> Snapshot:
        """Where the model is now."""
        return Snapshot([np.array(v) for v in self.model.weights], [np.array(v) for v in _state(self.model)])

    def put(self, place: Snapshot) -> None:
        """Go there."""
        for variable, value in zip(self.model.weights, place.weights, strict=True):
            variable.assign(value)
        for variable, value in zip(_state(self.model), place.state, strict=True):
            variable.assign(value)

    @property
    def place_of_rate(self) -> int | None:
        """Which part of the optimizer's state is its learning rate; None where it follows a schedule."""
        variables = _state(self.model)
        return next((k for k, variable in enumerate(variables) if variable.name == "learning_rate"), None)

    def restart(self, seed: int, place: Snapshot | None = None) -> None:
        """Go back to the start, with the random numbers of dropout drawn from the seed.

        Args:
            seed: of this run.
            place: another one to start from.
        """
        self.put(self.start if place is None else place)
        for number, variable in enumerate(self._random):
            drawn = np.random.default_rng([0x5EED, seed, number]).integers(1 << 31, size=variable.shape)
            variable.assign(drawn.astype(str(variable.dtype)))

    @property
    def way(self) -> Way:
        """How updates are made; that a layer refuses to be in a loop is known after the first one."""
        if not self._compiled:
            return Way.FIT
        return Way.XLA if self.xla else Way.LOOP

    def compiled(self, *, xla: bool) -> None:
        """Have the loop compiled again, or not compiled."""
        self.xla = xla and not self._random
        self._run = None

    # training

    def train(self, block: Block) -> None:
        """One update for each row of the block, on the rows that it numbers."""
        if not self.model.trainable_variables or not len(block):
            return
        if not self._compiled:
            self._fit(block)
            return
        if self._run is not None:
            self._loop(block)
            return
        before = self.snapshot()
        for jit in dict.fromkeys((self.xla, False)):
            self._run = _loop(self, jit=jit)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._loop(block)
            except KeyboardInterrupt:
                raise
            except Exception:  # noqa: BLE001  whatever a layer cannot have compiled, there is another way
                self.put(before)
                continue
            return
        self._compiled = False
        self._fit(block)

    def _loop(self, block: Block) -> None:
        for start in range(0, len(block), AT_ONCE):
            part = block[start : start + AT_ONCE]
            full = part
            if len(part) < AT_ONCE:  # one shape, compiled once
                full = np.concatenate([part, np.zeros((AT_ONCE - len(part), block.shape[1]), np.int32)])
            self._run(full, np.int32(len(part)))

    def _fit(self, block: Block) -> None:
        order = block.ravel()
        table = self.table.part(order)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model.fit(
                packed(table.inputs),
                packed(table.targets),
                sample_weight=None if table.weights is None else packed([table.weights] * len(table.targets)),
                batch_size=block.shape[1],
                epochs=1,
                shuffle=False,
                verbose=0,
            )

    # judging

    def answers(self) -> list[Array]:
        """What the model predicts for every row, in inference mode, one array an output."""
        kept: list[list[Array]] = []
        for part in self._parts():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                given = self.model(packed(part.inputs), training=False)
            kept.append([np.asarray(one, dtype=np.float64) for one in keras().tree.flatten(given)])
        return [np.concatenate(pieces) for pieces in zip(*kept, strict=True)]

    def loss(self) -> float:
        """The loss on all rows, in inference mode, without penalties; NaN or infinite for a broken model."""
        total, count = 0.0, 0.0
        for part in self._parts():
            number = float(part.rows)
            total += number * self._judged(part)
            count += number
        return total / count

    def _parts(self) -> list[Table]:
        widest = max(int(np.prod(one.shape[1:])) for one in (*self.table.inputs, *self.table.targets))
        height = max(1, JUDGED_CELLS // max(widest, 64))
        return [self.table.part(slice(s, s + height)) for s in range(0, self.table.rows, height)]

    def _judged(self, part: Table) -> float:
        """The data loss of some rows: that of ``compute_loss`` without what regularisers add."""
        if not on_tensorflow():
            return data_loss(self.model, part)
        if not hasattr(self, "_judge"):
            self._judge = tensorflow().function(lambda *parts: loss_of(self.model, *parts), reduce_retracing=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(self._judge(list(part.inputs), list(part.targets), part.weights))


def _state(model: Model) -> list[Any]:
    return list(model.optimizer.variables)


def _generators(model: Model) -> list[Any]:
    """The states of random numbers, as of dropout."""
    learned = {id(variable) for variable in model.weights}
    found = [v for v in model.variables if id(v) not in learned and "seed_generator" in v.path]
    return list({id(v): v for v in found}.values())


def _loop(trainee: Trainee, *, jit: bool) -> Any:  # noqa: ANN401  a compiled function
    tf, model = tensorflow(), trainee.model
    optimizer, learned = model.optimizer, model.trainable_variables

    def update(block: Any, step: Any) -> None:  # noqa: ANN401  tensors
        chosen = block[step]
        inputs = packed([tf.gather(part, chosen) for part in trainee._inputs])  # noqa: SLF001
        targets = packed([tf.gather(part, chosen) for part in trainee._targets])  # noqa: SLF001
        weights = None
        if trainee._weights is not None:  # noqa: SLF001
            weights = packed([tf.gather(trainee._weights, chosen)] * len(trainee._targets))  # noqa: SLF001
        with tf.GradientTape() as tape:
            answer = model(inputs, training=True)
            loss = model.compute_loss(inputs, targets, answer, weights, training=True)
            loss = optimizer.scale_loss(loss)
        gradients = tape.gradient(loss, [variable.value for variable in learned])
        optimizer.apply_gradients(zip(gradients, learned, strict=True))

    def loop(block: Any, count: Any) -> Any:  # noqa: ANN401  tensors
        def body(step: Any) -> tuple[Any]:  # noqa: ANN401
            update(block, step)
            return (step + 1,)

        return tf.while_loop(lambda step: step < count, body, [tf.constant(0)])[0]

    return tf.function(loop, jit_compile=jit, autograph=False)
