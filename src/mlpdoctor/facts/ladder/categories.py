"""Columns whose numbers are names: neither their distance nor their size means anything."""

import numpy as np

from mlpdoctor.core.fact import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Passes

MOST_VALUES = 256
"""Values of all such columns together whose groups are looked at, the most frequent first."""
OFTEN = 4
"""A number that occurs so often on average may be a name; if it is not, its groups do no harm."""


@dataclass(frozen=True)
class Ids:
    """The features that enter an Embedding, which takes them for names.

    Attributes:
        columns: their positions.
    """

    columns: tuple[int, ...]


@fact
def ids(network: Network, passes: Passes) -> Ids:
    """Follow every Embedding back to the inputs; of one whose columns part on the way all columns count."""
    starts, start = {}, 0
    for position, width in zip(network.inputs, network.input_widths, strict=True):
        starts[position] = range(start, start + (width or 0))
        start += width or 0
    found: set[int] = set()
    for node in network.nodes:
        todo = [*node.sources] if node.layer.kind == "Embedding" else []
        while todo:
            place = todo.pop()
            found.update(starts.get(place, ()))
            todo += network.nodes[place].sources
    return Ids(tuple(sorted(found & set(range(len(passes.dataset.feature_names))))))


def groups(features: Array, names: tuple[int, ...]) -> Array | None:
    """For each frequent value of the columns with few values a column of 0 and 1; None where there are none.

    Args:
        features: shape (rows, features).
        names: columns that count however many values they have.
    """
    columns = []
    for column in range(features.shape[1]):
        values, place, many = np.unique(features[:, column], return_inverse=True, return_counts=True)
        if len(values) > 1 and (column in names or len(values) * OFTEN <= len(features)):
            columns += [(int(many[k]), place.ravel() == k) for k in range(len(values))]
    rows, place, many = np.unique(features, axis=0, return_inverse=True, return_counts=True)
    if features.shape[1] > 1 and len(rows) * OFTEN <= len(features):
        columns += [(int(many[k]), place.ravel() == k) for k in range(len(rows))]
    if not columns:
        return None
    columns.sort(key=lambda one: -one[0])
    return np.stack([member for _, member in columns[:MOST_VALUES]], axis=1).astype(np.float64)
