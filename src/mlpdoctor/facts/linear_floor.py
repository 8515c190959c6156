"""The best affine function of the features, and the best constant, for the network's own loss."""

from dataclasses import dataclass

from mlpdoctor.fact import fact
from mlpdoctor.facts.heads import Heads
from mlpdoctor.floors import least_squares
from mlpdoctor.floors.least_absolute_passes import fit_passes
from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.stream import Passes


@dataclass(frozen=True)
class LinearFloor:
    """The best affine function of the features for each target column."""

    fits: tuple[LinearFit, ...]


@dataclass(frozen=True)
class ConstantFloor:
    """The best constant for each target column."""

    fits: tuple[LinearFit, ...]


@fact
def linear_floor(heads: Heads, factor: TargetFactor, passes: Passes) -> LinearFloor:
    """Least squares from the one pass; absolute deviations in passes of their own."""
    squares = least_squares.fit(factor)
    return LinearFloor(
        tuple(
            squares[k] if loss.unit == "squares" else fit_passes(passes.rows, factor.rows, factor.features, k)
            for k, loss in enumerate(heads.losses)
        )
    )


@fact
def constant_floor(heads: Heads, moments: TargetMoments, passes: Passes) -> ConstantFloor:
    """The mean with its variance, or the median with its mean deviation."""

    def best(k: int, unit: str) -> LinearFit:
        if unit == "squares":
            value = float(moments.squared[k] / moments.rows)
            return LinearFit(value, value, float(moments.mean[k]), ())
        return fit_passes(passes.rows, moments.rows, 0, k)

    return ConstantFloor(tuple(best(k, loss.unit) for k, loss in enumerate(heads.losses)))
