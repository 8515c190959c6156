"""The outputs of the network with their losses, as a fact."""

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Engine, Only, Passes, flat
from mlpdoctor.nn.heads import Heads, heads_of
from mlpdoctor.nn.output_head import OutputHead


@fact
def heads(network: Network, passes: Passes | None = None) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    return heads_of(network, None if passes is None else len(passes.dataset.target_names))


def read_by(heads: tuple[OutputHead, ...], engine: Engine, features: Array, block: int) -> Array:
    """What the losses read of all outputs, side by side: shape (rows, units).

    Args:
        heads: the outputs.
        engine: runs the network.
        features: of the rows, shape (rows, features).
        block: how many rows are run at a time.
    """
    behind = frozenset(head.node for head in heads if head.behind)
    blocks = []
    for start in range(0, len(features), block):
        before: dict[int, Array] = {}

        def see(place: int, entered: Array, _: Array, kept: dict[int, Array] = before) -> None:
            kept[place] = entered

        outputs = engine.forward(features[start : start + block], Only(behind, see))
        read = [flat(before[head.node] if head.behind else outputs[head.output]) for head in heads]
        blocks.append(np.concatenate(read, axis=1))
    return np.concatenate(blocks)
