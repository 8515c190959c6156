"""Where the loss of a healthy model stands, in words."""

from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import named, percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition

NOTHING = 1e-9
"""A loss under this share of the best constant's is zero as far as float32 weights can tell."""
SAME = 0.0005
"""Losses this close, relative to each other, are the same in the digits shown."""
LITTLE = 0.9
"""From this share of the constant's loss on a model that does well has had little to learn."""


def little(position: LossPosition) -> str:
    """That a low share is all there is, where it is: such a loss looks stuck, and is not."""
    saved = 1 - position.of_constant(min(position.model, position.reach))
    if position.of_constant(position.model) < LITTLE or saved <= 0:
        return ""
    found = f"all that was tried saves at most {percent(saved)} of the loss of the best constant"
    return f" There is little to learn in these data: {found}."


def place(ladder: Ladder, model: float) -> str:
    """Where the loss stands, beside what anybody can compare it with."""
    data, constant, line = ladder.value("data") or 0.0, ladder.rung("constant"), ladder.rung("affine")
    loss = f"Loss {short(model)}"
    if constant is None:
        return f"{loss}."
    if model - ladder.perfect <= NOTHING * (constant.value - ladder.perfect):
        also = ", and so is the lowest this network can reach" if ladder.value("architecture") == ladder.perfect else ""
        return f"{loss}: {'zero' if ladder.perfect == 0 else 'perfect'} to the precision of its weights{also}."
    if ladder.standing == "data":
        above = model / data - 1
        where = "" if abs(above) < SAME else f"{percent(above)} above "
        return f"{loss}: {where}the lowest possible on these data, {short(data)}."
    if ladder.standing == "architecture":
        return f"{loss}: the lowest this network can reach."
    if ladder.standing == "affine" and line is not None:
        return f"{loss}: that of {named(line.label)}."
    given = [f"{named(rung.label)} gives {short(rung.value, 3)}" for rung in (constant, line) if rung is not None]
    return f"{loss}; {', '.join(given)}."
