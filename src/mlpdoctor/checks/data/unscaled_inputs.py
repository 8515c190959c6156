"""D702: features far from the scale the first layer expects."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, listing, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.ladder.unlearned_swings import UnlearnedSwings
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.facts.outputs.scale_words import names_of, remedy_for_features
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.moments import EnteringMoments, FirstSums
from mlpdoctor.statistics.views import PerLayer


@check(
    "D702",
    Severity.ERROR,
    "{which} not scaled before {door} (root mean square: {worst})",
    clears="input scale",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
    because="D713 W308",
    names=("conditioning of the inputs",),
    worsens="U402",
)
def unscaled_inputs(
    entrance: Entrance,
    entering: PerLayer[EnteringMoments],
    sums: PerLayer[FirstSums],
    factor: TargetFactor,
    passes: Passes,
    position: LossPosition | None,
    network: Network,
    swings: UnlearnedSwings | None,
    *,
    large: float = 10.0,
    small: float = 0.01,
) -> Iterator[Evidence]:
    """Features far from the scale the first layer expects.

    Why it matters
        The curvature of the loss along a weight grows with the square of its feature. Mean squared error bends by
        2 r^2 along the weight of a feature of root mean square r, and gradient descent is stable up to a rate of
        2 / (2 r^2): for r = 10 that is 0.01, the default rate of Keras's SGD. Beyond it training blows up, and
        at a rate that is small enough the other features hardly move. Large features also saturate sigmoid and tanh
        units at once. A feature that never leaves a hundredth of zero is invisible beside the others.
    How to fix it
        Standardise: a Normalization layer adapted to the training data, as the first layer of the model, or the
        columns of the table before training, with the same numbers wherever the model is used. Pixels: divide by 255.
    When it stays silent
        Columns between 0 and 1, one-hot columns however rare, and features that a Normalization, Rescaling or
        BatchNormalization inside the model brings to scale. A model that does as well as anything is known to in
        spite of its scales gets a note. A warning where the target swings fast along these inputs (D714): on any scale
        that is what keeps the loss up.
    How sure
        Measured: the root mean square and the largest size of each column on all rows.
    References
        LeCun, Bottou, Orr and Muller, Efficient BackProp, 1998, section 4.3.
    """
    gravest = Severity.WARNING if swings is not None and swings.fast else Severity.ERROR
    for door in {door.layer.name: door for door in reversed(entrance.doors)}.values():
        seen = entering[door.layer.name]
        size, top = seen.root_mean_square, np.maximum(np.abs(seen.low), np.abs(seen.high))
        off = (size > large) | ((top < small) & (top > 0))
        if not off.any():
            continue
        order = [int(k) for k in np.argsort(-np.abs(np.log(np.where(size > 0, size, 1.0)))) if off[k]]
        names = names_of(door, len(size), passes.dataset.feature_names)
        worst = listing([f"{names[k]} = {short(size[k], 3)}" for k in order])
        of = f" ({len(order)} of {count(len(size), 'feature')})" if len(size) > 1 else ""
        unstable = float(1 / np.square(size).max())
        yield Evidence(
            numbers={
                "which": f"{len(order)} of {len(size)} features are" if len(size) > 1 else "the feature is",
                "columns": len(order),
                "width": len(size),
                "door": door.layer.name,
                "worst": worst,
                "root_mean_square": {names[k]: float(size[k]) for k in order[:100]},
                "mean": {names[k]: float(seen.mean[k]) for k in order[:100]},
                "deviation": {names[k]: float(seen.deviation[k]) for k in order[:100]},
                "pre_activation_root_mean_square": float(sums[door.layer.name].root_mean_square.max()),
                "condition": _condition(factor) if door.raw else None,
                "unstable_rate": unstable,
            },
            certainty=Certainty.MEASURED,
            severity=severity(position, far=gravest if (size > large).any() else Severity.WARNING),
            why="Their root mean square should be near 1. On these inputs plain gradient descent on a squared error "
            f"is unstable above a learning rate of about {short(unstable, 2)}.",
            remedy=remedy_for_features(door, seen, order, passes, network),
            strength=float(min(np.abs(np.log10(size[order[0]])) / 6, 1.0)) if size[order[0]] > 0 else 0.0,
            verdict=f"The inputs are not scaled{of}: their root mean square should be near 1, and here it is {worst}. "
            f"{_effect(position)}.",
        )


def _effect(position: LossPosition | None) -> str:
    if position is not None and not math.isfinite(position.model):
        return "Training on them has blown up"
    return "Training on them is slow or unstable"


def _condition(factor: TargetFactor) -> float | None:
    """Condition number of the Gram matrix of ``[1, X]``: steps that gradient descent needs along its slowest way."""
    singular = np.linalg.svd(factor.uncentred[:, : 1 + factor.features], compute_uv=False)
    kept = singular[singular > singular[0] * np.finfo(np.float64).eps * len(singular)]
    return float(np.square(kept[0] / kept[-1])) if len(kept) else None
