"""L501: a nonlinear model that does no better than linear regression."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import agreeing_digits, percent, short
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.linear_floor import LinearFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import ModelLoss
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.facts.training.training_options import TrainingOptions, train_on

STRAIGHT = 1e-4
"""Where the best line leaves less than this share of the constant's loss there is no curve worth the name."""
SLIGHT = 0.02
"""A loss this far below the line's is a gain, if a slight one."""


@check(
    "L501",
    Severity.WARNING,
    "the model's loss, {model}, is {compared} the {line}'s, {affine}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="D710 A101 D707 G606 H803 H805 L507 U404",
    role=Role.SYMPTOM,
    untreatable="it says where the loss stands, not why; the causes named with it are treated",
)
def no_better_than_linear(
    position: LossPosition,
    linear: LinearFloor,
    model: ModelLoss,
    collapse: Collapse,
    trained: Trained,
    options: TrainingOptions | None,
    opinion: SecondOpinion | None,
    *,
    learned: float = 0.2,
    tolerated_gain: float = 0.05,
) -> Iterator[Evidence]:
    """A nonlinear model that does no better than linear regression.

    Why it matters
        The best linear model (linear, logistic or Poisson regression, as the loss asks) is found at once and exactly.
        A deep network on the same loss has learned the linear part of the data and nothing else; what it was built
        for has not begun.
    How to fix it
        Where the data hold nonlinear structure: train longer without early stopping on a small ``min_delta``, with
        an adaptive optimizer; then look at the units. Where they hold none, linear is enough.
    When it stays silent
        Networks that are affine by construction (see A101), models no better than a constant (L502) or
        more than a twentieth above the line (L504), models that have not been trained, and data that lie on a line.
        Classifiers that do no worse than logistic regression does on rows it has not seen: on rows it has seen that
        is often sure beyond reason.
    How sure
        Measured for both losses; estimated, with its error bar, for what is left to learn. Where a quick nonlinear
        fit shows structure, ``learned`` is the share of the way from the line to that fit a model must have gone to
        pass. A model that lies below the line by the share ``tolerated_gain`` always passes.
    """
    affine = position.affine
    by_construction = collapse.linear_heads and all(part.head.straight for part in linear.parts)
    if by_construction or not model.finite or affine is None or position.above(affine) <= 0 or position.above_the_line:
        return
    if position.of_constant(affine) <= STRAIGHT:
        return
    if linear.logistic and opinion is not None and position.model <= opinion.line:
        return
    # How far the model is below the line is proved by the lower end of the interval that holds the best line's loss.
    gain, surely = position.below(affine), position.below(max(linear.lower, position.perfect))
    structure = opinion is not None and opinion.structure
    towards = learned * (affine - position.reach) / position.above(affine) if structure else tolerated_gain
    allowed = min(towards, tolerated_gain)
    if gain > allowed or position.barely or position.no_better:
        return
    severity = Severity.NOTE if position.well and not structure else Severity.WARNING
    yield Evidence(
        numbers={
            "model": position.model,
            "affine": affine,
            "line": linear.model,
            "compared": _compared(gain, surely),
            "digits": agreeing_digits(position.model, affine),
            "data": position.data,
            "line_out_of_sample": opinion.line if opinion else None,
            "curve_out_of_sample": opinion.curve if opinion else None,
            "saved": opinion.saved if opinion else None,
            "saved_error": opinion.error if opinion else None,
            "updates": trained.updates,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=_left(position, opinion),
        remedy=_remedy(options, structure=structure, opinion=opinion),
        strength=min(max(position.shortfall, 0.0), 1.0),
        verdict=entropy_first(position)
        + _verdict(position, linear, opinion, _compared(gain, surely), gain, structure=structure),
    )


def _compared(gain: float, surely: float) -> str:
    if abs(gain) < 0.0005:  # noqa: PLR2004  to three digits
        return "the same as"
    if gain < 0:
        return f"{percent(-gain)} above"
    return f"{percent(surely)} below" if surely > 0.0005 else "about the same as"  # noqa: PLR2004


def _left(position: LossPosition, opinion: SecondOpinion | None) -> str:
    allows = f"These data allow {short(position.data)}: " + (
        "no two rows with equal inputs disagree." if position.data == 0 else "rows with equal inputs disagree."
    )
    if opinion is None:
        return f"{allows} There are too few rows to tell whether anything nonlinear is left to learn."
    found = f"out of sample a quick nonlinear fit reaches {short(opinion.curve, 2)} and a line {short(opinion.line, 2)}"
    bar = f"a gain of {short(opinion.saved, 2)} ± {short(opinion.error, 2)}"
    shows = "There is nonlinear structure left to learn" if opinion.structure else "No nonlinear structure shows"
    return f"{allows} {shows}: {found}, {bar}."


def _remedy(options: TrainingOptions | None, *, structure: bool, opinion: SecondOpinion | None) -> Remedy:
    if structure or opinion is None:
        late = "the nonlinear part is learned last, so train on without early stopping on the training loss"
        return train_on(options, late if options is not None else f"{late}; then try a wider first layer")
    return Remedy("keep the linear model, or look for features that carry the nonlinear part")


def _verdict(
    position: LossPosition,
    linear: LinearFloor,
    opinion: SecondOpinion | None,
    compared: str,
    gain: float,
    *,
    structure: bool,
) -> str:
    best = "best one" if linear.model.endswith("regression") else "best line"
    losses = f"its loss, {short(position.model)}, is {compared} the {best}'s, {short(position.affine or 0.0)}"
    better = "hardly better" if gain > SLIGHT else "no better"
    start = f"The network does {better} than {linear.plain}: {losses}."
    if opinion is None:
        return f"{start} That is not a floor of the data."
    if not structure:
        return f"{start} No sign of anything nonlinear to learn was found."
    return (
        f"{start} There is more to learn: a quick nonlinear fit reaches about {short(opinion.curve, 2)} on unseen rows."
    )
