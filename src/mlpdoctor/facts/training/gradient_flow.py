"""How large the gradient is at each learned layer, and which units an optimizer has never seen one for."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.distinct import median
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.facts.training.gradients import Gradients
from mlpdoctor.facts.training.training import constant_start
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.layers.properties import mixes
from mlpdoctor.nn.optimizers.rule import Rule, build


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
    usual = median(values) if (values := seen[seen > 0]).size else ORDINARY
    left = usual * (1 - rule.kept) if rule.power > 1 else usual
    if not math.isfinite(left):
        return None  # what the optimizer remembers has overflowed, and never fades
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
