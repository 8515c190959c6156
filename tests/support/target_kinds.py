"""What is told of target columns given as an array."""

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.facts.outputs.labels import Labels, tell
from mlpdoctor.statistics.losses_and_targets import TargetCounts
from mlpdoctor.statistics.views import Targets


def told(values: Array) -> Labels:
    """The kind of target, as a diagnosis would tell it."""
    columns = values.reshape(len(values), -1)
    counts = TargetCounts.of(Targets(columns))
    joined = bool((np.abs(columns.sum(axis=1) - 1) <= 1e-3).all())
    whole = bool((columns == np.rint(columns)).all())
    return tell(counts.columns, float(columns.min()), float(columns.max()), whole=whole, joined=joined)
