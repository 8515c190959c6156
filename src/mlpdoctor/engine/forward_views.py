"""What a block of rows shows on its way through the network, as views, and the statistics that take them in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from functools import cache, cached_property
from inspect import signature
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.graph import entry_layers
from mlpdoctor.nn.layers.penalties import activity_regularizer
from mlpdoctor.nn.layers.properties import activation_of, is_piecewise_linear
from mlpdoctor.nn.layers.unsupported_layers import by_unit, channels
from mlpdoctor.statistics import views
from mlpdoctor.statistics.views import Statistic

Statistics: TypeAlias = Mapping[tuple[type[Any], str | None], Any]
"""The merged statistics, by type and by layer name (None for those of the data or of the whole network)."""


def view_of(statistic: type[Statistic]) -> type[Any]:
    """The view that a statistic reads, from the annotation of ``of``."""
    return _argument(statistic.of)


@cache
def _argument(of: Callable[..., Any]) -> type[Any]:
    parameter = next(iter(signature(of, eval_str=True).parameters.values()))
    view: type[Any] = parameter.annotation
    return view


@dataclass(eq=False)
class Collector:
    """Folds the views of one block of rows into statistics."""

    statistics: Iterable[type[Any]]
    seen: dict[tuple[type[Any], str | None], Any] = field(default_factory=dict)

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
            not getattr(self.seen.get((statistic, None)), "full", False)
            for kind in kinds
            for statistic in self.readers.get(kind, ())
        )

    def show(self, view: Any, layer: str | None = None) -> None:  # noqa: ANN401  any of the views
        """Summarise a view in every statistic that reads its kind."""
        for statistic in self.readers.get(type(view), ()):
            summary = statistic.of(view)
            if summary is not None:
                key = (statistic, layer)
                self.seen[key] = self.seen[key] + summary if key in self.seen else summary


def both(first: Statistics, second: Statistics) -> Statistics:
    """The statistics of two blocks of rows as those of one."""
    merged = dict(first)
    for key, summary in second.items():
        merged[key] = merged[key] + summary if key in merged else summary
    return merged


def full(seen: Statistics) -> frozenset[type[Any]]:
    """The statistics that further rows would tell nothing."""
    return frozenset(kind for (kind, layer), one in seen.items() if layer is None and getattr(one, "full", False))


OF_THE_DATA = (views.Cells, views.Targets, views.Rows)
"""What is seen of the rows alone, whatever the network."""
OF_LAYERS = (views.Entering, views.Normalising, views.PreActivation, views.Activity)
OF_THE_FORWARD_PASS = (*OF_LAYERS, views.Outputs, views.RowLoss, views.Pieces)


class ForwardPass:
    """Runs blocks of rows through a network and shows all that somebody wants to see of them, in any thread.

    Args:
        engine: runs the network.
        heads: the outputs with their losses, or None.
        collector: whose statistics say what is of interest.
    """

    def __init__(self, engine: Engine, heads: Heads | None, collector: Collector) -> None:
        """Look once at the network for what there is to see at each node."""
        network = engine.network
        self.engine, self.heads = engine, heads
        self.behind = frozenset(head.node for head in heads.heads if head.behind) if heads is not None else frozenset()
        self.piecewise = is_piecewise_linear(network)
        self.doors = {door.node: door for door in entry_layers(network)} if collector.wants(views.Entering) else {}
        self.channels = channels(network)
        self.normalising = _normalising(network) if collector.wants(views.Normalising) else {}
        self.awaited = {*(door.source for door in self.doors.values()), *self.normalising.values()}
        self.penalised = {k for k, node in enumerate(network.nodes) if activity_regularizer(node.layer) is not None}
        found = enumerate(activation_of(node.layer) for node in network.nodes)
        self.functions = {k: function for k, function in found if function is not None and not function.affine}

    def show(self, collector: Collector, rows: views.Rows, *, judged: bool) -> None:
        """Show one block to a collector; with its losses where the targets are fit to be judged."""
        sight = _Sight(self, collector)
        looked = (judged and self.behind) or collector.wants(*OF_LAYERS, views.Pieces)
        outputs = self.engine.forward(rows.features, sight.see if looked else None)
        answers = [flat(output) for output in outputs]
        collector.show(views.Outputs(rows.features, np.concatenate(answers, axis=1)))
        if sight.pieces:
            collector.show(views.Pieces(np.concatenate(sight.pieces, axis=1)))
        if judged and self.heads is not None:
            heads = self.heads.heads
            read = [sight.behind[head.node] if head.behind else answers[head.output] for head in heads]
            values = self.heads.values(rows.targets, np.concatenate(read, axis=1))
            collector.show(views.RowLoss(weighted(values, rows)))


def weighted(values: Array, rows: views.Rows) -> Array:
    """Values of each row times the row's weight."""
    return values if rows.weights is None else values * rows.weights[:, None]


class _Sight:
    """Turns what the engine shows of one block, node by node, into views."""

    def __init__(self, known: ForwardPass, collector: Collector) -> None:
        self.known, self.collector, self.network = known, collector, known.engine.network
        self.behind: dict[int, Array] = {}
        self.pieces: list[npt.NDArray[np.uint8]] = []
        self.piecewise = known.piecewise and collector.wants(views.Pieces)
        self.kept: dict[int, Array] = {}

    def see(self, position: int, before: Array, after: Array) -> None:
        """Called by the engine after each node."""
        layer, known = self.network.nodes[position].layer, self.known
        if position in known.behind:
            self.behind[position] = flat(before)
        if position in known.awaited:
            self.kept[position] = after
        if position in known.doors:
            door = known.doors[position]
            entered = by_unit(self.kept[door.source], door.channels)
            sums = by_unit(before, known.channels.get(position) if door.channels is not None else None)
            self.collector.show(views.Entering(layer, entered, sums), layer.name)
        if position in known.normalising:
            self.collector.show(views.Normalising(layer, flat(self.kept[known.normalising[position]])), layer.name)
        if position in known.penalised:
            self.collector.show(views.Activity(layer, flat(after)), layer.name)
        function = known.functions.get(position)
        if function is None:
            return
        axis = known.channels.get(position)
        sums = by_unit(before, axis)
        places = len(sums) // max(len(before), 1)
        self.collector.show(views.PreActivation(layer, function, sums, by_unit(after, axis), places), layer.name)
        if self.piecewise and function.kinks:
            self.pieces.append(_piece(flat(before), function.kinks))


def _normalising(network: Network) -> dict[int, int]:
    """The nodes that normalise rows of plain numbers by stored moments, each with the node that enters it."""
    return {
        position: node.sources[0]
        for position, node in enumerate(network.nodes)
        if node.layer.kind in ("Normalization", "BatchNormalization")
        and len(network.nodes[node.sources[0]].shape or ()) == 1
    }


def _piece(sums: Array, kinks: tuple[float, ...]) -> npt.NDArray[np.uint8]:
    """Between which kinks each value lies, counted from the left."""
    piece: npt.NDArray[np.uint8] = np.add.reduce([(sums >= kink).view(np.uint8) for kink in kinks], dtype=np.uint8)
    return piece
