"""What it means that a plateau is a rung of the loss ladder, in words."""

from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import listing, named, percent, printed, short
from mlpdoctor.facts.history.curve_plateau import Source, TrialScores
from mlpdoctor.facts.history.plateau_rung import OnRung, PlateauRung, reach_of
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion


def compared(plateau: PlateauRung, on: OnRung) -> str:
    """How the plateau stands to the rung."""
    if on.rung.error is not None:
        return "within the error bar of"
    return "equal to" if on.exact else f"{percent(abs(plateau.level.value / on.logged - 1))} from"


def said(plateau: PlateauRung, on: OnRung) -> str:
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


def meaning(kind: str, ladder: Ladder, opinion: SecondOpinion | None) -> str:
    """What to conclude where no model is at hand."""
    reach = reach_of(ladder, opinion)
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


def why(kind: str, ladder: Ladder) -> str:
    """What the rung is the loss of."""
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


def beside(plateau: PlateauRung, trials: TrialScores | None) -> str:
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
