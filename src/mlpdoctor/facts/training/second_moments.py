"""Which units an optimizer has never seen a gradient for."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Optimizer
from mlpdoctor.nn.layers.config_values import number
from mlpdoctor.nn.layers.graph import users

SLOT: Mapping[str, tuple[str, str | None, float]] = MappingProxyType(
    {
        "Adam": ("velocity", "beta_2", 0.999),
        "AdamW": ("velocity", "beta_2", 0.999),
        "Nadam": ("velocity", "beta_2", 0.999),
        "Lamb": ("velocity", "beta_2", 0.999),
        "Adamax": ("norm", "beta_2", 0.999),
        "RMSprop": ("velocity", "rho", 0.9),
        "Adadelta": ("accumulated_grad", "rho", 0.95),
        "Adagrad": ("accumulator", None, 1.0),
    }
)
"""For each optimizer the slot that sums up squared gradients, the option that says how fast it forgets, its default."""
SMALLEST = math.log(1e38)
"""Powers of e after which a number of ordinary size has decayed to nothing in float32."""


@dataclass(frozen=True, eq=False)
class Untouched:
    """A layer with the units that no gradient has reached.

    Attributes:
        units: which of its units, shape (units,).
        memory: so many of the last updates the optimizer remembers; None for all of them.
    """

    units: npt.NDArray[np.bool_]
    memory: int | None


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
    if optimizer.name not in SLOT:
        return Absent(f"{optimizer.name} keeps no squares of gradients", applicable=False)
    if not optimizer.iterations:
        return Absent("the optimizer has made no update", applicable=False)
    slot, forgets, default = SLOT[optimizer.name]
    start = number(optimizer.options.get("initial_accumulator_value"), 0.1) if optimizer.name == "Adagrad" else 0.0
    found = {}
    for layer in network.layers:
        kernel = optimizer.slots.get(layer.name, {}).get("kernel", {}).get(slot)
        if kernel is None or kernel.ndim != 2:  # noqa: PLR2004
            continue
        still = np.all(kernel == kernel.dtype.type(start), axis=0)
        bias = optimizer.slots[layer.name].get("bias", {}).get(slot)
        if bias is not None:
            still &= bias == bias.dtype.type(start)
        found[layer.name] = Untouched(still & ~_idle(network, layer, len(still)), _memory(optimizer, forgets, default))
    if not found:
        return Absent("the file holds no optimizer state for its kernels", applicable=False)
    return SecondMoments(found)


def _memory(optimizer: Optimizer, forgets: str | None, default: float) -> int | None:
    """How many of the last updates are remembered, where it is not all of them."""
    rate = float(optimizer.options.get(forgets) or default) if forgets else 1.0
    if rate >= 1:
        return None
    memory = int(SMALLEST / -math.log(rate)) if rate > 0 else 1
    return memory if (optimizer.iterations or 0) > memory else None


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
