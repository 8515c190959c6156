"""What the losses read of a network's predictions for rows at hand."""

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Engine, Only, flat
from mlpdoctor.nn.output_head import OutputHead


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
