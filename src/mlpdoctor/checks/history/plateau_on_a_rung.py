"""H801: a training curve whose plateau is a rung of the loss ladder."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.history import History
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import named, percent, printed
from mlpdoctor.facts.history import plateau_words as words
from mlpdoctor.facts.history.curve_plateau import Source, TrialScores
from mlpdoctor.facts.history.plateau_rung import PlateauRung, severity_without_model
from mlpdoctor.facts.ladder.model_loss import ModelLoss
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion

FLOORS = ("architecture", "data")
"""Rungs below which nothing goes: of the network as it is, or whatever is trained on these data."""


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
    on, kind = plateau.on[0], plateau.on[0].kind
    told = model is not None or kind in (*FLOORS, "noise")
    severity = Severity.NOTE if told else severity_without_model(ladder, on.rung, opinion, worth_learning)
    sure = plateau.source not in (Source.HEADING, Source.REACHED) and on.rung.error is None
    said = words.said(plateau, on)
    by_chance = f"Of all losses up to the topmost rung {percent(on.chance)} are as near to one."
    yield Evidence(
        numbers={
            "plateau": plateau.level.value,
            "printed": printed(plateau.level.value, plateau.decimals),
            "low": plateau.level.low,
            "high": plateau.level.high,
            "decimals": plateau.decimals,
            "compared": words.compared(plateau, on),
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
        why=" ".join(part for part in (words.why(kind, ladder), by_chance, words.beside(plateau, trials)) if part),
        remedy=_remedy(kind, known=model is not None),
        strength=1.0 if on.exact else 0.5,
        verdict=said if model is not None else f"{said} {words.meaning(kind, ladder, opinion)}",
        rules_out=("learning rate", "optimizer", "epochs") if sure and on.exact and kind in FLOORS else (),
    )


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
