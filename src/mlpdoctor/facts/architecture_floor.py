"""The highest proved lower bound on the loss of this architecture, whatever its weights."""

from dataclasses import dataclass

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.collapse import Collapse
from mlpdoctor.facts.conflict_floor import ConflictFloor
from mlpdoctor.facts.heads import Heads
from mlpdoctor.facts.linear_floor import LinearFloor
from mlpdoctor.floors import least_squares
from mlpdoctor.network import Network
from mlpdoctor.statistics.affine_factor import TargetFactor


@dataclass(frozen=True)
class ArchitectureFloor:
    """What no setting of the weights goes below.

    Attributes:
        per_output: the bound for each output column.
        reason: the theorem, in a few words.
    """

    per_output: tuple[float, ...]
    reason: str


@fact
def architecture_floor(
    network: Network,
    heads: Heads,
    collapse: Collapse,
    linear: LinearFloor,
    conflicts: ConflictFloor,
    factor: TargetFactor,
) -> ArchitectureFloor | Absent:
    """Outputs that are affine in the inputs lose at least what the best affine function loses.

    Theorem: a composition of affine maps is affine, so whatever the weights, such an output is one of the functions
    over which the affine rung is the minimum. Its witness is the line that reaches the rung. Without any bias the
    function is zero at the origin as well, and the minimum over those is at least as high.
    """
    if not any(collapse.affine_outputs):
        return Absent("no bound is proved for this architecture", applicable=False)
    fits = linear.fits
    if not collapse.intercept:
        straight = least_squares.fit(factor, intercept=False)
        fits = tuple(straight[k] if loss.unit == "squares" else linear.fits[k] for k, loss in enumerate(heads.losses))
    flat = [
        affine
        for affine, width in zip(collapse.affine_outputs, network.output_widths, strict=True)
        for _ in range(width or 0)
    ]
    lowest = conflicts.conflicts.floors
    return ArchitectureFloor(
        per_output=tuple(max(fits[k].lower, lowest[k]) if affine else lowest[k] for k, affine in enumerate(flat)),
        reason="an affine network" if collapse.intercept else "an affine network without any bias",
    )
