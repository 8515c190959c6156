"""L505: a line with too few kinks to follow the target."""

import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Evidence, Remedy, Severity
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.bounds import KnotBound, caveat
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.unsupported_layers import layer_code

ENOUGH = 0.01
"""Kinks are enough once their bound is within a hundredth of the constant's loss of what is known to be reached."""
MOST_KINKS = 256
"""Beyond it nobody looks for more kinks."""
FEWEST_UNITS = 64
"""So many units find the bends of a wave or two within a thousand updates; four times the kinks alone often do not."""

Columns: TypeAlias = Mapping[str, tuple[Array, ...]]
"""For each output with a bound: the feature, shape (rows, 1), the targets and the weights of the judged rows."""


@check(
    "L505",
    Severity.ERROR,
    "this network is a line with at most {kinks}: its loss cannot go below {floor}",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.LOSS,
    names=("width",),
)
def too_few_units(
    network: Network,
    objective: Objective,
    bound: KnotBound,
    position: LossPosition,
    training: Training,
    *,
    tolerated: float = 0.05,
) -> Iterator[Evidence]:
    """A line with too few kinks to follow the target.

    Why it matters
        A network with one input and ReLU-like units draws a line of straight pieces, and each unit can bend it once. A
        target with more bends than that is out of reach, whatever the weights.
    How to fix it
        Widen the hidden layer, and draw its biases over the range of the input: with Keras's zeros all units bend
        at the same place, and training has to move them apart first.
    When it stays silent
        Networks with several inputs or smooth units. Noise, which more kinks would only overfit: something must be
        known to do better, by the tolerated share of what the best constant loses.
    How sure
        Proved: the best partition of the sorted rows into as many runs as there are pieces, each with its own best
        line, is no worse than any such network.
    References
        Bellman, On the approximation of curves by line segments using dynamic programming, 1961.
    """
    floor = objective.total(tuple(max(value, 0.0) for value in bound.per_part))
    span = position.above(position.constant)
    share = (floor - position.reach) / span if span > 0 else 0.0
    if share <= tolerated:
        return
    columns = _columns(objective, bound)
    needed = _enough(objective, bound, columns, position.reach + ENOUGH * span)
    hidden = next((node.layer for node in network.nodes if node.layer.kind == "Dense"), None)
    yield Evidence(
        numbers={
            "kinks": count(bound.kinks, "kink"),
            "floor": floor,
            "reach": position.reach,
            "out_of_reach_share": share,
            "enough_kinks": needed,
            "model": position.model,
        },
        certainty=bound.certainty,
        why=f"{'A larger network' if position.whole else 'A quick fit'} reaches about {short(position.reach, 2)}; the "
        f"difference is {percent(share)} of what the best constant loses: the target bends more often."
        + (f" With {count(needed, 'kink')} the bound is gone." if needed is not None else "")
        + caveat(bound.doubt),
        remedy=_remedy(hidden, needed or bound.kinks, max(float(np.abs(x).max()) for x, _, _ in columns.values())),
        explains=None if training.never else position.share(floor),
        strength=min(share, 1.0),
        verdict=f"This network is a line that bends at most {count(bound.kinks, 'time')}, so its loss cannot go below "
        f"{short(floor)}. It needs more units.",
        rules_out=("learning rate", "optimizer", "epochs") if position.share(floor) == 1 else (),
    )


def _remedy(hidden: Layer | None, kinks: int, reach: float) -> Remedy:
    """More bends, drawn all over the inputs: Keras's own start puts every one of them at 0."""
    if hidden is None:
        return Remedy("widen the hidden layer, and draw its biases over the range of the input")
    spread = f"{reach:.0e}" if reach < 0.1 else f"{math.ceil(reach * 10) / 10:g}"  # noqa: PLR2004
    start = f"keras.initializers.RandomUniform(-{spread}, {spread})"
    return Remedy(
        f"widen {hidden.name}, and draw its biases over the range of the input, so that its units bend in "
        "different places",
        layer_code(
            hidden,
            max(4 * kinks, FEWEST_UNITS),
            'activation="relu"',
            'kernel_initializer="he_uniform"',
            f"bias_initializer={start}",
        ),
    )


def _columns(objective: Objective, bound: KnotBound) -> Columns:
    """The judged rows of each output with a bound: feature, targets and weights."""
    return {
        part.name: tuple(np.concatenate(arrays) for arrays in zip(*objective.judged(part), strict=True))
        for part, value in zip(objective.parts, bound.per_part, strict=True)
        if value > 0
    }


def _enough(objective: Objective, bound: KnotBound, columns: Columns, goal: float) -> int | None:
    """The least power of two times its kinks whose bound is below a goal; None when even many are not enough."""
    from mlpdoctor.analysis.floors import knots

    kinks = bound.kinks
    while kinks < MOST_KINKS:
        kinks *= 2
        left = sum(
            part.weight * knots.lower_bound(x[:, 0], y[:, 0], kinks, w)
            for part in objective.parts
            if part.name in columns
            for x, y, w in (columns[part.name],)
        )
        if left <= goal:
            return kinks
    return None
