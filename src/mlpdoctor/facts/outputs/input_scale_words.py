"""The features that enter a layer, and what brings them to scale, in words and as a line of code."""

import numpy as np

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.text import quoted
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.layers.entry_layers import EntryLayer
from mlpdoctor.statistics.moments import EnteringMoments

WRITTEN = 4
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


def remedy(entry: EntryLayer, seen: EnteringMoments, order: list[int], passes: Passes, network: Network) -> Remedy:
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
    if width <= WRITTEN:
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
    chosen = f"{few}" if len(few) <= LISTED else f"df.columns.drop({list(passes.dataset.target_names)[:LISTED]})"
    return Remedy(
        f"standardise these columns before training, or put a Normalization layer, adapted to them, before {name}",
        f"columns = {chosen}; df[columns] = (df[columns] - df[columns].mean()) / df[columns].std()",
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
