"""The best affine function of the features, and the best constant, for the network's own loss."""

from dataclasses import dataclass

from mlpdoctor.fact import fact
from mlpdoctor.facts.heads import Heads
from mlpdoctor.floors import least_squares
from mlpdoctor.floors.least_absolute_passes import fit_passes
from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.statistics.affine_factor import TargetFactor
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
def linear_floor(heads: Heads, factor: TargetFactor, constant: ConstantFloor, passes: Passes) -> LinearFloor:
    """Least squares from the one pass; absolute deviations in passes of their own."""
    squares = least_squares.fit(factor)

    def best(k: int, unit: str) -> LinearFit:
        found = squares[k] if unit == "squares" else fit_passes(passes.rows, factor.rows, factor.features, k)
        flat = constant.fits[k]
        # A constant is a line, too: where rounding or a search cut short leaves the line found above it, it is better.
        if flat.value < found.value:
            return LinearFit(flat.value, min(found.lower, flat.value), flat.intercept, (0.0,) * factor.features)
        return found

    return LinearFloor(tuple(best(k, loss.unit) for k, loss in enumerate(heads.losses)))


@fact
def constant_floor(heads: Heads, factor: TargetFactor, passes: Passes) -> ConstantFloor:
    """The mean with its variance, or the median with its mean deviation."""
    squares = least_squares.constant(factor)
    return ConstantFloor(
        tuple(
            squares[k] if loss.unit == "squares" else fit_passes(passes.rows, factor.rows, 0, k)
            for k, loss in enumerate(heads.losses)
        )
    )
