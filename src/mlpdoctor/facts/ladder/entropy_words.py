"""What comes first where most of a loss is the entropy of its targets."""

from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.loss_position import LossPosition


def entropy_first(position: LossPosition) -> str:
    """What comes first where most of the loss is the entropy of the targets; empty elsewhere."""
    if not position.mostly_entropy:
        return ""
    rest = f"{short(position.model - position.perfect, 3)} is left to learn. "
    first = f"{short(position.perfect)} of the loss, {short(position.model)}, cannot be removed: it is the entropy of "
    return f"{first}targets that are neither 0 nor 1, and even perfect predictions cost it. {rest}"
