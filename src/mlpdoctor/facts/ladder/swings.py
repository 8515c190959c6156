"""Targets that swing along their one or two inputs."""

import numpy as np

from mlpdoctor.analysis.floors.oscillation import Oscillation, along_a_line, in_the_plane, in_waves
from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.categories import Ids
from mlpdoctor.statistics.row_sample import RowSample

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
