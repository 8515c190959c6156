"""The best last layer for the features that the hidden layers make of the rows."""

from collections.abc import Callable, Iterator
from functools import partial, reduce
from operator import add

import numpy as np

from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.check import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.facts.ladder.linear_floor import problem_fit
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.nn.heads import Part
from mlpdoctor.nn.layers.properties import activation_of, is_learned
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.affine_factor import AffineFactor
from mlpdoctor.statistics.rows import RowSample
from mlpdoctor.statistics.views import Rows

MOST_CELLS = 1 << 23
"""Hidden numbers worked out again in a pass of their own, half a second. Beyond it a sample of the rows must do, and
the rung is an estimate."""

ROWS_EACH = 10
"""Rows of a sample for each coefficient of a last layer: chance then explains a tenth of the variance, or a twentieth
of a nat, and with fewer rows than coefficients it explains all, whatever the features are."""

FLOAT32 = 1e-6
"""A direction in which units vary by less than this share of their size is rounding of the numbers Keras computes."""


@dataclass(frozen=True)
class ReadoutFloor:
    """The loss of the best last layer on the saved hidden features.

    Attributes:
        per_part: the loss for each part, the larger end where it is an interval.
        lower: for each part the proved lower end, for last layers on what float32 can tell apart of the features.
        share: share of the rows that was looked at; below 1 the values are estimates.
        features: hidden features that enter the last layer of each output.
    """

    per_part: tuple[float, ...]
    lower: tuple[float, ...]
    share: float
    features: tuple[int, ...]


@dear_fact("fitting the last layer again")
def readout(
    objective: Objective, network: Network, model: ModelLoss, perfect: Perfection, sample: RowSample
) -> ReadoutFloor | Absent:
    """Fit each output again on the features before its last layer, by the machinery of the affine rung."""
    sources = [hidden_source(network, head) for head in objective.heads.heads]
    widths = [0 if source is None else _width(network, source) for source in sources]
    if 0 in widths:
        return Absent("the last layer of this network is no Dense layer that its loss reads directly", applicable=False)
    if any(source in network.inputs for source in sources):
        return Absent("there is no hidden layer", applicable=False)
    whole = objective.rows * max(widths) <= MOST_CELLS
    most = max(width * _classes(head) for head, width in zip(objective.heads.heads, widths, strict=True))
    if not whole and len(sample.tickets) < min(objective.rows, ROWS_EACH * most):
        return Absent(
            f"{len(sample.tickets):,} of {objective.rows:,} rows are looked at, too few for the {most:,} coefficients "
            "of a last layer"
        )
    rows = objective.passes.rows if whole else partial(_cut, sample, objective.passes.block_rows)
    fits: list[LinearFit] = []
    for head, source, width in zip(objective.heads.heads, sources, widths, strict=True):
        hidden = partial(_hidden_rows, objective, rows, source or 0)
        bias = bool(network.nodes[_last(network, head)].layer.config.get("use_bias", True))
        own = [(k, part) for k, part in enumerate(objective.parts) if part.head is head]
        plain = bias and all(part.loss.linear == "squares" for _, part in own)
        wide = _wide(hidden()) if plain and model.finite and WIDE <= width < objective.rows else None
        if wide is not None:
            fits += [wide[part.head.column_of(part.unit or 0)] for _, part in own]
            continue
        factor = _factor(hidden())
        if not model.finite or not np.isfinite(factor.triangle).all():
            return Absent("the hidden features are not finite")
        origin, turn = np.zeros(factor.features), None
        # Least squares is the same in any basis, and needs none that costs a singular value decomposition.
        if not (plain and _all_resolved(factor)):
            origin, turn = _resolved(factor, intercept=bias)
            factor = factor.turned(origin, turn)
        for k, part in own:
            reread = partial(_judged, hidden, part, origin, turn)
            fits.append(problem_fit(reread, part, factor, factor.rows, lowest=perfect.per_part[k], intercept=bias))
    # On a sample even the best last layer may lose more than the model does on all rows.
    per_part = tuple(min(fit.value, own) for fit, own in zip(fits, model.per_part, strict=True))
    lower = tuple(min(fit.lower, value) for fit, value in zip(fits, per_part, strict=True))
    share = 1.0 if whole else len(sample.tickets) / objective.rows
    return ReadoutFloor(per_part, lower, share, tuple(widths))


