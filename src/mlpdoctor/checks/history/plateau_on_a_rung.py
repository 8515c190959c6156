"""H801: a training curve whose plateau is a rung of the loss ladder."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.history import History
from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.core.text import listing, named, percent, printed, short
from mlpdoctor.facts.history.curve_plateau import Source, TrialScores
from mlpdoctor.facts.history.plateau_rung import OnRung, PlateauRung
from mlpdoctor.facts.ladder.model_loss import ModelLoss
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion

FLOORS = ("architecture", "data")
"""Rungs below which nothing goes: of the network as it is, or whatever is trained on these data."""
LOWER = 0.5
"""Where nobody can tell whether a curve is worth the name, a floor of the data at less than half the line's loss says
that there is something left to find."""


@check(
    "H801",
    Severity.ERROR,
    "the plateau of the loss, {printed}, is {compared} {label}, {rung_loss}",
    stage=Stage.CURVE,
    about=Part.LOSS,
    because="A101 D707 H803 H805 L503 L507 L508",
    role=Role.SYMPTOM,
    untreatable="the rung it stands on has a rule of its own, whose treatment is the one to try",
)
def plateau_on_a_rung(
    history: History,
    ladder: Ladder,
    plateau: PlateauRung,
    model: ModelLoss | None,
    opinion: SecondOpinion | None,
    trials: TrialScores | None,
    *,
    worth_learning: float = 0.05,
) -> Iterator[Evidence]:
    """A training curve whose plateau is a rung of the loss ladder.

    Why it matters
        A loss that stops at just the value of the best constant, of the best straight line, of rows that contradict
        each other or of the noise has a reason, and each of these values has another one. The number in the log tells
        which, before anything is tried.
    How to fix it
        At the constant the network ignores its inputs: look for dead or saturated units, unscaled inputs, a step that
        is too large. At the line nothing nonlinear has been learned: look for a missing activation. At a floor that
        the data or the architecture set no learning rate, optimizer or further epoch helps.
    When it stays silent
        Curves that are still on their way, losses printed with too few digits to be compared, and those as near to a
        rung as more than one in twenty losses are by chance, evenly drawn up to the topmost rung. With penalties in
        the loss the rung is where Keras would log it, penalties included; where they are not known, and where Keras
        logs sums, nothing is said. Class weights change the logged loss and are in no file: then it equals no rung.
    How sure
        Measured where the curve stands still: equal means within its scatter and its printed digits, near means within
        two per cent, as training noise and rows held out for validation leave it. Estimated where the rung is an
        estimate, or where the curve only heads for it. With a model whose loss is known this is a note, for other rules
        say what is wrong with it. Without one it is as grave as what they would say: an error at the constant where a
        line or a quick nonlinear fit saves more than ``worth_learning`` of its loss, a warning at the line where
        nonlinear structure is left.
    """
    if not plateau.on:
        return
    on = plateau.on[0]
    kind = _kind(ladder, on.rung)
    if model is not None or kind in (*FLOORS, "noise"):
        severity = Severity.NOTE
    else:
        severity = _severity(ladder, on.rung, opinion, worth_learning)
    sure = plateau.source not in (Source.HEADING, Source.REACHED) and on.rung.error is None
    said = _said(plateau, on)
    by_chance = f"Of all losses up to the topmost rung {percent(on.chance)} are as near to one."
    yield Evidence(
        numbers={
            "plateau": plateau.level.value,
            "printed": printed(plateau.level.value, plateau.decimals),
            "low": plateau.level.low,
            "high": plateau.level.high,
            "decimals": plateau.decimals,
            "compared": _compared(plateau, on),
            "rung": on.rung.name,
            "label": named(on.rung.label),
            "rung_loss": on.rung.value,
            "logged": on.logged,
            "penalty": plateau.penalty,
            "digits": on.digits,
            "chance": on.chance,
            "exact": on.exact,
            "source": plateau.source.value,
            "first_epoch": plateau.level.first,
            "last_epoch": plateau.level.last,
            "also": tuple(other.rung.name for other in plateau.on[1:]),
            "model": plateau.model,
            "with_model": plateau.with_model,
            "runs": len(history.runs),
        },
        certainty=Certainty.MEASURED if sure else Certainty.ESTIMATED,
        severity=severity,
        why=" ".join(part for part in (_why(kind, ladder), by_chance, _beside(plateau, trials)) if part),
        remedy=_remedy(kind, known=model is not None),
        strength=1.0 if on.exact else 0.5,
        verdict=said if model is not None else f"{said} {_meaning(kind, ladder, opinion)}",
        rules_out=("learning rate", "optimizer", "epochs") if sure and on.exact and kind in FLOORS else (),
    )


def _kind(ladder: Ladder, rung: Rung) -> str:
    """What stopping on a rung means; a line that is the architecture's floor is that floor."""
    for name in ("data", "architecture"):
        value = ladder.value(name)
        if value is not None and math.isclose(rung.value, value, rel_tol=1e-9):
            return name
    return rung.name


def _severity(ladder: Ladder, rung: Rung, opinion: SecondOpinion | None, worth: float) -> Severity:
    """As grave as L501 and L502 would be, of a model that is not at hand."""
    reach = _reach(ladder, opinion)
    worthwhile = rung.value - reach > worth * (rung.value - ladder.perfect)
    if rung.name == "constant":
        return Severity.ERROR if worthwhile else Severity.NOTE
    if opinion is not None:
        return Severity.WARNING if opinion.structure and worthwhile else Severity.NOTE
    data = ladder.value("data") or 0.0
    left = data - ladder.perfect < LOWER * (rung.value - ladder.perfect)
    return Severity.WARNING if left else Severity.NOTE


