"""What to write where features or targets are of a size that training does not reach, in words and code."""

import numpy as np

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.text import listing, percent, quoted, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.graph import EntryLayer
from mlpdoctor.statistics.moments import EnteringMoments, TargetMoments

MOST_FEATURES_WRITTEN = 4
"""So many means and variances still make a line of code; more are better worked out by the code itself."""
LISTED = 8
PIXELS = (128, 255)
"""Between these lies the greatest value of images stored as bytes; the least is 0."""
LEAST_PIXELS = 9


def names_of(entry: EntryLayer, width: int, features: tuple[str, ...]) -> tuple[str, ...]:
    """What the features that enter a layer are called."""
    if entry.first_feature is None:
        what = "value" if entry.channels is None else "channel"
        return tuple(f"{what} {k + 1}" for k in range(width))
    return features[entry.first_feature : entry.first_feature + width]


def remedy_for_features(
    entry: EntryLayer, seen: EnteringMoments, order: list[int], passes: Passes, network: Network
) -> Remedy:
    """The line that brings these very columns to scale."""
    name, width = entry.layer.name, len(seen.mean)
    before = _normalization(entry, network)
    if before is not None:
        return Remedy(
            f"the Normalization layer {before} before {name} does not fit these data: adapt it to the training data",
            f"model.get_layer({quoted(before)}).adapt(x_train)",
        )
    low, high = float(seen.low.min()), float(seen.high.max())
    if (width >= LEAST_PIXELS or entry.channels is not None) and low == 0 and PIXELS[0] <= high <= PIXELS[1]:
        return Remedy(
            f"these look like pixels: divide them by 255 in the model, before {name}", "keras.layers.Rescaling(1 / 255)"
        )
    if width <= MOST_FEATURES_WRITTEN:
        variance = np.where(seen.squared > 0, np.square(seen.deviation), 1.0)
        return Remedy(
            f"standardise: put this layer, which holds the moments of these data, before {name}",
            f"keras.layers.Normalization(mean={_numbers(seen.mean)}, variance={_numbers(variance)})",
        )
    if not entry.raw:
        return Remedy(
            f"standardise: put a Normalization layer, adapted to what comes there in training, before {name}",
            "norm = keras.layers.Normalization(); norm.adapt(x_train)",
        )
    names = names_of(entry, width, passes.dataset.feature_names)
    few = [names[k] for k in sorted(order)]
    targets = list(passes.dataset.target_names)
    if len(few) > LISTED < len(targets):  # too many names on both sides: the arrays have none
        text = f"standardise the features before training, or put a Normalization layer, adapted to them, before {name}"
        return Remedy(text, "mean, deviation = x.mean(axis=0), x.std(axis=0); x = (x - mean) / (deviation + 1e-7)")
    chosen = f"{few}" if len(few) <= LISTED else f"df.columns.drop({targets})"
    whole = ".replace(0, 1)" if (seen.deviation == 0).any() else ""  # a constant column has none to divide by
    return Remedy(
        f"standardise these columns before training, or put a Normalization layer, adapted to them, before {name}",
        f"columns = {chosen}; df[columns] = (df[columns] - df[columns].mean()) / df[columns].std(){whole}",
    )


def _normalization(entry: EntryLayer, network: Network) -> str | None:
    """The nearest Normalization layer on the way in that can be adapted."""
    place = entry.source
    while len(network.nodes[place].sources) == 1:
        layer = network.nodes[place].layer
        if layer.kind == "Normalization" and layer.config.get("mean") is None:
            return layer.name
        place = network.nodes[place].sources[0]
    return None


def _numbers(values: Array) -> str:
    return f"[{', '.join(f'{value:.4g}' for value in values)}]"


INVISIBLE = 0.01
"""A target that less than a hundredth of the constant's loss is about has next to no gradient."""
MOST_TARGETS_WRITTEN = 8
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


def remedy_for_targets(
    regression: Regression, targets: TargetMoments, names: tuple[str, ...], network: Network
) -> Remedy:
    """Every target column by itself on its own scale."""
    columns = list(dict.fromkeys(regression.columns))
    means = [f"{float(targets.mean[column]):.6g}" for column in columns]
    spreads = [f"{float(targets.deviation[column]) or 1.0:.6g}" for column in columns]
    if len(columns) == 1:
        a, b, name = means[0], spreads[0], names[columns[0]]
        biased = "bias" in network.nodes[regression.parts[0].head.node].layer.weights
        first = f"; or give the last layer bias_initializer=keras.initializers.Constant({a})" if biased else ""
    elif len(columns) <= MOST_TARGETS_WRITTEN:
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
