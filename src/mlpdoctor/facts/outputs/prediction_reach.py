"""How far the weights of a network have to move before its predictions are as large as the targets."""

import math

from mlpdoctor.core.fact import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.facts.network.line_in_reach import Entrance
from mlpdoctor.nn.layers.properties import activation_of, is_learned, renormalises
from mlpdoctor.statistics.moments import EnteringMoments
from mlpdoctor.statistics.statistic import PerLayer


@dataclass(frozen=True)
class Stage:
    """What one layer does to the size of what passes: starts it again, sums it over a fan-in, bounds it."""

    restarts: bool
    fan_in: int
    trained: bool
    last: bool
    bound: float


@dataclass(frozen=True)
class PredictionReach:
    """The size of a prediction as a function of how far every weight has moved in one direction.

    Attributes:
        stages: what each layer does to the size of what passes.
        entered: size of the numbers that enter the first learned layer; one where that is not known.
    """

    stages: tuple[Stage, ...]
    entered: float

    def after(self, move: float) -> float:
        """The size of a prediction once every weight has moved so far, away from a start of gain one."""
        size = self.entered
        for stage in self.stages:
            if stage.restarts:
                size = 1.0 + move
            if stage.fan_in:
                grown = move * stage.fan_in if stage.trained else 0.0
                size = min(size * (grown if stage.last else 1.0 + grown) + move, 1e150)
            size = min(size, stage.bound)
        return size

    def travel(self, size: float) -> float:
        """How far every weight has to move before a prediction is so large, by bisection on the logarithm."""
        low, high = -12.0, 12.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.after(10**middle) < size else (low, middle)
        return float(10**high)


def _stages(network: Network) -> tuple[Stage, ...]:
    last = next((layer for layer in reversed(network.layers) if is_learned(layer) and layer.trainable), None)
    found = []
    for layer in network.layers:
        kernel = layer.weights.get("kernel")
        fan_in = 0 if not is_learned(layer) else 1 if kernel is None else kernel.shape[0]
        activation = None if layer is last else activation_of(layer)
        bound = math.inf if activation is None else max(abs(end) for end in activation.bounds)
        found.append(Stage(renormalises(layer), fan_in, layer.trainable, layer is last, bound))
    return tuple(stage for stage in found if stage.restarts or stage.fan_in or stage.bound < math.inf)


@fact
def prediction_reach(
    network: Network, entrance: Entrance | None, entering: PerLayer[EnteringMoments] | None
) -> PredictionReach:
    """Read the layers once."""
    return PredictionReach(_stages(network), _entered(entrance, entering))


def _entered(entrance: Entrance | None, entering: PerLayer[EnteringMoments] | None) -> float:
    """The size of the numbers that enter the first learned layer; one where that is not known."""
    if entrance is None or entering is None:
        return 1.0
    sizes = [float(entering[door.layer.name].root_mean_square.mean()) for door in entrance.doors]
    return max(*sizes, 1e-3)
