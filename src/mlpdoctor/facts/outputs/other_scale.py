"""The scale of the rows on which a model is good that is bad on them as they are."""

from dataclasses import replace

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.scaling_trials import BAD, FEW_FEATURES, ScalingTrials, Tried

GOOD = 0.5
"""On its own scale a model loses at most half of what a constant does, or about what a linear model does."""
GAIN = 4.0
"""Below the constant's loss another scale has to be so many times better: no chance does that."""
POOR = 0.8
"""Above it nothing is said, whatever a linear model reaches: garbage gets there."""
AS_LINEAR = 1.1
BY_MORE = 0.8
"""Another scale has to be better by a fifth than the same predictions made less sure."""
SURELY_GREY = 0.25
"""But to a network without offsets grey values divided by 255 are the same as predictions divided by 255."""
PREFERRED = 0.95
"""A rarer scaling has to be better by a twentieth before it is named instead of a more usual one."""
PREFERRED_TO_GREY = 0.5
"""For grey values it has to be twice as good as dividing by 255."""
MOST_OF_THE_LINE = 0.8
"""A classifier whose level was moved by class weights: with that put right it saves most of what a linear one saves."""
CHANCE = 50.0
"""A gain of so many rows' worth of the constant's loss is beyond what a level fitted to these rows brings."""
TWICE = 2.0
"""And twice as much as the same predictions on this file do, with level and size put right."""


@dataclass(frozen=True)
class OtherScale:
    """Scalings under which the model is good.

    Attributes:
        best: the one to name.
        rest: the others, the best first.
        moved: whether its probabilities have to be moved to the shares of the classes as well.
    """

    best: Tried
    rest: tuple[Tried, ...]
    moved: bool


def other_scale(trials: ScalingTrials, position: LossPosition) -> OtherScale | None:
    """The scale the model was trained on; None where it is that of the file, or none is found."""
    if trials.before < BAD:
        return None
    moved = False
    good = _as_good_as_trained(trials, position)
    if not good:
        good, moved = _with_another_level(trials, position), True
    if not good:
        return None
    usual = [one for one in good if trials.grey and one.features == "divided by 255"]
    best = min(usual, key=lambda one: one.share) if usual else good[0]
    for one in good:
        best = one if one.share < (PREFERRED_TO_GREY if usual else PREFERRED) * best.share else best
    rest = sorted((one for one in good if one is not best), key=lambda one: one.share)
    return OtherScale(best, tuple(rest), moved)


def _as_good_as_trained(trials: ScalingTrials, position: LossPosition) -> list[Tried]:
    """The scalings under which the model is good as it is."""
    limit = GOOD if position.affine is None else min(max(GOOD, AS_LINEAR * position.of_constant(position.affine)), POOR)
    good = [one for one in trials.tried if one.share <= limit]
    if trials.before < 1:
        good = [one for one in good if one.share * GAIN <= trials.before]
    if trials.alone:
        return good
    calmed = BY_MORE * trials.calmed
    return [one for one in good if one.share <= calmed or (trials.grey and one.share <= SURELY_GREY)]


def _with_another_level(trials: ScalingTrials, position: LossPosition) -> list[Tried]:
    """The scalings under which a classifier tells the classes apart, with probabilities that class weights moved."""
    if trials.alone or position.affine is None or trials.features <= FEW_FEATURES or trials.before < 1:
        return []
    line = 1 - position.of_constant(position.affine)
    least = max(MOST_OF_THE_LINE * line, TWICE * max(1 - trials.calmed_levelled, 0.0), CHANCE / trials.rows)
    return [replace(one, share=one.levelled) for one in trials.tried if 1 - one.levelled >= least]
