"""W301: weights that are not numbers any more."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.check import check
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.network import Network
from mlpdoctor.wording import count, listing


@check(
    "W301",
    Severity.ERROR,
    "{bad} of {weights} weights are NaN or infinite, first in {layer} ({weight})",
)
def non_finite_weights(network: Network) -> Iterator[Evidence]:
    """Weights that are NaN or infinite.

    Why it matters
        A single NaN spreads to every output and, in the next step, to every weight. No amount of further training
        brings such a model back.
    Remedy
        Start again from fresh weights, after removing what made them: missing values in the data, inputs or
        targets of huge scale, or too high a learning rate.
    Stays quiet on
        Weights that are merely large.
    Certainty
        Measured: every weight the file keeps for a layer is looked at, of unknown layers too.
    """
    total = bad = 0
    places: list[tuple[str, str]] = []
    for layer in network.layers:
        for name, weight in layer.weights.items():
            broken = int(np.size(weight) - np.isfinite(weight).sum())
            total += int(np.size(weight))
            bad += broken
            places += [(layer.name, name)] if broken else []
    if bad:
        layers = tuple(dict.fromkeys(place for place, _ in places))
        yield Evidence(
            numbers={"bad": bad, "weights": total, "layer": places[0][0], "weight": places[0][1], "layers": layers},
            certainty=Certainty.MEASURED,
            why=f"Every output is NaN, and so is every further step of training. Affected: {listing(layers)}.",
            remedy=Remedy(
                "build the model anew; look for missing values and unscaled columns in the data, else lower the "
                "learning rate tenfold and set clipnorm",
                "optimizer = keras.optimizers.Adam(1e-4, clipnorm=1.0)",
            ),
            strength=bad / total,
            verdict=f"The model is broken: {bad:,} of {count(total, 'weight')} {'is' if bad == 1 else 'are'} NaN or "
            "infinite, so its loss is not a number and training cannot mend it.",
        )
