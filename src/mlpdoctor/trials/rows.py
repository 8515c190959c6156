"""The rows that a trial trains and judges on: all of them, or a fair draw where they are too many for memory."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mlpdoctor.dataset import Batch, Dataset
from mlpdoctor.heads import Head, Heads, Spelling
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.labels import class_numbers, one_hot
from mlpdoctor.network import Array, Network
from mlpdoctor.passes import Passes

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

    def spelt(self, targets: Array) -> "Rows":
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


def _wanted(network: Network, head: Head, own: Array) -> Array:
    if head.spelling is Spelling.ONE_HOT:
        return class_numbers(own)
    if head.spelling is Spelling.NUMBER:
        return one_hot(own, head.units)
    if head.spelling is Spelling.REPEATED:
        return np.repeat(own, head.units, axis=1)
    shape = network.nodes[network.outputs[head.output]].shape or ()
    if len(shape) > 1 and own.shape[1] == head.units:
        return own.reshape(len(own), *(side or 1 for side in shape))
    return own


@dataclass(frozen=True, eq=False)
class InMemory:
    """Rows as a data set that can be read again and again."""

    rows: Rows
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    path: str = "rows of a trial"
    format: str = "in memory"
    guesses: tuple[str, ...] = ()
    weight_name: str | None = None

    @property
    def rows_about(self) -> int:
        """How many rows there are."""
        return self.rows.count

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks."""
        for start in range(0, self.rows.count, rows):
            part = slice(start, start + rows)
            weights = None if self.rows.weights is None else self.rows.weights[part]
            yield Batch(self.rows.features[part], self.rows.targets[part], start, weights)
