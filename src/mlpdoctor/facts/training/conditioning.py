"""Which directions of the inputs gradient descent is slow along, and what of the loss lies along them."""

import math

import numpy as np

from mlpdoctor.analysis.curvature import PLAIN, critical
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.gradient import Logits
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.nn.optimizers.traits import follows_gradient, momentum_of
from mlpdoctor.statistics import views
from mlpdoctor.statistics.rows import RowSample

EXACT = 1e-10
"""Share of the largest eigenvalue under which a direction is none: columns that add up to others exactly."""
MOST_COLUMNS, MOST_ANSWERS = 512, 32
TENFOLD = math.log(10) / 2
"""Times in which the error along a direction falls to 1/e until what it adds to a squared loss has fallen tenfold."""
BENT = 1e-4
"""Share of their size by which answers are moved to see how the loss bends."""
STEPS = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""Lengths of the correction that are tried, where the loss is not quadratic."""


@dataclass(frozen=True, eq=False)
class Conditioning:
    """The second moments of what enters the first layer, with what an affine correction of the answers would save.

    Attributes:
        condition: largest over smallest eigenvalue of the second moments of ``[1, X]``, of those that are not zero.
        standardised: the same once every column has mean 0 and spread 1: what correlation alone does.
        needed: updates that gradient descent needs, at the largest rate that is stable, until what a direction adds to
            the loss has fallen tenfold: of the slowest direction that could not be finished in the updates made.
        directions: how many directions could not be finished.
        slow: what correcting the answers along them alone would save of the loss.
        fast: the same along all the others.
        names: positions of the two columns with the largest part in the direction that would save most.
        before: the loss of the sampled rows.
        rows: how many rows that is.
    """

    condition: float
    standardised: float
    needed: float
    directions: int
    slow: float
    fast: float
    names: tuple[int, ...]
    before: float
    rows: int


@fact
def conditioning(
    network: Network,
    entrance: Entrance,
    objective: Objective,
    sample: RowSample,
    trained: Trained,
    position: LossPosition,
) -> Conditioning | Absent:
    """Correct the answers of the saved model by affine functions of the inputs, slow directions and others apart."""
    engine, optimizer = objective.passes.engine, network.optimizer
    if position.well or not math.isfinite(position.model):
        return Absent("the model does as well as anything is known to, or is broken", applicable=False)
    if engine is None or optimizer is None or not trained.updates:
        return Absent("it is not known how many updates were made", applicable=False)
    if engine.blind is not None:
        return Absent(engine.blind)
    normalised = any("Normalization" in layer.kind for layer in network.layers)
    if normalised or len(entrance.doors) != 1 or not entrance.doors[0].raw:
        return Absent("what enters is normalised, or in several places", applicable=False)
    answers = sum(head.units for head in objective.heads.heads)
    rows = sample.few
    if rows.features.shape[1] > MOST_COLUMNS or answers > MOST_ANSWERS:
        return Absent("there are too many columns")
    shown = views.Rows(rows.features, rows.targets, rows.tickets.astype(np.float64), rows.weights)
    with np.errstate(all="ignore"):
        sums = Logits.of(engine, objective.heads, shown)
        return _stretch(sums, sums.read(engine.record(rows.features)), updates_needed(network), trained.updates)


def updates_needed(network: Network) -> float:
    """Updates that gradient descent needs per unit of condition, until a direction's loss has fallen tenfold.

    Along an eigenvalue m of the curvature an update at the rate r, with momentum b, shrinks the error by the factor
    ``1 - r m / (1 - b)``, for slow directions. The largest rate that is stable for the largest eigenvalue M is
    ``2 (1 + b) / M``.
    """
    optimizer = network.optimizer
    momentum = 0.0 if optimizer is None else momentum_of(optimizer)
    limit = critical(optimizer) if optimizer is not None and follows_gradient(optimizer) else None
    return TENFOLD * (1 - momentum) / (limit or PLAIN)


def _stretch(logits: Logits, read: Array, per_condition: float, updates: int) -> Conditioning | Absent:
    rows = logits.rows
    design = np.concatenate([np.ones((len(read), 1)), rows.features], axis=1)
    values, turn = np.linalg.eigh(design.T @ design / len(design))
    kept = values > EXACT * values[-1]
    values, turn = values[kept], turn[:, kept]
    needed = per_condition * values[-1] / values
    slow = needed > updates
    if not slow.any():
        return Absent("the updates made suffice along every direction of the inputs", applicable=False)
    before = logits.loss(read)
    # For the sums of a few thousand rows to be ordinary, each direction is brought to size 1.
    along = design @ turn / np.sqrt(values)
    step, noise = _newton(logits, read, along)
    if not np.isfinite(step).all():
        return Absent("the gradient is not finite")
    gains = np.square(step).sum(axis=1)
    worth = slow & (np.square(step) > noise).any(axis=1)
    saved_slow = before - _corrected(logits, read, along[:, worth] @ step[worth])
    saved_fast = before - _corrected(logits, read, along[:, ~slow] @ step[~slow])
    place = int(np.argmax(np.where(slow, gains, -1.0)))
    spread = rows.features.std(axis=0)
    part = np.abs(turn[1:, place]) * np.where(spread > 0, spread, 0.0)
    standard = (rows.features - rows.features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    own = np.linalg.eigvalsh(standard.T @ standard / len(standard))
    own = own[own > EXACT * own[-1]]
    return Conditioning(
        condition=float(values[-1] / values[0]),
        standardised=float(own[-1] / own[0]) if len(own) else 1.0,
        needed=float(needed[place]),
        directions=int(slow.sum()),
        slow=saved_slow,
        fast=saved_fast,
        names=tuple(int(k) for k in np.argsort(-part, kind="stable")[:2]),
        before=before,
        rows=len(read),
    )


def _newton(logits: Logits, read: Array, along: Array) -> tuple[Array, Array]:
    """The step along each direction and answer that would be best were the loss quadratic, and what chance makes of it.

    Returns:
        Steps, shape (directions, answers), and the square below which a step may be chance, shape (answers,).
    """
    slopes = logits.slopes(read)
    bend = np.empty(read.shape[1])
    for k in range(read.shape[1]):
        small = np.zeros_like(read)
        small[:, k] = BENT * max(1.0, float(np.sqrt(np.square(read[:, k]).mean())))
        change = logits.slopes(read + small) - logits.slopes(read - small)
        bend[k] = change[:, k].mean() / (2 * small[0, k])
    bend = np.where(bend > 0, bend, np.inf)
    step = -(along.T @ slopes / len(read)) / bend
    # Four standard errors squared of a mean of slopes, for several hundred directions are looked at.
    noise = 16 * np.square(slopes).mean(axis=0) / len(read) / np.square(bend)
    return np.asarray(step, np.float64), np.asarray(noise, np.float64)


def _corrected(logits: Logits, read: Array, correction: Array) -> float:
    """The least loss with a correction of the answers, of some lengths."""
    tried = [logits.loss(read + length * correction) for length in (0.0, *STEPS)]
    return min(value for value in tried if math.isfinite(value))
