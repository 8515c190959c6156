"""The best last layer for the features that the hidden layers make of the rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.linear_floor import problem_fit
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.perfection import Perfection
from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.heads import Head
from mlpdoctor.layers.nature import activation_of, is_learned
from mlpdoctor.network import Array, Network
from mlpdoctor.statistics.affine_factor import AffineFactor
from mlpdoctor.statistics.row_hashes import hash_rows

MOST_CELLS = 1 << 24
"""Hidden numbers looked at, 128 MiB read in blocks. Of more rows a random share is taken, and the rung is estimated."""

FLOAT32 = 1e-6
"""A direction in which units vary by less than this share of their size is rounding of the numbers Keras computes."""


@dataclass(frozen=True)
class ReadoutFloor:
    """The loss of the best last layer on the saved hidden features.

    Attributes:
        per_part: the loss for each part, the larger end where it is an interval.
        lower: for each part the proved lower end.
        share: share of the rows that was looked at; below 1 the values are estimates.
        features: hidden features that enter the last layer of each output.
    """

    per_part: tuple[float, ...]
    lower: tuple[float, ...]
    share: float
    features: tuple[int, ...]


@fact
def readout(objective: Objective, network: Network, model: ModelLoss, perfect: Perfection) -> ReadoutFloor | Absent:
    """Fit each output anew on the features before its last layer, by the machinery of the affine rung."""
    sources = [_hidden(network, head) for head in objective.heads.heads]
    widths = [None if source is None else network.nodes[source].shape for source in sources]
    if any(shape is None or len(shape) != 1 or shape[0] is None for shape in widths):
        return Absent("the last layer of this network is no Dense layer that its loss reads directly", applicable=False)
    if any(source in network.inputs for source in sources):
        return Absent("there is no hidden layer", applicable=False)
    if not model.finite:
        return Absent("the hidden features are not finite")
    features = tuple(int(shape[0] or 0) for shape in widths if shape is not None)
    share = min(1.0, MOST_CELLS / (objective.rows * max(features)))
    below = np.uint64(min(int(share * 2**64), 2**64 - 1))
    fits: list[LinearFit] = []
    for head, source in zip(objective.heads.heads, sources, strict=True):
        parts = [(k, part) for k, part in enumerate(objective.parts) if part.head is head]

        def judged(source: int = source or 0) -> Iterator[tuple[Array, Array, Array]]:
            for rows in objective.passes.rows():
                chosen = slice(None) if share >= 1 else hash_rows(rows.numbers[:, None]) <= below
                hidden = objective.passes.hidden(rows.features[chosen], source)
                weights = np.ones(len(rows.features)) if rows.weights is None else rows.weights
                yield hidden, rows.targets[chosen], weights[chosen]

        whole = _factor(judged())
        if whole is None or not np.isfinite(whole.triangle).all():
            return Absent("the hidden features are not finite")
        bias = bool(network.nodes[_last(network, head)].layer.config.get("use_bias", True))
        origin, turn = _resolved(whole, intercept=bias)
        factor = whole.turned(origin, turn)
        for k, part in parts:
            reread = lambda part=part, judged=judged, origin=origin, turn=turn: (  # noqa: E731
                ((hidden - origin) @ turn, part.targets(targets), weights) for hidden, targets, weights in judged()
            )
            fits.append(problem_fit(reread, part, factor, factor.rows, lowest=perfect.per_part[k], intercept=bias))
    # On a share of the rows even the best last layer may lose more than the model does on all of them.
    per_part = tuple(min(fit.value, own) for fit, own in zip(fits, model.per_part, strict=True))
    lower = tuple(min(fit.lower, value) for fit, value in zip(fits, per_part, strict=True))
    return ReadoutFloor(per_part, lower, share, features)


def _factor(blocks: Iterator[tuple[Array, Array, Array]]) -> AffineFactor | None:
    total = None
    for hidden, targets, weights in blocks:
        if len(hidden):
            one = AffineFactor.of_values(hidden, targets, weights)
            total = one if total is None else total + one
    return total


def _resolved(factor: AffineFactor, *, intercept: bool) -> tuple[Array, Array]:
    """An origin and directions, such that ``(hidden - origin) @ directions`` holds all that float32 can tell apart.

    Each unit is measured by its own size, so that the last digits of a saturated one, and of units that are sums of
    each other, are no features: no weights that Keras can hold make anything of them.
    """
    width = factor.features
    size = np.linalg.norm(factor.uncentred[:, 1 : 1 + width], axis=0)
    size[size == 0] = 1.0
    varying = factor.triangle[1:, 1 : 1 + width] if intercept else factor.uncentred[:, 1 : 1 + width]
    _, singular, right = np.linalg.svd(varying / size, full_matrices=False)
    origin = factor.origin[:width] if intercept else np.zeros(width)
    return origin, right[singular > FLOAT32].T / size[:, None]


def _last(network: Network, head: Head) -> int:
    """Position of the layer with the last kernel, if nothing but the activation follows it."""
    node = network.nodes[head.node]
    if not is_learned(node.layer) and len(node.sources) == 1 and node.layer.kind in ("Activation", "Softmax"):
        return node.sources[0]
    return head.node


def _hidden(network: Network, head: Head) -> int | None:
    """Position of the node whose output enters the last Dense layer; None where there is no such layer."""
    last = network.nodes[_last(network, head)]
    own = activation_of(last.layer)
    plain = last is network.nodes[head.node] or (own is not None and own.affine)
    if not (head.straight and last.layer.kind == "Dense" and plain):
        return None
    return last.sources[0]
