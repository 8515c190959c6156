"""What hides a target from a smooth guess: columns whose numbers are names, and targets that swing."""

import numpy as np

from mlpdoctor.analysis.floors.oscillation import Oscillation, along_a_line, in_the_plane, in_waves
from mlpdoctor.core.check import Absent, fact, of_data
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.rows import RowSample

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


SMOOTH = 0.5
"""Near rows, or a wave, must predict half of the variance, or it is noise that swings."""
MOST_TARGETS = 8
AT_LEAST = 5
"""Crossings: two and a half periods. Fewer are a curve, not an oscillation."""


@dataclass(frozen=True, eq=False)
class Swings:
    """How the targets swing along the inputs, where near rows agree or a wave fits.

    Attributes:
        found: of the target that swings fastest; None where all change slowly.
        target: its column.
        columns: the features that vary.
        spread: standard deviation of each of these.
    """

    found: Oscillation | None
    target: int
    columns: tuple[int, ...]
    spread: tuple[float, ...]


@of_data
@fact
def swings(sample: RowSample, ids: Ids) -> Swings | Absent:
    """Follow every target along the inputs."""
    if ids.columns:
        return Absent("the inputs are ids, which have no order", applicable=False)
    spread = sample.features.std(axis=0)
    varied = np.flatnonzero(spread > 0)
    if not 1 <= len(varied) <= 2:  # noqa: PLR2004  a line or a plane
        return Absent("swings are looked for along one or two features", applicable=False)
    best: tuple[Oscillation | None, int] = (None, 0)
    measured = False
    for column in range(min(sample.targets.shape[1], MOST_TARGETS)):
        found = _along(sample.features[:, varied], sample.targets[:, column])
        measured = measured or found is not None
        if found is None or found.smooth < SMOOTH or (found.swings is not None and found.swings < AT_LEAST):
            continue
        if best[0] is None or found.periods > best[0].periods:
            best = (found, column)
    if not measured:
        return Absent("the rows are too few, or too far apart, to tell swings from noise", applicable=False)
    columns = tuple(int(column) for column in varied)
    return Swings(best[0], best[1], columns, tuple(float(spread[column]) for column in columns))


def _along(features: Array, target: Array) -> Oscillation | None:
    """How one target swings; None where it cannot be told."""
    if features.shape[1] > 1:
        found = in_the_plane(features, target)
        return found if found is not None and found.smooth >= SMOOTH else None
    found = along_a_line(features[:, 0], target)
    if found is None or found.smooth >= SMOOTH:
        return found
    return in_waves(features[:, 0], target) or found
