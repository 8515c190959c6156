"""Targets of a size that training does not reach: what that does, and the line that brings them to scale."""

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.text import listing, percent, short
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.moments import TargetMoments

INVISIBLE = 0.01
"""A target that less than a hundredth of the constant's loss is about has next to no gradient."""
WRITTEN = 8
"""So many means and deviations still make a line of code."""


def effect(kind: str, needed: float, made: int, at: str) -> str:
    """What the size of the targets does."""
    if kind == "overshoots":
        return f"the steps of {at} are too large for that"
    if kind == "drowned":
        return f"the steps of {at} are larger than their differences"
    of = f" of the {made:,} updates made" if made >= needed else " updates"
    return f"{at} takes about {short(float(f'{needed:.1e}'))}{of} to get there"


def why(kind: str, travelled: float, training: Training, first: float, jump: float) -> str:
    """How it comes to that.

    Args:
        kind: ``far``, ``overshoots`` or ``drowned``.
        travelled: size of the predictions as a share of that of the targets.
        training: that the model has had.
        first: size of the first step in a weight of the last layer.
        jump: how far one update can move a prediction.
    """
    if kind == "overshoots":
        return (
            "The gradient of a squared error grows with the target. A first step of about "
            f"{short(first, 2)} in each weight of the last layer is too large, and the next one is larger still."
        )
    if kind == "drowned":
        return f"One update can move every prediction by about {short(jump, 2)}: more than the targets differ."
    start = "Every update moves a weight by about the learning rate, however far the targets are."
    if training.never:
        return start
    return f"{start} After {training.updates or 0:,} updates the predictions are {percent(travelled)} as large."


def invisible(regression: Regression, constant: ConstantFloor, targets: tuple[str, ...]) -> str:
    """The targets that next to nothing of the loss is about, in a sentence; empty where there are none."""
    costs = [
        part.weight * constant.fits[place].value
        for place, part in zip(regression.places, regression.parts, strict=True)
    ]
    whole = sum(costs)
    small = [
        targets[column] for column, cost in zip(regression.columns, costs, strict=True) if 0 < cost < INVISIBLE * whole
    ]
    if not small:
        return ""
    share = percent(sum(cost for cost in costs if 0 < cost < INVISIBLE * whole) / whole)
    return f" Only {share} of the best constants' loss is about {listing(small)}: training hardly sees it."


def remedy(regression: Regression, targets: TargetMoments, names: tuple[str, ...]) -> Remedy:
    """Every target column by itself on its own scale."""
    columns = list(dict.fromkeys(regression.columns))
    means = [f"{float(targets.mean[column]):.6g}" for column in columns]
    spreads = [f"{float(targets.deviation[column]) or 1.0:.6g}" for column in columns]
    if len(columns) == 1:
        a, b, name = means[0], spreads[0], names[columns[0]]
        first = f"; or give the last layer bias_initializer=keras.initializers.Constant({a})"
    elif len(columns) <= WRITTEN:
        a, b, name = f"[{', '.join(means)}]", f"[{', '.join(spreads)}]", "each target by itself"
        first = ""
    else:
        return Remedy(
            "standardise each target by itself for training, and turn predictions back with "
            "model.predict(x) * deviation + mean",
            "mean, deviation = y_train.mean(axis=0), y_train.std(axis=0); y_train = (y_train - mean) / deviation",
        )
    return Remedy(
        f"standardise {name} for training, and turn predictions back with model.predict(x) * {b} + {a}{first}",
        f"y_train = (y_train - {a}) / {b}",
    )
