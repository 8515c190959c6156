"""Which units an optimizer has never seen a gradient for."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.facts.training.training import constant_start
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.optimizers.registry import build
from mlpdoctor.nn.optimizers.rule import Rule

SMALLEST = float(np.finfo(np.float32).tiny)
"""Below it TensorFlow takes a float32 for zero, as most processors are told to."""
ORDINARY = 1.0
"""The square that a gradient is taken to have had where no unit of the layer shows what is usual there."""


@dataclass(frozen=True, eq=False)
class Untouched:
    """A layer with the units that no gradient has reached.

    Attributes:
        units: which of its units, shape (units,).
        memory: a gradient of the size that is usual in this layer would have left a trace for so many updates; None
            where that is all of them.
        drawn: whether the weights behind the state are those that training started from as well: every bias of these
            units still has its initial value. None where no bias tells.
    """

    units: npt.NDArray[np.bool_]
    memory: int | None
    drawn: bool | None = None

    @property
    def ever(self) -> bool:
        """Whether it is known that no gradient has reached these units in all of training."""
        return self.memory is None or self.drawn is True


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """The layers whose optimizer state was found, by name."""

    layers: Mapping[str, Untouched]


@fact
def second_moments(network: Network) -> SecondMoments | Absent:
    """Look for columns of the state that never left their start."""
    optimizer = network.optimizer
    if optimizer is None or not optimizer.slots:
        return Absent("the file holds no optimizer state for its weights", applicable=False)
    rule = build(optimizer)
    if rule is None or rule.squares is None:
        return Absent(f"{optimizer.name} keeps no squares of gradients", applicable=False)
    if not optimizer.iterations:
        return Absent("the optimizer has made no update", applicable=False)
    slot = rule.squares
    start = rule.slots()[slot]
    found = {}
    for layer in network.layers:
        kernel = optimizer.slots.get(layer.name, {}).get("kernel", {}).get(slot)
        if kernel is None or kernel.ndim != 2:  # noqa: PLR2004
            continue
        still = np.all(kernel == kernel.dtype.type(start), axis=0)
        bias = optimizer.slots[layer.name].get("bias", {}).get(slot)
        if bias is not None:
            still &= bias == bias.dtype.type(start)
        still &= ~_idle(network, layer, len(still))
        memory = _memory(rule, kernel[:, ~still], optimizer.iterations)
        found[layer.name] = Untouched(still, memory, _drawn(layer, still, moved=bias is not None))
    if not found:
        return Absent("the file holds no optimizer state for its kernels", applicable=False)
    return SecondMoments(found)


def _memory(rule: Rule, seen: Stored, made: int) -> int | None:
    """How many updates it takes until a usual gradient is forgotten; None where that is more than were made.

    One gradient g leaves ``(1 - kept) g^2``, where it is an average and not the largest that is kept, and each update
    leaves the share ``kept`` of that, until it is too small for a float32. What is usual the other units show.
    """
    if rule.kept >= 1:
        return None
    usual = float(np.median(values)) if (values := seen[seen > 0]).size else ORDINARY
    left = usual * (1 - rule.kept) if rule.power > 1 else usual
    if left <= SMALLEST or rule.kept <= 0:
        return 1
    memory = max(int(math.log(left / SMALLEST) / -math.log(rule.kept)), 1)
    return memory if made > memory else None


def _drawn(layer: Layer, still: npt.NDArray[np.bool_], *, moved: bool) -> bool | None:
    """Whether the biases of these units are where they started, as far as their initialiser tells."""
    bias = layer.weights.get("bias")
    start = constant_start(layer.config.get("bias_initializer"))
    if bias is None or start is None or not moved or len(bias) != len(still) or not still.any():
        return None
    return bool(np.all(np.asarray(bias)[still] == bias.dtype.type(start)))


def _idle(network: Network, layer: Layer, units: int) -> npt.NDArray[np.bool_]:
    """Units whose weights behind are all zero: no gradient reaches them whatever they compute."""
    following = users(network)
    idle = np.zeros(units, dtype=bool)
    for position, node in enumerate(network.nodes):
        if node.layer is not layer or len(following[position]) != 1:
            continue
        behind = network.nodes[following[position][0]].layer.weights.get("kernel")
        if behind is not None and behind.ndim == 2 and len(behind) == units:  # noqa: PLR2004
            idle |= ~np.asarray(behind).any(axis=1)
    return idle
