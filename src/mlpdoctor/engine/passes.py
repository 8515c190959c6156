"""The rows of the data, readable again and again, and what runs them through the network."""

import math
from collections.abc import Callable, Iterator, Mapping
from operator import add
from typing import Protocol, TypeVar

import numpy as np

from mlpdoctor.core.dataset import Batch, Dataset, all_usable, usable
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Network, Shape
from mlpdoctor.core.threads import fold
from mlpdoctor.engine.tape import Cotangents, LayerGradients, Tape
from mlpdoctor.statistics import views

Kept = TypeVar("Kept")
BLOCK_CELLS = 1 << 20
"""Numbers in the widest arrays of one block, 8 MiB: large enough for full speed, small enough for the cache."""
CACHE_CELLS = 1 << 18
"""The same for rows on their way through a network, 2 MiB: what a layer puts out is still in the core's own cache when
the next one reads it."""
MOST_BLOCK_ROWS = 1 << 14
LEAST_BLOCK_ROWS = 1 << 8
MOST_CELLS = 1 << 23
"""Numbers that all layers together make of one block, 64 MiB: of images fewer rows go through a network at a time."""


class Engine(Protocol):
    """What runs a network forward and backward.

    Attributes:
        network: with its weights.
        blind: why it cannot run it backward, for people; None where it can.
        coarse: whether its gradients have the seven digits of float32 alone.
    """

    network: Network
    blind: str | None
    coarse: bool

    @property
    def products(self) -> int:
        """Multiplications that a forward pass takes for one row, about."""

    def forward(self, features: Array, see: Callable[[int, Array, Array], None] | None = None) -> list[Array]:
        """Run rows through the network, showing each node's pre-activation and output on the way."""

    @property
    def weights(self) -> dict[Key, Array]:
        """The weights that training may change, in float64."""

    def record(self, features: Array) -> Tape:
        """Run rows through the network and keep everything."""

    def pull(self, tape: Tape, cotangents: Cotangents) -> LayerGradients:
        """From the gradient at some nodes to that of every weight and value."""

    def at(self, weights: Mapping[Key, Array], *, training: bool | None = None) -> "Engine":
        """The same network with other values for some of its weights."""


@dataclass(frozen=True, eq=False)
class Only:
    """Sees some nodes of a pass alone, and tells the engine so: it need not keep what the others make.

    Attributes:
        nodes: their positions.
        see: called for each of them, as ``Engine.forward`` calls it for all.
    """

    nodes: frozenset[int]
    see: Callable[[int, Array, Array], None]

    def __call__(self, place: int, before: Array, after: Array) -> None:
        """Pass on what is wanted."""
        if place in self.nodes:
            self.see(place, before, after)


@dataclass(frozen=True, eq=False)
class Passes:
    """The usable rows of the data, readable from the top again and again.

    A row with a missing cell, or one too large for float32, or without a weight where rows have weights, is not
    usable: no loss is defined on it.
    """

    dataset: Dataset
    block_rows: int = MOST_BLOCK_ROWS
    engine: Engine | None = None

    @property
    def of_data(self) -> "Passes":
        """The same rows for what concerns them alone: in blocks that depend on no network, and with none to run."""
        return Passes(self.dataset, block_rows(None, self.dataset))

    def hidden(self, features: Array, node: int) -> Array:
        """What one node of the network makes of some rows, shape (rows, units)."""
        if self.engine is None:
            raise ValueError("the network cannot be run")
        kept: list[Array] = []
        self.engine.forward(features, Only(frozenset({node}), lambda _, __, after: kept.append(after)))
        return flat(kept[0])

    def kept(self, choose: Callable[[views.Rows], Kept]) -> list[Kept]:
        """What a function keeps of each block of usable rows, in order; worked out side by side.

        Args:
            choose: called in any thread or, where the data are spread over a cluster, in any process: it travels there
                with all that it holds.
        """

        def one(batch: Batch) -> list[Kept]:
            rows = usable_rows(batch)
            return [choose(rows)] if len(rows.features) else []

        return fold(self.dataset, self.block_rows, one, add) or []

    def rows(self) -> Iterator[views.Rows]:
        """The usable rows in order, in blocks."""
        for batch in self.dataset.batches(self.block_rows):
            rows = usable_rows(batch)
            if len(rows.features):
                yield rows


def usable_rows(batch: Batch) -> views.Rows:
    """The rows of a batch in which every cell is a number that Keras can take."""
    numbers = np.arange(batch.first_row, batch.first_row + len(batch.features), dtype=np.float64)
    weights = batch.weights
    rows = views.Rows(batch.features, batch.targets, numbers, weights)
    if all(all_usable(cells) for cells in (batch.features, batch.targets, weights) if cells is not None):
        return rows
    good = np.asarray(usable(batch.features).all(axis=1) & usable(batch.targets).all(axis=1))
    if weights is not None:
        good &= usable(weights)
    return rows.at(good)


def block_rows(network: Network | None, dataset: Dataset, cells: int = BLOCK_CELLS) -> int:
    """How many rows a block holds, so that its widest array stays within so many cells."""
    widths = [len(dataset.feature_names) + len(dataset.target_names)]
    if network is not None:
        widths += [open_width(node.shape) for node in network.nodes if node.shape is not None]
    rows = int(np.clip(cells // max(widths), LEAST_BLOCK_ROWS, MOST_BLOCK_ROWS))
    return max(min(rows, MOST_CELLS // sum(widths)), 1)


def cells(network: Network) -> int:
    """How many numbers all layers together make of one row, as far as shapes are known."""
    return max(sum(open_width(node.shape) for node in network.nodes if node.shape is not None), 1)


def open_width(shape: Shape | None) -> int:
    """How many numbers a row has in this shape, open axes counted as one."""
    return math.prod(side or 1 for side in shape or ())


def flat(values: Array) -> Array:
    """Rows with all other axes laid out in one: shape (rows, units)."""
    return values.reshape(len(values), -1)
