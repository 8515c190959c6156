"""One plain sentence that answers the user's question."""

import math

from mlpdoctor.core.fact import Absent
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.training.training import Training

NOTHING = 1e-9
"""A loss under this share of the best constant's is zero as far as float32 weights can tell."""
SAME = 0.0005
"""Losses this close, relative to each other, are the same in the digits shown."""
ALL_IS_WELL = ("L508",)
"""Rules that answer the question although they are notes: there is nothing to mend."""
FROM_THE_CURVE = ("H803", "H807", "H808", "H804", "H806", "H801")
"""Rules that tell what the training curve did: that comes first, in the numbers of who saw it."""
MOST_TIMES = 1000
"""Beyond it "times below" stops meaning anything to a reader."""


@dataclass(frozen=True)
class Scope:
    """How much of what there is to see the verdict is about.

    Attributes:
        checks: that were run.
        of: checks there are.
        hidden: findings that are not to be reported.
    """

    checks: int
    of: int
    hidden: tuple[Finding, ...] = ()

    @property
    def grave(self) -> int:
        """How many of the hidden findings are more than notes."""
        return sum(finding.severity is not Severity.NOTE for finding in self.hidden)

    def nothing(self) -> str:
        """That nothing was found, by whom, and apart from what."""
        but = f"Apart from {count(self.grave, 'suppressed finding')}, nothing" if self.grave else "Nothing"
        by = "" if self.checks == self.of else f" by the {count(self.checks, 'rule')} asked, of {self.of},"
        return f"{but} was found{by} that keeps this model from training"


WHOLE = Scope(0, 0)
"""All rules were asked and nothing is hidden."""


def verdict(findings: tuple[Finding, ...], ladder: Ladder | Absent, training: Training, scope: Scope = WHOLE) -> str:
    """What the report says first: the leading finding's own answer, that all is well, or where the model stands.

    In front of it comes what the training curve did, where a finding says so that does not lead itself.
    """
    leading = next((finding for finding in findings if finding.severity is not Severity.NOTE), None)
    curve = from_the_curve(findings, leading)
    answer = _answer(findings, leading, ladder, training, scope)
    return answer if curve is None else f"{curve} {answer}"


def from_the_curve(findings: tuple[Finding, ...], leading: Finding | None) -> str | None:
    """What the training curve did, in a sentence; None where no finding says so, or the leading one does."""
    told = [f for code in FROM_THE_CURVE for f in findings if f.code == code and f.evidence.verdict is not None]
    if not told or (leading is not None and leading.code in FROM_THE_CURVE):
        return None
    return told[0].evidence.verdict


def led(leading: Finding) -> str:
    """The answer of the finding that leads."""
    return leading.evidence.verdict or f"{leading.message[0].upper()}{leading.message[1:]}."


def _answer(
    findings: tuple[Finding, ...], leading: Finding | None, ladder: Ladder | Absent, training: Training, scope: Scope
) -> str:
    if leading is not None:
        return led(leading)
    good = next((finding for finding in findings if finding.code in ALL_IS_WELL), None)
    if good is not None and good.evidence.verdict is not None and not scope.grave:
        return good.evidence.verdict
    if isinstance(ladder, Absent):
        return f"{scope.nothing()}, as far as can be told without its loss on data."
    nothing = f"{scope.nothing()}."
    model = ladder.value("model")
    if model is None or not math.isfinite(model):
        return nothing
    if training.never:
        beat = ladder.rung("affine") or ladder.rungs[0]
        return f"{nothing} It has not been trained yet; the {beat.label}, {short(beat.value)}, is the loss to beat."
    return f"{nothing} {_place(ladder, model)}"


def _place(ladder: Ladder, model: float) -> str:
    data, constant = (ladder.value(name) or 0.0 for name in ("data", "constant"))
    line = ladder.rung("affine")
    loss = f"Its loss, {short(model)},"
    span = constant - ladder.perfect
    if model - ladder.perfect <= NOTHING * span:
        also = ", and so is the floor of its architecture" if ladder.value("architecture") == ladder.perfect else ""
        what = "zero" if ladder.perfect == 0 else "that of a perfect answer to every row"
        return f"{loss} is {what} to the precision of its weights{also}."
    if ladder.standing == "data":
        above = model / data - 1
        where = "" if abs(above) < SAME else f"{percent(above)} above "
        return f"{loss} is {where}the least these data allow, {short(data)}."
    if ladder.standing == "architecture":
        return f"{loss} is the least that this architecture allows."
    if ladder.standing == "affine" and line is not None:
        return f"{loss} is that of the {line.label}, {short(line.value)}."
    if span <= 0:
        return f"Its loss is {short(model)}."
    left = f"{loss} is {_share(model, constant, ladder.perfect)}"
    if line is not None and ladder.perfect == 0 and model < line.value <= MOST_TIMES * model:
        times = f"{short(line.value / model, 2)} times below the {line.label}'s"
        return f"{left}, and {times}; these data allow {short(data)}."
    return f"{left}."


def _share(model: float, constant: float, perfect: float) -> str:
    if perfect == 0:
        return f"{percent(model / constant)} of what the best constant loses"
    return f"{percent((constant - model) / (constant - perfect))} of the way from the best constant to perfect answers"
