"""The one pass over the data: batches through the network, views to the statistics that ask for them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from inspect import signature
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor import views
from mlpdoctor.dataset import Batch, Dataset, usable
from mlpdoctor.heads import Heads
from mlpdoctor.layers.doors import doors
from mlpdoctor.layers.nature import activation_of, is_piecewise_linear
from mlpdoctor.layers.penalties import activity_regularizer
from mlpdoctor.network import Array, Network
from mlpdoctor.statistics.statistic import Statistic

BLOCK_CELLS = 1 << 20
"""Numbers in the widest arrays of one block, 8 MiB: large enough for full speed, small enough for the cache."""
MOST_BLOCK_ROWS = 1 << 14
LEAST_BLOCK_ROWS = 1 << 8

Statistics: TypeAlias = Mapping[tuple[type[Any], str | None], Any]
"""The merged statistics, by type and by layer name (None for those of the data or of the whole network)."""

OF_LAYERS = (views.Entering, views.PreActivation, views.Activity)
OF_THE_FORWARD_PASS = (*OF_LAYERS, views.Outputs, views.RowLoss, views.Pieces)


class Engine(Protocol):
    """What runs a network."""

    network: Network

    def forward(self, features: Array, see: Callable[[int, Array, Array], None] | None = None) -> list[Array]:
        """Run rows through the network, showing each node's pre-activation and output on the way."""


@dataclass(frozen=True, eq=False)
class Passes:
    """The usable rows of the data, readable from the top again and again.

    A row with a missing cell, or one too large for float32, or without a weight where rows have weights, is not
    usable: no loss is defined on it.
    """

    dataset: Dataset
    block_rows: int = MOST_BLOCK_ROWS
    engine: "Engine | None" = None

    def hidden(self, features: Array, node: int) -> Array:
        """What one node of the network makes of some rows, shape (rows, units)."""
        if self.engine is None:
            raise ValueError("the network cannot be run")
        kept: list[Array] = []
        self.engine.forward(features, lambda place, _, after: kept.append(after) if place == node else None)
        return _flat(kept[0])

    def rows(self) -> Iterator[views.Rows]:
        """The usable rows in order, in blocks."""
        for batch in self.dataset.batches(self.block_rows):
            rows = usable_rows(batch)
            if len(rows.features):
                yield rows


def usable_rows(batch: Batch) -> views.Rows:
    """The rows of a batch in which every cell is a number that Keras can take."""
    numbers = np.arange(batch.first_row, batch.first_row + len(batch.features), dtype=np.float64)
    good = usable(batch.features).all(axis=1) & usable(batch.targets).all(axis=1)
    weights = batch.weights
    if weights is not None:
        good &= usable(weights)
    if good.all():
        return views.Rows(batch.features, batch.targets, numbers, weights)
    kept = None if weights is None else weights[good]
    return views.Rows(batch.features[good], batch.targets[good], numbers[good], kept)


def view_of(statistic: type[Statistic]) -> type[Any]:
    """The view that a statistic reads, from the annotation of ``of``."""
    parameter = next(iter(signature(statistic.of, eval_str=True).parameters.values()))
    view: type[Any] = parameter.annotation
    return view


@dataclass(eq=False)
class Collector:
    """Folds views into statistics."""

    statistics: Iterable[type[Any]]
    merged: dict[tuple[type[Any], str | None], Any] = field(default_factory=dict)

    @cached_property
    def readers(self) -> Mapping[type[Any], tuple[type[Any], ...]]:
        """The statistics that read each view."""
        by_view: dict[type[Any], tuple[type[Any], ...]] = {}
        for statistic in self.statistics:
            view = view_of(statistic)
            by_view[view] = (*by_view.get(view, ()), statistic)
        return by_view

    def wants(self, *kinds: type[Any]) -> bool:
        """Whether anything reads one of these views and is not full yet."""
        return any(
            not getattr(self.merged.get((statistic, None)), "full", False)
            for kind in kinds
            for statistic in self.readers.get(kind, ())
        )

    def show(self, view: Any, layer: str | None = None) -> None:  # noqa: ANN401  any of the views
        """Summarise a view in every statistic that reads its kind."""
        for statistic in self.readers.get(type(view), ()):
            seen = statistic.of(view)
            if seen is not None:
                key = (statistic, layer)
                self.merged[key] = self.merged[key] + seen if key in self.merged else seen


