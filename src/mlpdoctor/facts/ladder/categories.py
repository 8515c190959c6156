"""Columns whose numbers are names: neither their distance nor their size means anything."""

import numpy as np

from mlpdoctor.core.fact import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Passes, open_width
from mlpdoctor.nn.layers.entry_layers import entry_layers

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
    """Follow the inputs of every Embedding back; where the way is not clear all features may be ids."""
    found: set[int] = set()
    width = len(passes.dataset.feature_names)
    for door in entry_layers(network):
        if door.layer.kind != "Embedding":
            continue
        if door.first_feature is None:
            return Ids(tuple(range(width)))
        found.update(range(door.first_feature, door.first_feature + open_width(network.nodes[door.source].shape)))
    return Ids(tuple(sorted(found & set(range(width)))))


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
