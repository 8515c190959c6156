"""The moments that a normalising layer keeps, beside those of what enters it."""

from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.nn.layers.family import array, number
from mlpdoctor.statistics.moments import NormalisedMoments

BATCH = "BatchNormalization"
NEXT_TO_NOTHING = 0.01
"""Share of its epsilon at which the variance of a BatchNormalization counts for nothing."""
ROUNDING = 1e-6
"""Share of its size within which a column of float32 numbers is constant."""


@dataclass(frozen=True, eq=False)
class Gap:
    """How far the stored moments of the worst column are from the data's.

    Attributes:
        column: which.
        stored: mean and deviation in the file.
        seen: mean and deviation of what enters.
        shift: difference of the means, in stored deviations.
        ratio: deviation of the data over the stored one.
    """

    column: int
    stored: tuple[float, float]
    seen: tuple[float, float]
    shift: float
    ratio: float

    @staticmethod
    def numbers(gap: "Gap | None") -> dict[str, float | int | None]:
        """All of it, as a report has it: columns counted from 1; None for each where nothing was seen."""
        return {
            "column": None if gap is None else gap.column + 1,
            "stored_mean": None if gap is None else gap.stored[0],
            "stored_deviation": None if gap is None else gap.stored[1],
            "seen_mean": None if gap is None else gap.seen[0],
            "seen_deviation": None if gap is None else gap.seen[1],
            "shift": None if gap is None else gap.shift,
            "ratio": None if gap is None else gap.ratio,
        }


@dataclass(frozen=True, eq=False)
class StoredMoments:
    """What a normalising layer subtracts and divides by.

    Attributes:
        mean: one for each column.
        deviation: likewise, with what keeps it from zero.
        epsilon: what was added to the variance before its root was taken.
    """

    mean: Array
    deviation: Array
    epsilon: float

    @property
    def fresh(self) -> bool:
        """Whether it lets everything through as it is."""
        return bool(np.all(self.mean == 0) and np.all(self.deviation == 1))

    @property
    def of_single_rows(self) -> bool:
        """Whether every stored variance is next to 0, as that of a batch of one row is."""
        return self.epsilon > 0 and bool((np.square(self.deviation) < (1 + NEXT_TO_NOTHING) * self.epsilon).all())

    @classmethod
    def of(cls, layer: Layer) -> Self | None:
        """Those of a BatchNormalization or a Normalization; None for other layers, and where they are no numbers."""
        names = ("moving_mean", "moving_variance") if layer.kind == BATCH else ("mean", "variance")
        if layer.kind not in (BATCH, "Normalization") or layer.config.get("invert"):
            return None
        if layer.kind == "Normalization" and layer.config.get("mean") is not None:
            moments = array(layer.config["mean"]), array(layer.config["variance"])
        elif all(name in layer.weights for name in names):
            moments = np.asarray(layer.weights[names[0]], np.float64), np.asarray(layer.weights[names[1]], np.float64)
        else:
            return None
        epsilon = number(layer.config.get("epsilon"), 1e-3) if layer.kind == BATCH else 0.0
        mean, variance = (moment.reshape(-1) for moment in moments)
        if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
            return None
        root = np.sqrt(np.maximum(variance + epsilon, 1e-14)) if epsilon else np.maximum(np.sqrt(variance), 1e-7)
        return cls(mean, root, epsilon)

    def gap(self, seen: NormalisedMoments, shifted: float, stretched: float) -> Gap | None:
        """The worst column; None where all are close.

        Args:
            seen: moments of what enters the layer.
            shifted: stored deviations by which the means have to differ.
            stretched: times by which the deviations have to.
        """
        mean, deviation = (
            np.broadcast_arrays(self.mean, seen.mean)[0],
            np.broadcast_arrays(self.deviation, seen.mean)[0],
        )
        # A constant column is stored up to rounding, which the smallest of deviations must not blow up.
        grain = ROUNDING * np.maximum(np.abs(seen.mean), np.abs(mean))
        shift = np.maximum(np.abs(seen.mean - mean) - grain, 0.0) / np.maximum(deviation, grain)
        ratio = np.sqrt(np.square(seen.deviation) + self.epsilon) / np.maximum(deviation, grain)
        # A column that hardly moves here is a constant one; it is the mean that counts then.
        narrow = (ratio < 1 / stretched) & (seen.deviation > grain)
        off = (shift > shifted) | (ratio > stretched) | narrow
        if not off.any():
            return None
        with np.errstate(divide="ignore"):
            size = np.where(off, np.maximum(shift / shifted, np.abs(np.log(np.maximum(ratio, 1e-12)))), -1.0)
        worst = int(size.argmax())
        return Gap(
            worst,
            (float(mean[worst]), float(deviation[worst])),
            (float(seen.mean[worst]), float(seen.deviation[worst])),
            float(shift[worst]),
            float(ratio[worst]),
        )
