"""U405: hidden features that have lost most of their directions."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import count, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.representation import FAINT, Representation
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of

MANY = 4
"""Before training, only a layer that squeezes as many directions as this into one has collapsed: the default weights
of a sigmoid behind one or two inputs are all but a line, and training bends it."""
HOPELESS = 0.95
"""Features that leave this share of what is reachable unreached tell the rows apart no better than a constant does."""


@check(
    "U405",
    Severity.ERROR,
    "the features of {width} units have {directions} on these rows, where {entering} could be",
    stage=Stage.FEATURES,
    about=Part.LOSS,
    disturbs=Part.LOSS,
    because="A101 D704",
    role=Role.SYMPTOM,
)
def collapsed_representation(
    layer: Layer,
    seen: Representation,
    position: LossPosition,
    training: Training,
    *,
    tolerated: float = 0.05,
) -> Iterator[Evidence]:
    """Hidden features that have lost most of their directions, so that the loss suffers.

    Why it matters
        The layers behind see the rows only through these features. Where the units of a layer all do nearly the same,
        rows that differ become alike, and what told them apart is lost, or so faint that gradient descent does not
        find it in any reasonable time: its rate along a direction goes with the square of the spread.
    How to fix it
        Look at the causes named with it: copies among the units, dead or saturated units, weights of the wrong size,
        unscaled inputs, a penalty. In a deep stack put BatchNormalization between the layers, or skip connections.
    When it stays silent
        Models that do as well as anything is known to, such as low-rank autoencoders, and layers that somebody drew
        narrow; features from which a last layer alone reaches what is known to be reachable; models that have not been
        trained, unless many directions could be there and one is. Layers behind the first collapsed one see no more
        than it does, and are not named again.
    How sure
        Estimated: the spectrum of the centred features on up to 2,000 sampled rows, and the best last layer on them,
        cross-validated. A direction counts from a hundredth of the spread of the strongest on.
    References
        Daneshmand et al., Batch normalization provably avoids ranks collapse for randomly initialised deep networks,
        2020.
    """
    if seen.collapsed != layer.name:
        return
    found = seen.layers[layer.name]
    if training.never and not (found.rank <= 1 and found.entering >= MANY):
        return
    span = position.constant - position.reach
    left = None if found.readout is None or span <= 0 else (found.readout - position.reach) / span
    if left is not None and left <= tolerated:
        return
    lost = left is not None and left >= HOPELESS
    directions = count(found.rank, "direction")
    name = layer.short_name
    yield Evidence(
        numbers={
            "width": found.width,
            "rank": found.rank,
            "directions": directions,
            "entering": found.entering,
            "readout": found.readout,
            "unreached_share": left,
            "reach": position.reach,
            "faint": FAINT,
        },
        certainty=Certainty.ESTIMATED,
        severity=Severity.ERROR if lost and not training.never else Severity.WARNING,
        why=_why(found.readout, position),
        remedy=_remedy(layer, name),
        strength=1.0 - found.rank / found.width,
        verdict=f"The {found.width} units of {layer.name} all do nearly the same: their features have {directions} on "
        f"these rows, where the inputs leave room for {found.entering}. What told the rows apart is lost there.",
    )


def _why(readout: float | None, position: LossPosition) -> str:
    start = "All layers behind see the rows through these features alone."
    if readout is None:
        return start
    return (
        f"{start} The best last layer on them loses {short(readout, 3)} on unseen rows; {short(position.reach, 3)} is "
        "known to be reachable from the inputs."
    )


def _remedy(layer: Layer, name: str) -> Remedy:
    activation = activation_of(layer)
    own = activation.name if activation is not None and activation.name != "linear" else "relu"
    units = layer.config.get("units", "units")
    return Remedy(
        f"re-initialise {name}, and normalise what enters it",
        f'BatchNormalization(), Dense({units}, activation="{own}", name={quoted(name)})',
    )
