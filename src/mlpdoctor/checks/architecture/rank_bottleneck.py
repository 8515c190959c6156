"""A102: a linear way through too few units."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.architecture_floor import Bottlenecks, RankBound
from mlpdoctor.facts.ladder.bounds import caveat
from mlpdoctor.facts.ladder.linear_floor import LinearFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.training import Training

MOST_LEFT = 0.1
"""Share of the variance left outside that a loss of another kind than the squared error may not notice."""


@check(
    "A102",
    Severity.ERROR,
    "the {outputs} outputs of {output} pass a layer of only {units} on a linear way",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.LOSS,
    names=("width",),
)
def rank_bottleneck(
    objective: Objective,
    bound: RankBound | None,
    bottlenecks: Bottlenecks | None,
    linear: LinearFloor,
    position: LossPosition,
    training: Training,
    *,
    tolerated: float = 0.01,
) -> Iterator[Evidence]:
    """Outputs that pass too few units with nothing nonlinear behind.

    Why it matters
        Whatever comes before, the outputs are an affine map of those few numbers, so all predictions lie on a line, a
        plane or a space of so many dimensions. What the targets vary in beyond it stays in the loss.
    How to fix it
        Widen the narrowest layer to the number of outputs at least; or put something nonlinear behind it.
    When it stays silent
        A bottleneck that costs less, beside what is known to be within reach, than the tolerated share of what the best
        constant loses; autoencoders, whose bottleneck is the point: their targets are the features themselves.
    How sure
        Proved. For a network that is affine as a whole the floor is that of reduced rank regression, for others the
        part of the targets outside their best space of so many dimensions. Under other losses than the squared error
        nothing is proved: that part is measured in squares, and must be large beside what a quick fit leaves.
    References
        Eckart and Young, 1936; Izenman, Reduced-rank regression for the multivariate linear model, 1975.
    """
    if linear.copies:
        return
    yield from _unproved(bottlenecks, position, tolerated)
    if bound is None:
        return
    for head, floor, rank, whole in zip(objective.heads.heads, bound.per_head, bound.ranks, bound.whole, strict=True):
        if rank is None:
            continue
        own = [fit.value for fit, part in zip(linear.fits, objective.parts, strict=True) if part.head is head]
        without = head.weight * float(np.mean(own))
        if not whole and len(bound.per_head) == 1:
            without = min(without, position.reach)
        cost = (floor - without) / position.above(position.constant) if position.above(position.constant) > 0 else 0.0
        if cost <= tolerated:
            continue
        yield Evidence(
            numbers={
                "output": head.name,
                "outputs": head.units,
                "units": count(rank, "unit"),
                "floor": floor,
                "floor_without": without,
                "cost_of_constant_share": cost,
            },
            certainty=bound.certainty,
            why=f"Its loss cannot go lower than {short(floor)}; without the bottleneck {short(without)} is known to be "
            f"within reach. The difference is {percent(cost)} of the loss of always predicting the mean."
            + caveat(bound.doubt),
            remedy=Remedy(f"give every layer before {head.name} at least {count(head.units, 'unit')}"),
            explains=None if training.never else position.part(floor - without),
            strength=min(cost, 1.0),
            verdict=f"The {head.units} outputs of {head.name} are a linear map of only {count(rank, 'number')}: "
            f"the loss cannot go lower than {short(floor)}.",
        )


def _unproved(bottlenecks: Bottlenecks | None, position: LossPosition, tolerated: float) -> Iterator[Evidence]:
    """Under losses other than the squared error, where the targets need more room than the way has."""
    for one in () if bottlenecks is None else bottlenecks.heads:
        head, within = one.head, position.of_constant(position.reach)
        if position.well or one.outside <= max(MOST_LEFT, within) + tolerated:
            continue
        yield Evidence(
            numbers={
                "output": head.name,
                "outputs": head.units,
                "units": count(one.rank, "unit"),
                "floor": None,
                "outside_share": one.outside,
                "reach_of_constant_share": within,
            },
            certainty=Certainty.MEASURED,
            why=f"{percent(one.outside)} of the variance of the targets lies outside of any {_space(one.rank)}; a "
            f"quick fit leaves {percent(within)} of what the best constant loses.",
            remedy=Remedy(f"give every layer before {head.name} at least {count(head.units, 'unit')}"),
            strength=min(one.outside, 1.0),
            verdict=f"The {head.units} outputs of {head.name} are a linear map of only {count(one.rank, 'number')}, "
            f"and {percent(one.outside)} of what the targets do needs more than that.",
        )


def _space(rank: int) -> str:
    return {1: "line", 2: "plane"}.get(rank, f"space of {rank} dimensions")
