"""What regularisers add to the loss that Keras minimises and logs, beside the loss on the data."""

from collections.abc import Iterator

from mlpdoctor.fact import Absent, fact
from mlpdoctor.ladder import Penalty
from mlpdoctor.layers.penalties import Unknown, activity_regularizer, weight_regularizers
from mlpdoctor.network import Layer, Network
from mlpdoctor.resolve import PerLayer
from mlpdoctor.statistics.activity import ActivitySums
from mlpdoctor.wording import short


@fact
def penalties(network: Network, activity: PerLayer[ActivitySums] | None) -> Penalty | Absent:
    """Sum the penalties of all weights, and of what layers put out as far as the network was run on data."""
    found = [penalty for layer in network.layers for penalty in _penalties(network, layer, activity or PerLayer())]
    if not found:
        return Absent("no layer has a regulariser", applicable=False)
    # The listing of a long network is cut off, so what weighs most comes first.
    known = sorted(((value, name) for name, value in found if value is not None), key=lambda pair: -pair[0])
    return Penalty(
        total=sum(value for value, _ in known),
        parts=tuple(f"{name} {short(value)}" for value, name in known),
        unknown=tuple(name for name, value in found if value is None),
    )


def _penalties(network: Network, layer: Layer, activity: PerLayer[ActivitySums]) -> Iterator[tuple[str, float | None]]:
    """Each penalty of one layer with its name; None for one that cannot be worked out."""
    for weight, regularizer in weight_regularizers(layer):
        value = None if isinstance(regularizer, Unknown) else regularizer.of(layer.weights[weight])
        yield f"{regularizer.name} of {layer.name}.{weight}", value
    own = activity_regularizer(layer)
    if own is None:
        return
    called = f"{own.name} of {layer.name}'s output"
    seen = activity.get(layer.name)
    if isinstance(own, Unknown):
        yield called, None
    elif not own.separable:
        yield f"{called} (it changes with the batch)", None
    elif seen is None:
        yield f"{called} (needs the model to run on data)", None
    else:
        # Keras adds the penalty anew at each call of a shared layer, divided by the rows of the batch.
        calls = sum(node.layer is layer for node in network.nodes)
        yield called, calls * own.of_sums(seen.absolute, seen.squared)
