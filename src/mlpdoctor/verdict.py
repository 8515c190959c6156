"""One plain sentence that answers the user's question."""

import math

from mlpdoctor.fact import Absent
from mlpdoctor.facts.training import Training
from mlpdoctor.finding import Finding, Severity
from mlpdoctor.ladder import Ladder
from mlpdoctor.wording import short


def verdict(findings: tuple[Finding, ...], ladder: Ladder | Absent, training: Training) -> str:
    """What the report says first: the leading finding's own answer, or where the model stands."""
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    if leading is not None:
        return leading.evidence.verdict or f"{leading.message[0].upper()}{leading.message[1:]}."
    nothing = "Nothing was found that keeps this model from training."
    if isinstance(ladder, Absent):
        return nothing
    model = ladder.value("model")
    if training.never or model is None or not math.isfinite(model):
        return nothing
    return f"{nothing} {_place(ladder, model)}"


def _place(ladder: Ladder, model: float) -> str:
    data, affine, constant = (ladder.value(name) or 0.0 for name in ("data", "affine", "constant"))
    if ladder.standing == "data":
        return f"Its loss, {short(model)}, is the least these data allow."
    if ladder.standing in ("affine", "architecture"):
        return f"Its loss, {short(model)}, is that of the best linear fit, {short(affine)}."
    if model < affine:
        times = affine / model if model > 0 else math.inf
        than = f"{short(times, 3)} times below" if math.isfinite(times) else "below"
        return f"Its loss, {short(model)}, is {than} the best linear fit, {short(affine)}; these data allow {short(data)}."
    return f"Its loss, {short(model)}, lies between the best linear fit, {short(affine)}, and the best constant, {short(constant)}."
