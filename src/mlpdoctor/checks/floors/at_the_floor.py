"""L508: a model whose loss is as low as the data allow."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.data_floors import ConflictFloor, NoiseEstimate
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import Trained

BELOW_THE_CONSTANT = 0.9
"""A floor this near to the constant's loss is for L507: that little can be learned is another answer."""
MEANT = 0.001
"""Conflicts that cost less than this share of the constant's loss keep no loss up that anybody sees."""
SHARP = 0.25
"""An estimate of the noise that is uncertain by more than a quarter of itself is no floor to stand on."""
WITHIN = 2.0
"""Standard errors within which a loss is the estimated noise."""


@check(
    "L508",
    Severity.NOTE,
    "the model's loss, {model}, is {compared} {floor}, {kind}",
    stage=Stage.OUTCOME,
    because="L503",
    untreatable="the loss is as low as these data allow; there is nothing to cure",
)
def at_the_floor(
    ladder: Ladder,
    position: LossPosition,
    conflicts: ConflictFloor,
    trained: Trained,  # noqa: ARG001  a model that has never been trained has reached nothing
    noise: NoiseEstimate | None,
) -> Iterator[Evidence]:
    """A model whose loss is as low as these data allow: nothing is wrong.

    Why it matters
        A loss that does not fall any more is not always stuck. Where rows with equal inputs have different targets, or
        where the targets carry noise that no function of the inputs can know, the loss stops at what that costs. A
        cross-entropy of targets that are neither 0 nor 1, such as grey values or smoothed labels, stops at their
        entropy. A model there has learned what there is.
    How to fix it
        None is needed. What lowers the loss now is other data: the feature that tells such rows apart, targets that are
        measured more exactly.
    When it stays silent
        Models that have not been trained or that something is known to beat, the best line included; losses below the
        range of the noise, which a model gets to by memorising rows; noise that is as high as the loss of the best
        constant (L507 looks into that), or whose estimate is too uncertain.
    How sure
        Proved where conflicting rows are the floor, and where it is the entropy of the targets, below which no
        prediction gets (Gibbs' inequality). Estimated where it is noise: within two standard errors of it,
        which is the range shown.
    """
    span = position.above(position.constant)
    if span <= 0 or not position.well or position.of_constant(position.model) >= BELOW_THE_CONSTANT:
        return
    if ladder.standing == "data" and conflicts.conflict_total > MEANT * span:
        yield _on_conflicts(position, conflicts)
    elif noise is not None and _within(position, noise):
        yield _on_noise(position, noise)
    elif position.mostly_entropy:
        yield _on_entropy(position)


def _within(position: LossPosition, noise: NoiseEstimate) -> bool:
    sharp = noise.error <= SHARP * position.above(noise.total)
    near = abs(position.model - noise.total) <= WITHIN * noise.error
    return sharp and near and not position.above_the_line


def _on_conflicts(position: LossPosition, conflicts: ConflictFloor) -> Evidence:
    floor, found = conflicts.total, conflicts.conflicts
    above = (position.model - floor) / conflicts.conflict_total
    compared = "equal to" if abs(above) < MEANT else f"{percent(above)} above"
    rows = f"{count(found.rows, 'row')} in {count(found.groups, 'group')} with equal inputs have different targets"
    return Evidence(
        numbers={
            "model": position.model,
            "compared": compared,
            "floor": floor,
            "kind": "the least that these data allow",
            "rows": found.rows,
            "groups": found.groups,
        },
        certainty=Certainty.PROVED,
        why=f"{rows}, so no model gets below {short(floor)}. Only a feature that tells "
        "these rows apart would lower it.",
        remedy=None,
        strength=1.0,
        verdict=f"The loss is as low as these data allow: {short(position.model)} is {compared} the floor of "
        f"{short(floor)} that rows with equal inputs and different targets set.",
        rules_out=("learning rate", "optimizer", "epochs", "width"),
    )


def _on_noise(position: LossPosition, noise: NoiseEstimate) -> Evidence:
    low, high = max(noise.total - WITHIN * noise.error, 0.0), noise.total + WITHIN * noise.error
    interval = f"{short(low, 2)} to {short(high, 2)}"
    start = (
        f"Looks healthy. Loss {short(position.model)}; noise in the targets alone is estimated to cost"
        if position.model < noise.total
        else f"The loss is about as low as these data allow: {short(position.model)}. Noise in the targets alone is "
        "estimated to cost"
    )
    return Evidence(
        numbers={
            "model": position.model,
            "compared": "within",
            "floor": interval,
            "kind": "two standard errors about what is probably noise in the targets",
            "noise": noise.total,
            "error": noise.error,
            "low": low,
            "high": high,
            "rows": noise.rows,
        },
        certainty=Certainty.ESTIMATED,
        why=f"Rows with near inputs differ in their targets by as much: their noise is estimated at "
        f"{short(noise.total, 2)}, {interval} within two standard errors ({noise.method}).",
        remedy=None,
        strength=0.5,
        verdict=f"{start} {interval}. Other features or more exact targets would lower that.",
    )


def _on_entropy(position: LossPosition) -> Evidence:
    above = (position.model - position.perfect) / position.above(position.constant)
    return Evidence(
        numbers={
            "model": position.model,
            "compared": "mostly",
            "floor": position.perfect,
            "kind": "the entropy of targets that are neither 0 nor 1",
            "left_share": above,
        },
        certainty=Certainty.PROVED,
        why=f"Even perfect predictions cost {short(position.perfect)}. Of what the best constant loses above that, "
        f"{percent(above)} is left.",
        strength=0.5,
        verdict=f"{entropy_first(position)}The model is close to the best known.",
    )
