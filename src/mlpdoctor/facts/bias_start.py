"""What the first loss of a model would be, had its last bias started from the best constant."""

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.linear_floor import ConstantFloor
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.training import Training
from mlpdoctor.heads import Head
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.convex import ConvexLoss
from mlpdoctor.network import Array, Network
from mlpdoctor.passes import Only
from mlpdoctor.statistics.row_sample import RowSample

EARLY = 100
"""Updates after which the last bias has had time to move by itself: Adam's default rate carries it 0.1."""


@dataclass(frozen=True)
class BiasStart:
    """A start from the best constant.

    Attributes:
        biases: what to add to the last bias of each output, in order; empty for an output that has none.
        before: the loss as it is, on a sample of the rows.
        after: the loss with the biases added, on the same rows.
    """

    biases: tuple[tuple[float, ...], ...]
    before: float
    after: float


@fact
def bias_start(
    network: Network, objective: Objective, constant: ConstantFloor, sample: RowSample, training: Training
) -> BiasStart | Absent:
    """Run a sample of the rows with the biases added to what the last layers compute."""
    if not training.never and (training.updates is None or training.updates > EARLY):
        return Absent("the model is past its start", applicable=False)
    heads = objective.heads.heads
    if objective.passes.engine is None:
        return Absent("the network cannot be run")
    biases, place = [], 0
    for head in heads:
        parts = 1 if head.loss.joint else head.units
        fits = constant.fits[place : place + parts]
        place += parts
        starts = [row[0] for fit in fits for row in fit.coefficients]
        if isinstance(head.loss, ConvexLoss) and head.loss.reference:
            starts.append(0.0)
        fits_head = head.straight and len(starts) == head.units and "bias" in network.nodes[head.node].layer.weights
        biases.append(tuple(starts) if fits_head else ())
    if not any(biases):
        return Absent("no output has a bias in which its loss is simple", applicable=False)
    few = sample.few
    kept: dict[int, Array] = {}
    wanted = frozenset(head.node for head in heads)
    objective.passes.engine.forward(
        few.features,
        Only(wanted, lambda node, before, _: kept.update({node: before.reshape(len(before), -1)})),
    )
    with np.errstate(all="ignore"):
        losses = []
        for added in (False, True):
            read = [
                _read(head, kept[head.node], bias if added else ()) for head, bias in zip(heads, biases, strict=True)
            ]
            values = objective.heads.values(few.targets, np.concatenate(read, axis=1))
            losses.append(objective.total(tuple(float(value) for value in values.mean(axis=0))))
    return BiasStart(tuple(biases), losses[0], losses[1])


def _read(head: Head, sums: Array, bias: tuple[float, ...]) -> Array:
    """What the loss reads once a bias is added to what the last layer computes."""
    moved = sums + np.array(bias) if bias else sums
    return moved if head.behind or head.activation is None else head.activation.function(moved)
