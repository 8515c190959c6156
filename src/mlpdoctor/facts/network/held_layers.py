"""Layers whose weights or outputs a penalty, weight decay or a constraint holds."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.engine.passes import open_width
from mlpdoctor.nn.layers.penalties import Regularizer, activity_regularizer, weight_regularizers
from mlpdoctor.nn.layers.properties import is_learned, own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.unit_activity import ActivitySums
from mlpdoctor.statistics.views import PerLayer

PINNED = 0.999
"""Share of a norm limit from which a unit counts as held by it; Keras puts it there exactly, up to rounding."""
MOST_UNITS = 0.5
QUIET = 0.3
"""Outputs of ordinary units are about 1 in size; a third of that is what a penalty on them leaves."""
SMALL = 0.1
"""A norm limit that leaves less than a tenth of a fresh kernel's size is no guard against large weights."""
SHRUNK_DECAY = 0.01
"""AdamW's default is 0.004; from here on weight decay is worth naming."""


@dataclass(frozen=True)
class Held:
    """A layer whose weights are held.

    Attributes:
        layer: the layer.
        by: what holds them, for people.
        shrunk: size of its kernel beside that of a fresh glorot kernel, or of its outputs beside 1; None where a
            constraint allows an ordinary size.
        code: what to write instead.
        what: what is held, its weights or its outputs.
    """

    layer: Layer
    by: str
    shrunk: float | None
    code: str
    what: str = "weights"


@dataclass(frozen=True, eq=False)
class HeldLayers:
    """All that may hold a layer of the network.

    Attributes:
        weights: one for each penalty, weight decay or constraint on a kernel.
        penalised: one for each layer whose activity is penalised.
        measured: those of them whose outputs were measured, each with what its penalty would be at outputs of size 1.
    """

    weights: tuple[Held, ...]
    penalised: tuple[Held, ...]
    measured: tuple[tuple[Held, float], ...]

    def quiet(self, stake: float) -> list[Held]:
        """Layers whose outputs a penalty keeps small, where those of ordinary size would cost more than ``stake``."""
        return [one for one, cost in self.measured if cost > stake and one.shrunk is not None and one.shrunk < QUIET]


@fact
def held_layers(network: Network, activity: PerLayer[ActivitySums] | None) -> HeldLayers:
    """Read penalties and constraints, and hold the weights against fresh ones."""
    return HeldLayers(
        weights=tuple(one for layer in network.layers for one in _held(network, layer)),
        penalised=tuple(
            Held(layer, f"the activity penalty {own.name}", None, "activity_regularizer=None", "outputs")
            for layer in network.layers
            if (own := activity_regularizer(layer)) is not None
        ),
        measured=tuple(_measured(network, activity or PerLayer())),
    )


def _held(network: Network, layer: Layer) -> Iterator[Held]:
    """What may hold the kernel of one layer."""
    kernel = layer.weights.get("kernel")
    if not is_learned(layer) or kernel is None or kernel.ndim != 2 or not kernel.size or not layer.trainable:  # noqa: PLR2004
        return
    values = np.asarray(kernel, np.float64)
    fresh = math.sqrt(2 / sum(kernel.shape))
    size = float(np.sqrt(np.square(values).mean())) / fresh
    for weight, own in weight_regularizers(layer):
        if weight == "kernel" and isinstance(own, Regularizer) and (own.l1 or own.l2):
            factors = " and ".join(f"{kind}({value:g})" for kind, value in (("l1", own.l1), ("l2", own.l2)) if value)
            code = _without(layer, "kernel_regularizer")
            yield Held(layer, f"the penalty {factors}", size, code)
    optimizer = network.optimizer
    decay = None if optimizer is None else optimizer.options.get("weight_decay")
    if isinstance(decay, int | float) and decay >= SHRUNK_DECAY and optimizer is not None:
        rate = optimizer.learning_rate or 1e-3
        code = f"keras.optimizers.{optimizer.name}({rate:g}, weight_decay=1e-4)"
        yield Held(layer, f"the weight decay of {decay:g}", size, code)
    held = _constraint(layer, values)
    if held is not None:
        yield Held(layer, held, size if size < SMALL else None, _without(layer, "kernel_constraint"))


def _without(layer: Layer, option: str) -> str:
    """The layer as it is, without what holds it."""
    return layer_code(layer, layer.config.get("units"), *own_activation(layer), f"{option}=None")


def _constraint(layer: Layer, kernel: Array) -> str | None:
    """The constraint that most units are held by; None without one."""
    spec = layer.config.get("kernel_constraint")
    if not isinstance(spec, Mapping) or not isinstance(spec.get("config"), Mapping):
        return None
    kind, config = str(spec.get("class_name")), spec["config"]
    norms = np.linalg.norm(kernel, axis=0)
    if kind == "MaxNorm" and config.get("axis", 0) == 0:
        limit = float(config.get("max_value", 2))
        return f"MaxNorm({limit:g})" if (norms >= PINNED * limit).mean() > MOST_UNITS else None
    if kind == "MinMaxNorm" and config.get("axis", 0) == 0:
        limit = float(config.get("max_value", 1))
        return f"MinMaxNorm(max_value={limit:g})" if (norms >= PINNED * limit).mean() > MOST_UNITS else None
    if kind == "NonNeg":
        return "NonNeg()" if (kernel <= 0).mean() > MOST_UNITS else None
    return "UnitNorm()" if kind == "UnitNorm" else None


def _measured(network: Network, activity: PerLayer[ActivitySums]) -> Iterator[tuple[Held, float]]:
    for layer in network.layers:
        own, seen = activity_regularizer(layer), activity.get(layer.name)
        if not isinstance(own, Regularizer) or not own.separable or seen is None:
            continue
        units = max((open_width(node.shape) for node in network.nodes if node.layer is layer), default=1)
        size = math.sqrt(seen.squared / units)
        code = _without(layer, "activity_regularizer")
        yield Held(layer, f"the activity penalty {own.name}", size, code, "outputs"), own.of_sums(units, units)
