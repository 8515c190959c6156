"""What a treatment may know of the case: the model, the report on it, and rows of its data."""

import numpy as np

from mlpdoctor.engines.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.finding import Finding, Report
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array, Network

MOST_ROWS = 1 << 14
"""Rows that are run through the network where a treatment must know what enters a layer."""


@dataclass(frozen=True, eq=False)
class Patient:
    """One case.

    Attributes:
        network: the model as read from its file.
        report: the diagnosis.
        features: usable rows, shape (rows, features), in the order in which the model takes them; a fair sample will
            do.
        targets: the same rows' targets, shape (rows, targets).
    """

    network: Network
    report: Report
    features: Array
    targets: Array

    def found(self, code: str) -> Finding | None:
        """The first finding of a rule."""
        return next((finding for finding in self.report.findings if finding.code == code), None)

    def behind(self, *nodes: int) -> list[Array] | None:
        """What some of the network's nodes give on these rows; None where the network cannot be followed."""
        kept: dict[int, Array] = {}

        def see(position: int, before: Array, after: Array) -> None:  # noqa: ARG001
            if position in nodes:
                kept[position] = after

        try:
            NumpyEngine(self.network).forward(self.features[:MOST_ROWS], see)
        except UnsupportedLayer:
            return None
        return [kept[node] for node in nodes]


@dataclass(frozen=True, eq=False)
class Columns:
    """Mean and standard deviation of columns; of a constant column the deviation is 1."""

    mean: Array
    deviation: Array

    @property
    def ordinary(self) -> bool:
        """Whether all columns are of a size that networks take as they are."""
        size = np.hypot(self.mean, self.deviation)
        return bool((size <= LARGE).all() and (size[size > 0] >= SMALL).all() if size.any() else True)


LARGE, SMALL = 10.0, 0.1
"""Columns up to ten and down to a tenth of the size that initialisers assume train without trouble."""


def columns(values: Array) -> Columns:
    """The columns of an array, its last axis."""
    flat = values.reshape(-1, values.shape[-1])
    deviation = flat.std(axis=0)
    constant = deviation <= np.abs(flat).max(axis=0) * np.finfo(np.float32).eps
    return Columns(flat.mean(axis=0), np.where(constant, 1.0, deviation))
