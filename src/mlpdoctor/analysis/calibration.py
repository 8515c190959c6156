"""Whether predictions go with targets, and what they would cost with their level and their size put right."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.distinct import distinct
from mlpdoctor.core.network import Array
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.convex import ConvexLoss

FACTORS = tuple(2.0 ** (power / 4) for power in range(-40, 13))
"""What logits are multiplied by to make them less, or more, sure."""
ROUNDS = 30
"""Steps in which the mean probabilities come to the shares of the classes."""
LEAST = 1e-12
"""No probability is taken to be nearer to 0 or 1 than this."""


def logits_of(probabilities: Array, *, joint: bool) -> Array:
    """The logits whose sigmoids, or with ``joint`` whose softmax, these are."""
    p = np.clip(probabilities, LEAST, 1 - LEAST)
    logits: Array = np.log(p) if joint else np.log(p) - np.log1p(-p)
    return logits


def rank_order(targets: Array, shown: Array) -> tuple[float, float, bool]:
    """The rank correlation, its standard error by chance, and whether it is about classes."""
    values = [distinct(column) for column in targets.T]
    if all(len(own) <= 2 for own in values):  # noqa: PLR2004  a class that is there or not
        flags = targets > np.array([own.mean() for own in values])
        many = flags.sum(axis=0).astype(np.float64)
        usable = [k for k in range(targets.shape[1]) if 0 < many[k] < len(targets)]
        shares = many[usable] / many[usable].sum()
        found = np.array([_area(flags[:, k], shown[:, k]) for k in usable])
        rows = float(len(targets))
        errors = np.sqrt((rows + 1) / (12 * many[usable] * (rows - many[usable])))
        return float(shares @ (2 * found - 1)), float(shares @ (2 * errors)), True
    pairs = [(_ranks(targets[:, k]), _ranks(shown[:, k])) for k in range(targets.shape[1]) if np.ptp(targets[:, k]) > 0]
    found = np.array([_correlation(own, said) for own, said in pairs])
    return float(found.mean()), 1 / float(np.sqrt(max(len(targets) - 1, 1))), False


def _area(member: npt.NDArray[np.bool_], scores: Array) -> float:
    """The area under the ROC curve: how often a member is above another row, ties counted half."""
    inside = float(member.sum())
    return (float(_ranks(scores)[member].sum()) - inside * (inside + 1) / 2) / (inside * (len(member) - inside))


def _ranks(values: Array) -> Array:
    """Ranks from one on, ties at their mean."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(many)
    ranks: Array = (last - (many - 1) / 2)[place.ravel()]
    return ranks


def _correlation(first: Array, second: Array) -> float:
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


Fits = tuple[float, float, float, tuple[float, ...], float]


def on_a_line(targets: Array, read: Array, weights: Array, cost: Callable[[Array], float]) -> Fits | None:
    """Numbers moved and stretched by least squares; None where they would have to be turned round."""
    y, p = targets[:, 0], read[:, 0]
    middle, level = float(np.average(y, weights=weights)), float(np.average(p, weights=weights))
    variance = float(np.average(np.square(p - level), weights=weights))
    factor = float(np.average((p - level) * (y - middle), weights=weights)) / variance if variance > 0 else 0.0
    if not factor > 0:
        return None
    shift = middle - factor * level
    tried = [cost(moved[:, None]) for moved in (p - level + middle, factor * p, factor * p + shift)]
    return (tried[0], tried[1], tried[2], (shift,), factor) if np.isfinite(tried).all() else None


def recalibrated(
    loss: ConvexLoss, targets: Array, z: Array, weights: Array, mean: Callable[[Array], float]
) -> Fits | None:
    """Logits moved until mean probabilities are the classes' shares, multiplied by the best factor, and both.

    None where the loss adds a class of its own, for which there is no prediction.
    """
    frame = loss.frame(targets)
    if frame.shape != z.shape:
        return None

    def cost(logits: Array) -> float:
        return mean(loss.at(frame, logits))

    moved = _moved(loss, targets, z, weights)
    scaled = [cost(factor * z) for factor in FACTORS]
    both = [(factor, _moved(loss, targets, factor * z, weights)) for factor in FACTORS[::2]]
    costs = [cost(factor * z + shift) for factor, shift in both]
    factor, shift = both[int(np.argmin(costs))]
    return cost(z + moved), min(scaled), min(costs), tuple(float(one) for one in shift), factor


def _moved(loss: ConvexLoss, targets: Array, z: Array, weights: Array) -> Array:
    """What to add to the logits so that the mean of each probability is the mean of its target."""
    goal = np.clip(np.average(targets, axis=0, weights=weights), LEAST, 1 - LEAST)
    shift = np.zeros(z.shape[1])
    for _ in range(ROUNDS):
        level = np.clip(np.average(loss.answer(z + shift), axis=0, weights=weights), LEAST, 1 - LEAST)
        step = np.log(goal / level)
        if not loss.joint:
            step -= np.log1p(-goal) - np.log1p(-level)
        shift = shift + step
        if np.abs(step).max() < 1e-6:  # noqa: PLR2004  of a logit
            break
    return shift


def levelled(heads: Heads, columns: Array, read: Array, weights: Array) -> Array:
    """What the losses read, with the mean probability of each class moved to the share of its rows.

    Args:
        heads: the outputs; those that are not about probabilities stay as they are.
        columns: all target columns.
        read: what the losses read of all outputs, side by side.
        weights: of the rows.
    """
    moved = []
    for head in heads.heads:
        loss, own, targets = head.loss, head.read(read), head.targets(columns)
        if not isinstance(loss, ConvexLoss) or loss.link != "logit" or not np.isfinite(own).all():
            moved.append(own)
            continue
        logits = head.behind or bool(getattr(loss, "from_logits", False))
        z = own if logits else logits_of(own, joint=loss.joint)
        with np.errstate(all="ignore"):
            if loss.joint:
                z = z + _moved(loss, targets, z, weights)
            else:
                units = range(head.units)
                shifts = [_moved(loss, targets[:, [k]], z[:, [k]], weights)[0] for k in units]
                z = z + np.array(shifts)
            moved.append(z if logits else loss.answer(z))
    return np.concatenate(moved, axis=1)