def collect(
    dataset: Dataset,
    engine: Engine | None,
    heads: Heads | None,
    statistics: Iterable[type[Any]],
    progress: Callable[[int], None] | None = None,
) -> Statistics:
    """Read the data once and return every statistic asked for, as far as there is anything to summarise.

    Args:
        dataset: the rows.
        engine: runs the network; without one only the data are shown.
        heads: the outputs with their losses; without them no loss is shown.
        statistics: the types to fill.
        progress: told the number of rows after each block.
    """
    collector = Collector(tuple(statistics))
    forward = engine is not None and collector.wants(*OF_THE_FORWARD_PASS)
    blocks = dataset.batches(block_rows(engine.network if engine is not None and forward else None, dataset))
    for batch in blocks:
        collector.show(views.Cells(batch.features, batch.targets, batch.first_row, batch.weights))
        rows = usable_rows(batch)
        if len(rows.features):
            collector.show(views.Targets(rows.targets))
            collector.show(rows)
            judging = heads if heads is not None and rows.targets.shape[1] == heads.columns else None
            # Answers that overflow and labels out of range are for the checks to speak of, not for NumPy.
            with np.errstate(all="ignore"):
                if judging is not None and collector.wants(views.PerfectLoss):
                    collector.show(views.PerfectLoss(_weighted(judging.perfect(rows.targets), rows)))
                if forward and engine is not None:
                    _show_forward(collector, engine, judging, rows)
        if progress is not None:
            progress(batch.first_row + len(batch.features))
    return collector.merged


def block_rows(network: Network | None, dataset: Dataset) -> int:
    """How many rows a block holds, so that its widest array stays within ``BLOCK_CELLS``."""
    widths = [len(dataset.feature_names) + len(dataset.target_names)]
    if network is not None:
        widths += [_width(node.shape) for node in network.nodes if node.shape is not None]
    return int(np.clip(BLOCK_CELLS // max(widths), LEAST_BLOCK_ROWS, MOST_BLOCK_ROWS))


def _width(shape: tuple[int | None, ...]) -> int:
    return int(np.prod([side or 1 for side in shape], dtype=np.int64))


def _weighted(values: Array, rows: views.Rows) -> Array:
    return values if rows.weights is None else values * rows.weights[:, None]


def _show_forward(collector: Collector, engine: Engine, heads: Heads | None, rows: views.Rows) -> None:
    behind = frozenset(head.node for head in heads.heads if head.behind) if heads is not None else frozenset[int]()
    shown = _Shown(collector, engine.network, behind)
    outputs = engine.forward(rows.features, shown.see if behind or collector.wants(*OF_LAYERS, views.Pieces) else None)
    answers = [_flat(output) for output in outputs]
    flat = np.concatenate(answers, axis=1)
    collector.show(views.Outputs(rows.features, flat))
    if shown.pieces:
        collector.show(views.Pieces(np.concatenate(shown.pieces, axis=1)))
    if heads is not None:
        read = [shown.behind[head.node] if head.behind else answers[head.output] for head in heads.heads]
        values = heads.values(rows.targets, np.concatenate(read, axis=1))
        collector.show(views.RowLoss(_weighted(values, rows)))


class _Shown:
    """Turns what the engine shows of one block, node by node, into views."""

    def __init__(self, collector: Collector, network: Network, behind: frozenset[int]) -> None:
        self.collector, self.network = collector, network
        self.read_behind = behind
        self.behind: dict[int, Array] = {}
        self.piecewise = collector.wants(views.Pieces) and is_piecewise_linear(network)
        self.pieces: list[npt.NDArray[np.uint8]] = []
        self.doors = {door.node: door for door in doors(network)} if collector.wants(views.Entering) else {}
        self.awaited = {door.source for door in self.doors.values()}
        self.kept: dict[int, Array] = {}

    def see(self, position: int, before: Array, after: Array) -> None:
        """Called by the engine after each node."""
        layer = self.network.nodes[position].layer
        if position in self.read_behind:
            self.behind[position] = _flat(before)
        if position in self.awaited:
            self.kept[position] = _flat(after)
        if position in self.doors:
            entered = self.kept[self.doors[position].source]
            self.collector.show(views.Entering(layer, entered, _flat(before)), layer.name)
        if activity_regularizer(layer) is not None:
            self.collector.show(views.Activity(layer, _flat(after)), layer.name)
        function = activation_of(layer)
        if function is None or function.affine:
            return
        sums = _flat(before)
        self.collector.show(views.PreActivation(layer, function, sums, _flat(after)), layer.name)
        if self.piecewise and function.kinks:
            self.pieces.append(_piece(sums, function.kinks))


def _piece(sums: Array, kinks: tuple[float, ...]) -> npt.NDArray[np.uint8]:
    """Between which kinks each value lies, counted from the left."""
    piece: npt.NDArray[np.uint8] = np.add.reduce([(sums >= kink).view(np.uint8) for kink in kinks], dtype=np.uint8)
    return piece


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)