def _reach(ladder: Ladder, opinion: SecondOpinion | None) -> float:
    """The lowest loss that something is known to reach: a line, or a quick fit on rows it has not seen."""
    known = [value for name in ("constant", "affine") if (value := ladder.value(name)) is not None]
    if opinion is not None and opinion.structure:
        known.append(opinion.curve)
    return max(min(known), ladder.value("data") or 0.0)


def _compared(plateau: PlateauRung, on: OnRung) -> str:
    if on.rung.error is not None:
        return "within the error bar of"
    return "equal to" if on.exact else f"{percent(abs(plateau.level.value / on.logged - 1))} from"


def _said(plateau: PlateauRung, on: OnRung) -> str:
    """The one sentence that joins the user's number and the rung."""
    number, loss = printed(plateau.level.value, plateau.decimals), short(on.rung.value)
    start = {
        Source.TOLD: f"The plateau {number} is",
        Source.CURVE: f"The plateau {number} of the training loss is",
        Source.REACHED: f"The plateau {number} of the training loss is",
        Source.HEADING: f"The training loss heads for {number}, which is",
        Source.TRIALS: f"The value {number} at which all trials stop is",
    }[plateau.source]
    of = {
        "constant": f"the loss of the best constant, {loss}",
        "noise": f"about what noise in the targets costs, {short(on.rung.value, 2)} ± {short(on.rung.error or 0.0, 2)}",
        "data": f"the floor that these data set, {loss}",
        "architecture": f"the floor of this architecture, {loss}",
    }.get(on.rung.name, f"the loss of {named(on.rung.label)}, {loss}")
    near = (
        "" if on.exact or on.rung.error is not None else f", within {percent(abs(plateau.level.value / on.logged - 1))}"
    )
    more = f" and {short(plateau.penalty)} of penalties" if plateau.penalty > plateau.level.within else ""
    if plateau.with_model is False and plateau.model is not None:
        near += f"; the saved model is not there but at {short(plateau.model)}"
    return f"{start} {of}{more}{near}."


def _meaning(kind: str, ladder: Ladder, opinion: SecondOpinion | None) -> str:
    reach = _reach(ladder, opinion)
    if kind == "constant":
        constant = ladder.value("constant") or 0.0
        if reach < constant:
            return f"What was trained ignores its inputs, although they allow {short(reach)}."
        return "Nothing known does better on these data than always predicting the same."
    if kind == "affine":
        if opinion is not None and opinion.structure:
            return (
                "What was trained has learned nothing that is not linear, and there is more: a quick nonlinear fit "
                f"reaches about {short(opinion.curve, 2)} on unseen rows."
            )
        if opinion is not None:
            return "No sign of anything nonlinear to learn was found, so training is done."
        return (
            "What was trained does no better than a straight line, as layers without an activation between them do; "
            f"that is no floor of the data, which allow {short(ladder.value('data') or 0.0)}."
        )
    if kind == "architecture":
        return "This network cannot go lower: training is done, and the architecture has to change."
    return "Training is done: no model of these inputs goes lower."


def _why(kind: str, ladder: Ladder) -> str:
    if kind == "data":
        rung = ladder.rung("data")
        return f"{rung.witness[:1].upper()}{rung.witness[1:]}." if rung is not None and rung.witness else ""
    if kind == "noise":
        rung = ladder.rung("noise")
        return "" if rung is None else f"Noise in the targets is estimated by {rung.witness}."
    if kind == "architecture":
        rung = ladder.rung("architecture")
        reason = "" if rung is None else rung.witness.removesuffix(", whatever its weights")
        return f"No weights of this network go lower: it is {reason}." if reason else ""
    if kind == "affine":
        rung = ladder.rung("affine")
        equation = f" ({rung.witness})" if rung is not None and "=" in rung.witness else ""
        return f"That is what linear regression reaches{equation}: nothing nonlinear shows in the loss."
    rung = ladder.rung("constant")
    answer = "" if rung is None else f" ({rung.witness})"
    return f"That is the loss of always predicting the same{answer}: the inputs play no part in it."


def _beside(plateau: PlateauRung, trials: TrialScores | None) -> str:
    """What else is known of the plateau: the trials that share it, the saved model, other rungs."""
    told = []
    if (
        trials is not None
        and trials.alike
        and abs(trials.middle - plateau.level.value) <= max(plateau.level.within, trials.spread)
    ):
        told.append(
            f"All {len(trials.scores)} trials of the search stop there, whatever their {listing(trials.varied)}."
        )
    if plateau.with_model is False and plateau.model is not None:
        told.append(
            f"The saved model itself is elsewhere, at {short(plateau.model)}: it was saved at another time, or trained "
            "on other rows or with weights on them."
        )
    if plateau.penalty > plateau.level.within:
        told.append(f"Keras adds penalties of {short(plateau.penalty)} to the loss it logs.")
    return " ".join(told)


def _remedy(kind: str, *, known: bool) -> Remedy:
    if kind in ("data", "noise"):
        return Remedy("nothing is wrong with the training; only other features or more exact targets lower this loss")
    if kind == "architecture":
        return Remedy("change the architecture; no learning rate, optimizer or further epoch lowers this loss")
    if known:
        return Remedy("fix the causes that the other findings name")
    look = (
        "the network ignores its inputs: look for dead or saturated units, unscaled inputs, a step that is too large"
        if kind == "constant"
        else "look for layers without an activation between them, units that never switch, unscaled inputs"
    )
    return Remedy(
        f"{look}; with the saved model mlpdoctor names the cause: mlpdoctor check model.keras with these data"
    )
