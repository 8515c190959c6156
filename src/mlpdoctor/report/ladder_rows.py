"""The loss ladder as rows of text: what the terminal draws with bars and Markdown sets in a table."""

from collections.abc import Iterator

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Ladder, Penalty, Rung
from mlpdoctor.core.text import SHOWN_DIGITS, listing, short

SAME = 1e-9
"""Rungs this close, relative to each other, are one."""
SEEN = 2.0
"""Standard errors above zero from which an estimate is worth a line."""
DOUBT = 1e-4
"""An interval narrower than this share of its value shows in no digit that is printed."""
REMARKS = {"architecture": "proved"}
YOURS = "your model"
ESTIMATE = "noise"
"""The rung that is an estimate; an error beside any other is that of a sample of rows."""
SAMPLED = 3
"""Digits of a loss on a sample, whose error shows in the third at the latest."""
SHORT = 40
"""A formula of at most so many characters has room in a row."""


@dataclass(frozen=True)
class Row:
    """One rung that is worth a line.

    Attributes:
        rung: which.
        label: in plain words.
        value: its loss as it is printed.
        remark: what is to be known of it: where the model is, how sure it is.
        here: whether the model stands on it, or is it.
        equation: what reaches it, where that is a short formula.
    """

    rung: Rung
    label: str
    value: str
    remark: str
    here: bool
    equation: str = ""


def rows(ladder: Ladder, arrow: str = "<- ") -> Iterator[Row]:
    """The rungs from the top down; the model's own is left out where it stands on another."""
    model = ladder.rung("model")
    mark = _mark(ladder)
    for rung in ladder.rungs:
        if (rung.name == "model" and mark is not None) or says_nothing(ladder, rung):
            continue
        remark = REMARKS.get(rung.name, "") if rung.error is None else f"± {short(rung.error, 2)}"
        if rung.name == ESTIMATE:
            remark += ", estimated"
        if rung.name == "model":
            remark = f"{arrow}here" if rung.error is None else f"{remark}  {arrow}here"
        elif rung is mark and model is not None:
            same = (ladder.digits or 0) >= SHOWN_DIGITS
            remark = f"{arrow}{YOURS}" + (f", to {ladder.digits} digits" if same else f": {short(model.value)}")
        here = rung.name == "model" or rung is mark
        yield Row(rung, rung.label, _shown(rung), remark, here, _equation(rung))


def _equation(rung: Rung) -> str:
    return rung.witness if rung.name == "affine" and "=" in rung.witness and len(rung.witness) <= SHORT else ""


def witnesses(ladder: Ladder, *, whole: bool = False) -> Iterator[str]:
    """What reaches the rungs, in words, where their rows do not say so, and what is beside the ladder.

    ``whole`` adds the reason of a proof, and the formulas that rows may hold.
    """
    for name, telling in (
        ("affine", ("=", "approached")),
        ("architecture", ("weights",) if whole else ()),
        ("data", ("groups", "perfect")),
    ):
        rung = ladder.rung(name)
        if rung is not None and (whole or not _equation(rung)) and any(word in rung.witness for word in telling):
            yield f"{rung.label}: {rung.witness}"
    if ladder.penalty is not None:
        yield _with_penalties(ladder.value("model"), ladder.penalty)


def says_nothing(ladder: Ladder, rung: Rung) -> bool:
    """Whether a rung would only be clutter.

    That is the best last layer of a network whose floor is as high, and noise that may as well be none.
    """
    if rung.name == ESTIMATE and rung.error is not None:
        return rung.value <= SEEN * rung.error
    floor = ladder.value("architecture")
    return rung.name == "readout" and floor is not None and rung.value - floor <= DOUBT * abs(floor)


def _mark(ladder: Ladder) -> Rung | None:
    """The topmost rung that the model's loss equals: a reader knows the best line sooner than the architecture."""
    on = ladder.rung(ladder.standing) if ladder.standing else None
    if on is None:
        return None
    near = SAME * abs(on.value)
    return next(rung for rung in ladder.rungs if rung.name != "model" and abs(rung.value - on.value) <= near)


def _with_penalties(model: float | None, penalty: Penalty) -> str:
    """How the number in the user's log comes about: every rung is without penalties, the log is not."""
    said = "The logged loss holds penalties"
    if penalty.parts and model is not None:
        total = short(model + penalty.total)
        said = f"The loss is logged with penalties: {short(model)} + {short(penalty.total)} = {total}"
    elif penalty.parts:
        said += f": {short(penalty.total)}"
    parts = f" ({listing(penalty.parts)})" if penalty.parts else ""
    unknown = f"; not counted: {listing(penalty.unknown)}" if penalty.unknown else ""
    return said + parts + unknown


def _shown(rung: Rung) -> str:
    if rung.name == ESTIMATE:
        return short(rung.value, 2)
    if rung.error is not None:
        return short(rung.value, SAMPLED)
    if rung.value - rung.lower > DOUBT * abs(rung.value):
        return f"{short(rung.lower)} to {short(rung.value)}" if rung.lower > 0 else f"at most {short(rung.value)}"
    return short(rung.value)
