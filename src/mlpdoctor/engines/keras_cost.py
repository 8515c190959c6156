"""What a row costs in a network that Keras runs, in multiplications."""

import math

from mlpdoctor.engines.keras_machine import Call, Seen
from mlpdoctor.network import Network, Node

CALL_COST, STEP_COST = 1 << 14, 1 << 17
"""What it costs to call a layer, or one step of a recurrent one, in multiplications for each row of a small batch."""
STEPS = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
"""Layers that take what enters step by step."""


def row_products(network: Network, probe: Seen) -> int:
    """Multiplications that one row takes, about: every kernel once for each place where it is used."""
    total = 0
    for node, call in zip(network.nodes, probe.calls, strict=True):
        size = sum(values.size for values in node.layer.weights.values() if values.ndim > 1)
        places = math.prod(int(side) for side in call.before.shape[1:-1])
        total += size * max(places, _steps(node, call))
    return total


def call_overhead(network: Network, probe: Seen) -> int:
    """The same for what Keras does around them, which in small networks is nearly all."""
    calls = zip(network.nodes, probe.calls, strict=True)
    return sum(CALL_COST + STEP_COST * _steps(node, call) for node, call in calls)


def _steps(node: Node, call: Call) -> int:
    """Steps that a recurrent layer makes one after the other; 0 for others."""
    if node.layer.kind not in STEPS or not call.inputs or len(call.inputs[0].shape) < 3:  # noqa: PLR2004
        return 0
    return int(call.inputs[0].shape[1]) * (2 if node.layer.kind == "Bidirectional" else 1)
