"""W301: weights that are not numbers any more."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import are, count, listing
from mlpdoctor.facts.ladder.model_loss import ModelLoss


@check(
    "W301",
    Severity.ERROR,
    "{bad} of {weights} weights are NaN or infinite, first in {layer} ({weight})",
    stage=Stage.START,
    disturbs=EVERYTHING,
    because="D701 D702 D703 G603",
    role=Role.BREAKDOWN,
)
def non_finite_weights(network: Network, model: ModelLoss | None) -> Iterator[Evidence]:
    """Weights that are NaN or infinite.

    Why it matters
        A NaN spreads to every output it reaches and, in the next step, to the weights behind it. No amount of further
        training brings such a weight back.
    How to fix it
        Start again from fresh weights, after removing what made them: missing values in the data, inputs or
        targets of huge scale, or too high a learning rate.
    When it stays silent
        Weights that are merely large. A warning only, where the loss is finite all the same.
    How sure
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
        harmless = model is not None and model.finite
        these = f"{bad:,} of {count(total, 'weight')} {are(bad)} NaN or infinite"
        yield Evidence(
            numbers={"bad": bad, "weights": total, "layer": places[0][0], "weight": places[0][1], "layers": layers},
            certainty=Certainty.MEASURED,
            severity=Severity.WARNING if harmless else Severity.ERROR,
            why=f"{_consequence(model)} Affected: {listing(layers)}.",
            remedy=Remedy(
                "start again from fresh weights; look for missing values and unscaled columns in the data, else divide "
                "the learning rate by ten and set clipnorm",
                "optimizer = keras.optimizers.Adam(1e-4, clipnorm=1.0)",
            ),
            strength=bad / total,
            verdict=f"{these}, and the loss is finite only because they are shut off on these rows."
            if harmless
            else f"The model is broken: {these}, and no further training repairs it.",
            layers=layers,
        )


def _consequence(model: ModelLoss | None) -> str:
    if model is None:
        return "Whatever they reach is not a number either, and no update brings them back."
    if model.finite:
        return "On these rows nothing of them reaches the prediction, but no update brings them back."
    return "They make the loss NaN or infinite, and no update brings them back."