def _classes(head: OutputHead) -> int:
    """Units whose coefficients are fitted together."""
    return head.units if head.loss.joint else 1


def _cut(sample: RowSample, height: int) -> Iterator[Rows]:
    for start in range(0, len(sample.tickets), height):
        part = slice(start, start + height)
        weights = None if sample.weights is None else sample.weights[part]
        yield Rows(sample.features[part], sample.targets[part], sample.tickets[part].astype(np.float64), weights)


def _hidden_rows(
    objective: Objective, rows: Callable[[], Iterator[Rows]], source: int
) -> Iterator[tuple[Array, Array, Array]]:
    """Hidden features, all target columns and weights, block by block."""
    for block in rows():
        weights = np.ones(len(block.features)) if block.weights is None else block.weights
        yield objective.passes.hidden(block.features, source), block.targets, weights


def _judged(
    hidden: Callable[[], Iterator[tuple[Array, Array, Array]]], part: Part, origin: Array, turn: Array | None
) -> Iterator[tuple[Array, Array, Array]]:
    """The features that tell rows apart, the part's own targets and weights, block by block."""
    for values, targets, weights in hidden():
        yield values if turn is None else (values - origin) @ turn, part.targets(targets), weights


def _width(network: Network, node: int) -> int:
    """Numbers that a node has for one row, in one dimension; 0 where they are not known or stand in more."""
    shape = network.nodes[node].shape
    return 0 if shape is None or len(shape) != 1 else shape[0] or 0


def _factor(blocks: Iterator[tuple[Array, Array, Array]]) -> AffineFactor:
    return reduce(add, (AffineFactor.of_values(*block) for block in blocks))


WIDE = 256
"""Units from which it pays to ask first whether float32 tells all of them apart."""


def _wide(blocks: Iterator[tuple[Array, Array, Array]]) -> tuple[LinearFit, ...] | None:
    """Least squares by the products of the units, where all of them are certainly told apart; else None."""
    from mlpdoctor.analysis.floors import gram

    features, targets, weights = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
    return gram.fit(features, targets, weights, FLOAT32)


def _all_resolved(factor: AffineFactor) -> bool:
    """Whether `_resolved` would certainly leave out no direction.

    The least singular value is at least one over the norm of the inverse.
    """
    width = factor.features
    varying = factor.triangle[1:, 1 : 1 + width]
    if not len(varying) >= width >= WIDE:
        return False
    size = np.linalg.norm(factor.uncentred[:, 1 : 1 + width], axis=0)
    try:
        inverse = np.linalg.inv(varying[:width] / size)
    except np.linalg.LinAlgError:
        return False
    return bool(FLOAT32 * np.linalg.norm(inverse) < 1)


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


def _last(network: Network, head: OutputHead) -> int:
    """Position of the layer with the last kernel, if nothing but the activation follows it."""
    node = network.nodes[head.node]
    if not is_learned(node.layer) and len(node.sources) == 1 and node.layer.kind in ("Activation", "Softmax"):
        return node.sources[0]
    return head.node


def hidden_source(network: Network, head: OutputHead) -> int | None:
    """Position of the node whose output enters the last Dense layer; None where there is no such layer."""
    last = network.nodes[_last(network, head)]
    own = activation_of(last.layer)
    plain = last is network.nodes[head.node] or (own is not None and own.affine)
    if not (head.straight and last.layer.kind == "Dense" and plain):
        return None
    return last.sources[0]
