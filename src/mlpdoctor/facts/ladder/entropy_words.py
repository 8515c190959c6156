"""What soft labels cost whatever the model, in words."""

from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.loss_position import LossPosition


def entropy_first(position: LossPosition) -> str:
    """What comes first where most of the loss is the entropy of the targets; empty elsewhere."""
    if not position.mostly_entropy:
        return ""
    left = position.model - position.perfect
    return (
        f"{short(position.perfect)} of the loss, {short(position.model)}, cannot be removed: it is the entropy of "
        f"targets that are neither 0 nor 1, and even perfect predictions cost it. {short(left, 3)} is left to learn. "
    )
