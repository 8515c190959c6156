"""How much of the loss is probably noise in the targets: estimates with an error bar, never bounds."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.neighbours import Neighbours, at_distance_zero, nearest
from mlpdoctor.core.distinct import median
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

ROWS_PER_SLOPE = 20
"""A plane takes up one row's worth of noise for each of its slopes: at most a twentieth of it, less than its error."""

MOSTLY, FAR = 0.5, 0.15
"""Where neighbours are farther than this and noise would be most of what the best constant loses, a function too fast
for them would look the same."""

LARGEST_ERROR = 0.5
"""An error bar of more than half of what the best constant loses leaves every answer open."""

ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""No error bar is less than this part of what the best constant loses."""

SMOOTH = "the true function changes little between neighbouring rows"


@dataclass(frozen=True)
class Noise:
    """An estimate of the loss that no function of the features avoids on new rows.

    Attributes:
        value: mean loss, in the units of the loss.
        error: one standard error, with an allowance for what the method leaves to extrapolation.
        method: name and source.
        assumptions: on which it rests.
        rows: it was made from.
    """

    value: float
    error: float
    method: str
    assumptions: str
    rows: int


def of_numbers(features: Array, targets: Array, power: Literal["squares", "absolute"]) -> Noise | str:
    """The noise in a numeric target, from what neighbouring rows differ by.

    Half the mean squared difference of two rows with the same features is the variance of the noise: the Gamma test
    (Stefansson, Koncar and Jones, 1997; Evans and Jones, 2002). The mean absolute difference is the mean absolute
    noise times a factor between 1 and 2, the root of 2 for normal noise.

    Args:
        features: shape (rows, features).
        targets: shape (rows,).
        power: of the differences in the loss.

    Returns:
        The estimate, or a clause that says why there is none.
    """
    centred = targets - median(targets)
    if not centred.any():
        return "the target is constant"
    pairs = nearest(features)
    if isinstance(pairs, str):
        return pairs
    rest = _beyond_the_plane(pairs, centred)
    gaps = np.abs(rest[pairs.index] - rest[:, None])
    if power == "squares":
        variance, error = at_distance_zero(pairs, np.square(gaps) / 2, np.positive)
        method = "Gamma test (Stefansson, Koncar and Jones 1997)"
        return _judged(Noise(variance, error, method, SMOOTH, len(targets)), float(centred.var()), pairs)
    variance, error = at_distance_zero(pairs, gaps, lambda mean: np.square(mean) / 2)
    value, error = _through(np.sqrt, variance, error)
    method = "mean absolute difference of neighbours over root 2, extrapolated as in the Gamma test"
    assumptions = f"{SMOOTH}; the noise is normal (for any other it is at most 1.42 times off)"
    return _judged(
        Noise(value, error, method, assumptions, len(targets)), float(np.abs(centred).mean()), pairs, MOSTLY**0.5
    )


def of_classes(features: Array, classes: npt.NDArray[np.integer], number: int) -> Noise | str:
    """A low estimate of the entropy of the class given the features, from how often neighbours disagree.

    Two rows with the same features and class probabilities p disagree with probability ``1 - sum(p**2)`` (Cover and
    Hart, Nearest neighbor pattern classification, 1967). The least entropy for a given such sum is at least the
    broken line through the uniform distributions (Harremoes and Topsoe, Inequalities between entropy and index of
    coincidence, 2001), which is convex, so that it also holds for means over the rows (Jensen).

    Args:
        features: shape (rows, features).
        classes: from 0 on, shape (rows,).
        number: of classes there are.

    Returns:
        The estimate in nats, or a clause that says why there is none.
    """
    shares = np.bincount(classes, minlength=number) / max(len(classes), 1)
    shares = shares[shares > 0]
    if len(shares) < 2:  # noqa: PLR2004  # one class leaves nothing to disagree about
        return "all rows are of one class"
    pairs = nearest(features)
    if isinstance(pairs, str):
        return pairs
    disagree = (classes[pairs.index] != classes[:, None]).astype(np.float64)
    rate, error = at_distance_zero(pairs, disagree, np.positive)
    # By chance neighbours disagree more often than draws by lot would, or never, as they may do one row later.
    rate, error = min(rate, 1 - 1 / number), max(error, 1 / len(classes))
    value, error = _through(lambda g: least_entropy(g, number), rate, error)
    method = "disagreement of nearest neighbours (Cover and Hart 1967), and the least entropy it allows"
    assumptions = "class probabilities change little between neighbouring rows"
    return _judged(Noise(value, error, method, assumptions, len(classes)), float(-shares @ np.log(shares)), pairs)


def least_entropy(disagreement: float, number: int) -> float:
    """The entropy in nats that so many classes have at least where two draws differ with this probability."""
    sizes = np.arange(1, number + 1)
    return float(np.interp(disagreement, 1 - 1 / sizes, np.log(sizes)))


def _beyond_the_plane(pairs: Neighbours, target: Array) -> Array:
    """What a plane leaves of the target: the same noise, and much less of the function for neighbours to differ by."""
    rows, columns = pairs.features.shape
    if rows < ROWS_PER_SLOPE * (columns + 1):
        return target
    design = np.concatenate([np.ones((rows, 1)), pairs.features], axis=1)
    rest: Array = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return rest


def _through(function: Callable[[float], float], value: float, error: float) -> tuple[float, float]:
    """The value of a growing function, and its error bar to the side where it is longer."""
    middle = float(function(value))
    return middle, float(max(function(value + error) - middle, middle - function(max(value - error, 0.0))))


def _judged(noise: Noise, constant: float, pairs: Neighbours, mostly: float = MOSTLY) -> Noise | str:
    """The estimate, unless its error bar is too long beside the loss of the best constant, or neighbours are too far.

    It is no more than that loss, which no noise can be.
    """
    if noise.value > mostly * constant and pairs.apart > FAR:
        return (
            f"the nearest rows are {pairs.apart:.0%} as far apart as any two rows, and a function that swings between "
            "them looks like noise"
        )
    error = max(noise.error, ROUNDING * constant)
    if error > LARGEST_ERROR * constant:
        return f"an estimate from {noise.rows} rows is too uncertain"
    return Noise(min(noise.value, constant), error, noise.method, noise.assumptions, noise.rows)
