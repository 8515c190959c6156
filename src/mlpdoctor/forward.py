"""What one block of rows shows on its way through the network, as views."""

import numpy as np
import numpy.typing as npt

from mlpdoctor import views
from mlpdoctor.collector import Collector
from mlpdoctor.heads import Heads
from mlpdoctor.layers.doors import doors
from mlpdoctor.layers.nature import activation_of, is_piecewise_linear
from mlpdoctor.layers.penalties import activity_regularizer
from mlpdoctor.network import Array, Network
from mlpdoctor.passes import Engine, flat

OF_LAYERS = (views.Entering, views.Normalising, views.PreActivation, views.Activity)
OF_THE_FORWARD_PASS = (*OF_LAYERS, views.Outputs, views.RowLoss, views.Pieces)


def show_forward(collector: Collector, engine: Engine, heads: Heads | None, rows: views.Rows) -> None:
    """Run a block and show all that somebody wants to see of it."""
    behind = frozenset(head.node for head in heads.heads if head.behind) if heads is not None else frozenset[int]()
    shown = _Shown(collector, engine.network, behind)
    outputs = engine.forward(rows.features, shown.see if behind or collector.wants(*OF_LAYERS, views.Pieces) else None)
    answers = [flat(output) for output in outputs]
    collector.show(views.Outputs(rows.features, np.concatenate(answers, axis=1)))
    if shown.pieces:
        collector.show(views.Pieces(np.concatenate(shown.pieces, axis=1)))
    if heads is not None:
        read = [shown.behind[head.node] if head.behind else answers[head.output] for head in heads.heads]
        values = heads.values(rows.targets, np.concatenate(read, axis=1))
        collector.show(views.RowLoss(weighted(values, rows)))


def weighted(values: Array, rows: views.Rows) -> Array:
    """Values of each row times the row's weight."""
    return values if rows.weights is None else values * rows.weights[:, None]


class _Shown:
    """Turns what the engine shows of one block, node by node, into views."""

    def __init__(self, collector: Collector, network: Network, behind: frozenset[int]) -> None:
        self.collector, self.network = collector, network
        self.read_behind = behind
        self.behind: dict[int, Array] = {}
        self.piecewise = collector.wants(views.Pieces) and is_piecewise_linear(network)
        self.pieces: list[npt.NDArray[np.uint8]] = []
        self.doors = {door.node: door for door in doors(network)} if collector.wants(views.Entering) else {}
        self.normalising = _normalising(network) if collector.wants(views.Normalising) else {}
        self.awaited = {door.source for door in self.doors.values()} | set(self.normalising.values())
        self.kept: dict[int, Array] = {}

    def see(self, position: int, before: Array, after: Array) -> None:
        """Called by the engine after each node."""
        layer = self.network.nodes[position].layer
        if position in self.read_behind:
            self.behind[position] = flat(before)
        if position in self.awaited:
            self.kept[position] = flat(after)
        if position in self.doors:
            entered = self.kept[self.doors[position].source]
            self.collector.show(views.Entering(layer, entered, flat(before)), layer.name)
        if position in self.normalising:
            self.collector.show(views.Normalising(layer, self.kept[self.normalising[position]]), layer.name)
        if activity_regularizer(layer) is not None:
            self.collector.show(views.Activity(layer, flat(after)), layer.name)
        function = activation_of(layer)
        if function is None or function.affine:
            return
        sums = flat(before)
        self.collector.show(views.PreActivation(layer, function, sums, flat(after)), layer.name)
        if self.piecewise and function.kinks:
            self.pieces.append(_piece(sums, function.kinks))


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
