"""A network without any hidden layer, on data that bend: a deliberate line is one, and so is a perceptron on XOR."""

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.bounds import CollapseBound, certainty
from mlpdoctor.facts.ladder.loss_position import MATTERS, LossPosition
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import is_learned
from mlpdoctor.nn.layers.unsupported_layers import mixes

HIDDEN = 16
"""Units to begin with: enough for XOR, circles and a parabola."""


@dataclass(frozen=True, eq=False)
class NoHiddenLayer:
    """One learned layer, and how much lower something else gets.

    Attributes:
        layer: its name.
        floor: the lowest loss of any such layer.
        bound: the same as a bound, with what it rests on.
        position: where the loss stands.
        never: whether it has not been trained.
    """

    layer: str
    floor: float
    bound: CollapseBound
    position: LossPosition
    never: bool

    def evidence(self) -> Evidence:
        """What a report has of it."""
        reach, floor = self.position.reach, short(self.floor)
        known = (
            f"{short(reach)} is possible on these rows, no two of which disagree"
            if self.position.whole
            else f"a quick nonlinear fit reaches about {short(reach, 2)} on unseen rows"
        )
        what = f"a {self.bound.model}"
        return Evidence(
            numbers={
                "said": f"{self.layer} is the only layer: the network is {what}",
                "chain": self.layer,
                "layers": (self.layer,),
                "whole_network": True,
                "floor": self.floor,
                "model": self.position.model,
                "reach": reach,
            },
            certainty=certainty(self.bound.doubt),
            severity=Severity.ERROR if self.position.far else Severity.WARNING,
            why=f"Without a hidden layer nothing bends, whatever the weights: the lowest loss is {floor}, and {known}.",
            remedy=Remedy(
                f"add a hidden layer with an activation before {self.layer}", f'Dense({HIDDEN}, activation="tanh")'
            ),
            explains=None if self.never else self.position.share(self.floor),
            strength=1.0,
            verdict=f"The loss cannot go lower than {floor} because the network has no hidden layer: it is {what}, and "
            f"{known}.",
            layers=(self.layer,),
        )


@fact
def no_hidden_layer(
    network: Network,
    collapse: Collapse,
    bound: CollapseBound | None,
    position: LossPosition | None,
    training: Training,
) -> NoHiddenLayer | Absent:
    """Look whether the one layer there is keeps a loss up that something is known to get below."""
    learned = [layer.name for layer in network.layers if is_learned(layer) or mixes(layer)]
    several = len(learned) != 1 or collapse.stretches or not collapse.linear_heads
    if several or bound is None or bound.total is None or position is None:
        return Absent("the network has hidden layers, or no loss", applicable=False)
    gap = bound.total - position.reach
    if gap <= MATTERS * (position.constant - position.reach) or position.well:
        return Absent("nothing is known to do better than one layer", applicable=False)
    return NoHiddenLayer(learned[0], bound.total, bound, position, training.never)
