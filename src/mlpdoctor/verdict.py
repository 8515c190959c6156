"""One plain sentence that answers the user's question."""

import math

from mlpdoctor.fact import Absent
from mlpdoctor.facts.training import Training
from mlpdoctor.finding import Finding, Severity
from mlpdoctor.ladder import Ladder
from mlpdoctor.wording import percent, short

NOTHING = 1e-9
"""A loss under this share of the best constant's is zero as far as float32 weights can tell."""
SAME = 0.0005
"""Losses this close, relative to each other, are the same in the digits shown."""
MOST_TIMES = 1000
"""Beyond it "times below" stops meaning anything to a reader."""


def verdict(findings: tuple[Finding, ...], ladder: Ladder | Absent, training: Training) -> str:
    """What the report says first: the leading finding's own answer, or where the model stands."""
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    if leading is not None:
        return leading.evidence.verdict or f"{leading.message[0].upper()}{leading.message[1:]}."
    if isinstance(ladder, Absent):
        return "Nothing was found that keeps this model from training, as far as can be told without its loss on data."
    nothing = "Nothing was found that keeps this model from training."
    model = ladder.value("model")
    if model is None or not math.isfinite(model):
        return nothing
    if training.never:
        beat = f"the best linear fit, {short(ladder.value('affine') or 0.0)}, is the loss to beat"
        return f"{nothing} It has not been trained yet; {beat}."
    return f"{nothing} {_place(ladder, model)}"


def _place(ladder: Ladder, model: float) -> str:
    data, affine, constant = (ladder.value(name) or 0.0 for name in ("data", "affine", "constant"))
    loss = f"Its loss, {short(model)},"
    if model <= NOTHING * constant:
        also = ", and so is the floor of its architecture" if ladder.value("architecture") == 0 else ""
        return f"{loss} is zero to the precision of its weights{also}."
    if ladder.standing == "data":
        above = model / data - 1
        where = "" if above < SAME else f"{percent(above)} above "
        return f"{loss} is {where}the least these data allow, {short(data)}."
    if ladder.standing in ("affine", "architecture"):
        return f"{loss} is that of the best linear fit, {short(affine)}."
    left = (
        f"{loss} is {percent(model / constant)} of what the best constant loses" if constant > 0 else f"{loss} is small"
    )
    if model < affine <= MOST_TIMES * model:
        return (
            f"{left}, and {short(affine / model, 2)} times below the best linear fit's; these data allow {short(data)}."
        )
    return f"{left}."
