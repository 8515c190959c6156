"""What trials cost, told from the network alone: the budget counts that, so that a busy machine gives the same answer.

Seconds are those of one core of an ordinary machine. The numbers were fitted to what `tests/benchmarks/update_costs.py`
measured (TensorFlow 2, Adam, networks of 7 to 670,000 weights); it prints how far each case is from them: less than a
factor of 1.6, but for updates of microseconds.
"""

import math
from enum import Enum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network, Node
from mlpdoctor.nn.layers.unsupported_layers import goes_step_by_step


class Way(Enum):
    """What makes the updates: seconds for each layer, for each step of a recurrent one, and for each weight."""

    LOOP = (3.5e-5, 8e-5, 3.5e-9)
    """A loop in TensorFlow's graph."""
    XLA = (3e-6, 1e-4, 2e-9)
    """The same, compiled."""
    FIT = (5e-4, 5e-4, 3.5e-9)
    """``fit``, on other backends and where a layer refuses to be in a loop."""


PRODUCTS = 7.5e10
"""Multiplications a second of matrices in float32."""
CONVOLVED = {Way.LOOP: 8e9, Way.XLA: 1.5e9, Way.FIT: 8e9}
"""The same of convolutions, which XLA makes slower on a processor."""
PASSES = 3
"""Forward, and backward to the weights and to what enters."""
MODEL, LAYER, RECURRENT = 0.2, 0.18, 0.5
"""Seconds to build a model and trace its loop, and for each layer with weights; a recurrent one takes so much more."""
TO_COMPILE = 0.6
"""Seconds that XLA takes on top."""
LOOK = 1e-3
"""Seconds around one judgement of all rows."""


@dataclass(frozen=True)
class Cost:
    """What training a model takes, in seconds of an ordinary machine.

    Attributes:
        model: to get it ready.
        update: one update.
        look: to judge it on all rows.
    """

    model: float
    update: float
    look: float


def cost_of(network: Network, batch: int, rows: int, way: Way) -> Cost:
    """What training a network costs.

    Args:
        network: the model.
        batch: rows of an update.
        rows: that it is judged on.
        way: of the updates.
    """
    of_layer, of_step, of_weight = way.value
    forward, update, model = 0.0, 0.0, MODEL + TO_COMPILE * (way is Way.XLA)
    for node in network.nodes:
        size = sum(int(values.size) for values in node.layer.weights.values() if values.ndim > 1)
        steps = _steps(network, node)
        places = math.prod(side or 1 for side in (node.shape or ())[:-1])
        forward += size * max(places, steps, 1) / (PRODUCTS if places == 1 else CONVOLVED[way])
        update += (of_layer if not steps else of_step * steps) + of_weight * size
        model += LAYER * (size > 0) + RECURRENT * (steps > 0)
    return Cost(model, update + PASSES * batch * forward, LOOK + rows * forward)


def _steps(network: Network, node: Node) -> int:
    """Steps that a recurrent layer makes one after the other; 0 for others."""
    shape = network.nodes[node.sources[0]].shape if goes_step_by_step(node.layer) and node.sources else None
    return (shape[0] or 1) * (2 if node.layer.kind == "Bidirectional" else 1) if shape else 0
