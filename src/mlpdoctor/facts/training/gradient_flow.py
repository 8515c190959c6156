"""How large the gradient is at each learned layer on its way from the loss back to the inputs."""

import math

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.facts.training.gradients import Gradients
from mlpdoctor.nn.layers.properties import mixes


@dataclass(frozen=True)
class Reached:
    """One learned layer.

    Attributes:
        layer: its name.
        size: length of the gradient that reaches its pre-activations, root mean square over the rows.
        relative: length of the gradient of its weights beside the length of the weights.
    """

    layer: str
    size: float
    relative: float


@dataclass(frozen=True)
class GradientFlow:
    """The learned layers in order, those next to the inputs first.

    Attributes:
        layers: each of them.
        first: of the layers that no learned layer comes before, the one where the gradient is largest.
        last: the last of those that others come after. The very last layer is left out: its weights are as large as the
            targets ask, and as small as a careful start makes them.
        rows: on how many rows this was seen.
        share: of all usable rows.
    """

    layers: tuple[Reached, ...]
    first: Reached
    last: Reached
    rows: int
    share: float

    @property
    def passed(self) -> float:
        """What is left of the last layer's gradient at the first; NaN where either is not a number."""
        if self.last.size > 0:
            return self.first.size / self.last.size
        return math.nan


@fact
def gradient_flow(network: Network, gradients: Gradients) -> GradientFlow | Absent:
    """Put the layers side by side, by the square root of the mean square over rows, summed over units."""
    found: dict[str, Reached] = {}
    first, inner = _places(network)
    for layer in network.layers:
        moments = gradients.units.get(layer.name)
        if not mixes(layer) or moments is None:
            continue
        with np.errstate(all="ignore"):
            size = math.sqrt(float(np.square(moments.root_mean_square).sum()))
            weights = math.sqrt(sum(float(np.square(np.asarray(w, np.float64)).sum()) for w in layer.weights.values()))
        relative = gradients.of_layer(layer.name) / weights if weights > 0 else math.inf
        found[layer.name] = Reached(layer.name, size, relative)
    firsts = [one for name, one in found.items() if name in first and name in inner]
    inside = [one for name, one in found.items() if name in inner and name not in first]
    if not firsts or not inside:
        return Absent("there is no way from one hidden layer to another", applicable=False)
    if all(one.size == 0 for one in found.values()):
        return Absent("no gradient comes from the loss at all", applicable=False)
    return GradientFlow(tuple(found.values()), max(firsts, key=_largest), inside[-1], gradients.rows, gradients.share)


def _largest(reached: Reached) -> float:
    """A size that is not a number counts as infinite."""
    return reached.size if math.isfinite(reached.size) else math.inf


def _places(network: Network) -> tuple[set[str], set[str]]:
    """Names of the learned layers that no other comes before, and of those that another comes after."""
    learned = [mixes(node.layer) for node in network.nodes]
    behind = [False] * len(learned)
    ahead = [False] * len(learned)
    for place, node in enumerate(network.nodes):
        behind[place] = any(behind[source] or learned[source] for source in node.sources)
    for place in reversed(range(len(learned))):
        for source in network.nodes[place].sources:
            ahead[source] = ahead[source] or ahead[place] or learned[place]
    names = [node.layer.name for node in network.nodes]
    return (
        {names[place] for place, own in enumerate(learned) if own and not behind[place]},
        {names[place] for place, own in enumerate(learned) if own and ahead[place]},
    )
