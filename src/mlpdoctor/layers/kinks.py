"""How many kinks the answer of a network with one input can have, whatever its weights."""

import math

from mlpdoctor.layers.nature import activation_of, has_affine_forward
from mlpdoctor.network import Network


def most_kinks(network: Network) -> tuple[int, ...] | None:
    """For each output the number of kinks it can have at most; None where they cannot be counted.

    A unit turns a kink of its own activation into a kink of its answer wherever its pre-activation, a line between
    the kinks it has already, crosses that place: at most once between any two of them. A layer of n units with k kinks
    each, behind p pieces, has at most ``(p - 1) + p n k`` kinks. Sums and concatenations have the kinks of all parts.
    """
    if network.input_width != 1:
        return None
    counts: list[int] = []
    for node in network.nodes:
        activation = activation_of(node.layer)
        if activation is None or activation.kinks is None or not has_affine_forward(node.layer) or node.shape is None:
            return None
        before = sum(counts[source] for source in node.sources)
        units = math.prod(side or 1 for side in node.shape)
        counts.append(before + (before + 1) * units * len(activation.kinks))
    return tuple(counts[output] for output in network.outputs)
