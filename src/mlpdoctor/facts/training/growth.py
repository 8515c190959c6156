"""Whether large weights were drawn so or grew: each kernel beside a fresh draw of its own initialiser."""

import math
from collections.abc import Mapping

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.facts.training.trial_updates import FreshStart
from mlpdoctor.nn.optimizers.bounds import most_per_update
from mlpdoctor.nn.optimizers.rate import at_rate

MANY = 400
"""Weights from which the root mean square of a draw is known to a few per cent."""
CHANCE = 3.0
GROWN = 2.0
"""A kernel twice as large as its initialiser draws them: two draws of one kernel differ by a few per cent."""


@dataclass(frozen=True, eq=False)
class Growth:
    """What training has made of the sizes of kernels.

    Attributes:
        drawn: by layer, the root mean square of a fresh draw.
        factors: by layer, that of the saved kernel beside it.
        alike: the layers whose kernels have the size of another's up to chance, whatever their numbers of inputs: so
            come out draws of one fixed spread, which the file need not name, and no training.
        reach: how far any weight can have moved in the updates made, at the rate that training started with; None
            where nothing bounds it, so that nothing can be said.
    """

    drawn: Mapping[str, float]
    factors: Mapping[str, float]
    alike: frozenset[str]
    reach: float | None

    def grew(self, layer: str) -> bool:
        """Whether training made a kernel what it is, and not its initialiser."""
        factor, start = self.factors.get(layer), self.drawn.get(layer)
        if factor is None or start is None or factor < GROWN or layer in self.alike:
            return False
        return self.reach is not None and self.reach >= start * (factor - 1)


@fact
def growth(network: Network, start: FreshStart, training: Training, current: CurrentRate | None) -> Growth | Absent:
    """Draw each kernel once more."""
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    fresh = start.weights(0)
    drawn, factors = {}, {}
    sizes: dict[str, tuple[float, int]] = {}
    for layer in network.layers:
        kernel, new = layer.weights.get("kernel"), fresh.get((layer.name, "kernel"))
        if kernel is None or new is None or not np.any(new):
            continue
        drawn[layer.name] = _size(new)
        sizes[layer.name] = _size(np.asarray(kernel, np.float64)), int(np.size(kernel))
        factors[layer.name] = sizes[layer.name][0] / drawn[layer.name]
    optimizer = network.optimizer
    most = None
    if optimizer is not None and current is not None and training.updates:
        most = most_per_update(at_rate(optimizer, max(current.rate, current.compiled)))
    reach = None if most is None else most * (training.updates or 0)
    return Growth(drawn, factors, _alike(sizes), reach)


def _alike(sizes: Mapping[str, tuple[float, int]]) -> frozenset[str]:
    """Large kernels whose root mean squares agree within three of their sampling errors."""
    large = {layer: (size, number) for layer, (size, number) in sizes.items() if number >= MANY}
    return frozenset(
        one
        for one, (size, number) in large.items()
        for other, (its, count) in large.items()
        if other != one and its > 0 and abs(size / its - 1) <= CHANCE * math.sqrt(1 / (2 * number) + 1 / (2 * count))
    )


def _size(kernel: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(kernel))))
