"""The rows that a trial trains and is judged on, and which of them each update sees."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.dataset import Dataset
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.keras_start import keras
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.loss import class_numbers, one_hot
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead
from mlpdoctor.treat.trials.model import Model

USUAL = 32
"""Rows in a batch, where nobody says otherwise: Keras's own default; the file does not remember."""
Block = npt.NDArray[np.int32]


@dataclass
class Batches:
    """Batches without end, epoch after epoch, each epoch in an order of its own.

    An epoch whose last batch is short goes on in the next one, so that all batches are of one size.

    Attributes:
        rows: how many there are.
        size: of a batch.
        seed: where the order starts.
    """

    rows: int
    size: int
    seed: int
    _rng: np.random.Generator = field(init=False, repr=False)
    _left: Block = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start at the first epoch."""
        self._rng = np.random.default_rng([0x7EA7, self.seed])
        self._left = np.empty(0, np.int32)

    def take(self, updates: int) -> Block:
        """The rows of the next updates, shape (updates, size)."""
        if self.size >= self.rows:
            return np.tile(np.arange(self.rows, dtype=np.int32), (updates, 1))
        wanted = updates * self.size
        parts, have = [self._left], len(self._left)
        while have < wanted:
            parts.append(self._rng.permutation(self.rows).astype(np.int32))
            have += self.rows
        drawn = np.concatenate(parts)
        self._left = drawn[wanted:]
        return drawn[:wanted].reshape(updates, self.size)

    def blocks(self, updates: int, most: int) -> Iterator[Block]:
        """The next updates in blocks of at most so many."""
        for start in range(0, updates, most):
            yield self.take(min(most, updates - start))


MOST_CELLS = 1 << 24
"""Numbers held in memory: 128 MB, and half as much again for Keras."""
Single = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rows:
    """Usable rows.

    Attributes:
        features: shape (rows, features).
        targets: shape (rows, targets).
        weights: how much each row counts, shape (rows,); None where all count alike.
        of: usable rows there are in the data.
    """

    features: Array
    targets: Array
    weights: Array | None
    of: int

    @property
    def count(self) -> int:
        """How many there are here."""
        return len(self.features)

    @property
    def single_weights(self) -> Single | None:
        """The weights as Keras takes them."""
        return None if self.weights is None else self.weights.astype(np.float32)

    def with_targets(self, targets: Array) -> "Rows":
        """The same rows with other targets."""
        return replace(self, targets=targets)

    def some(self, chosen: npt.NDArray[np.intp]) -> "Rows":
        """These rows of them alone."""
        weights = None if self.weights is None else self.weights[chosen]
        return replace(self, features=self.features[chosen], targets=self.targets[chosen], weights=weights)


def draw(dataset: Dataset, usable: int, seed: int, most: int = MOST_CELLS) -> Rows:
    """Read the usable rows, or as many of them, drawn by the seed, as memory is meant to hold."""
    width = len(dataset.feature_names) + len(dataset.target_names)
    room = max(1, most // max(width, 1))
    chosen = None
    if usable > room:
        chosen = np.zeros(usable, dtype=bool)
        chosen[np.random.default_rng([0xD4A3, seed]).choice(usable, room, replace=False)] = True
    features, targets, weights, start = [], [], [], 0
    for rows in Passes(dataset).rows():
        here = slice(None) if chosen is None else np.flatnonzero(chosen[start : start + len(rows.features)])
        start += len(rows.features)
        features.append(rows.features[here])
        targets.append(rows.targets[here])
        if rows.weights is not None:
            weights.append(rows.weights[here])
    return Rows(np.concatenate(features), np.concatenate(targets), np.concatenate(weights) if weights else None, start)


def answers_wanted(network: Network, heads: Heads, targets: Array) -> list[Single]:
    """The targets as Keras compares them with the outputs, one array an output."""
    return [_wanted(network, head, targets[:, head.own]).astype(np.float32) for head in heads.heads]


def _wanted(network: Network, head: OutputHead, own: Array) -> Array:
    if head.encoding is LabelEncoding.ONE_HOT:
        return class_numbers(own)
    if head.encoding is LabelEncoding.NUMBER:
        return one_hot(own, head.units)
    if head.encoding is LabelEncoding.REPEATED:
        return np.repeat(own, head.units, axis=1)
    shape = network.nodes[network.outputs[head.output]].shape or ()
    if len(shape) > 1 and own.shape[1] == head.units:
        return own.reshape(len(own), *(side or 1 for side in shape))
    return own


@dataclass(frozen=True, eq=False)
class Table:
    """What a model trains and is judged on, as Keras takes it.

    Attributes:
        inputs: one array an input of the model.
        targets: one array an output.
        weights: how much each row counts; None where all count alike.
    """

    inputs: Sequence[Single]
    targets: Sequence[Single]
    weights: Single | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.inputs[0])

    def part(self, chosen: Any) -> "Table":  # noqa: ANN401  a slice or numbers of rows
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[chosen]
        return Table([one[chosen] for one in self.inputs], [one[chosen] for one in self.targets], weights)


def loss_of(model: Model, inputs: Any, targets: Any, weights: Any) -> Any:  # noqa: ANN401  tensors
    """The data loss of some rows: that of ``compute_loss`` without what regularisers add."""
    answer = model(packed(inputs), training=False)
    given = None if weights is None else packed([weights] * len(targets))
    with _mean_over_rows(model):
        total = model.compute_loss(packed(inputs), packed(targets), answer, given)
    extra = model.losses
    return total - sum(extra) if extra else total


@contextlib.contextmanager
def _mean_over_rows(model: Model) -> Iterator[None]:
    """A loss that is trained as the sum over a batch is judged by its mean, as everywhere in mlpdoctor."""
    summed = [loss for loss in keras().tree.flatten(model.loss) if getattr(loss, "reduction", None) == "sum"]
    for loss in summed:
        loss.reduction = "sum_over_batch_size"
    try:
        yield
    finally:
        for loss in summed:
            loss.reduction = "sum"


def data_loss(model: Model, part: Table) -> float:
    """The same of a table, as a number."""
    return float(np.asarray(loss_of(model, part.inputs, part.targets, part.weights)))


def packed(parts: Sequence[Any]) -> Any:  # noqa: ANN401  as Keras takes one or several
    """One array by itself, several in a list."""
    return parts[0] if len(parts) == 1 else list(parts)
