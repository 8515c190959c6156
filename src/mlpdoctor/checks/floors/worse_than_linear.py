"""L504: a trained model that is worse than the best linear one."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.linear_floor import LinearFloor
from mlpdoctor.facts.ladder.loss_position import HALFWAY, MISPLACED, WORTHWHILE, LossPosition
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.network.line_in_reach import LineInReach
from mlpdoctor.facts.outputs.order_words import correction, misplaced
from mlpdoctor.facts.outputs.prediction_order import PredictionOrder
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.facts.training.training_options import TrainingOptions, train_on

MOST_TIMES = 1000
"""Beyond it "times" stops meaning anything to a reader."""


@check(
    "L504",
    Severity.WARNING,
    "the model's loss, {model}, is {compared} that of the {line}, {affine}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="D707 D710 G606 H803 H805 L506 U404",
    role=Role.SYMPTOM,
    untreatable="it says where the loss stands, not why; the causes named with it are treated",
)
def worse_than_linear(
    position: LossPosition,
    linear: LinearFloor,
    model: ModelLoss,
    objective: Objective,
    reach: LineInReach,
    trained: Trained,
    options: TrainingOptions | None,
    opinion: SecondOpinion | None,
    order: PredictionOrder | None,
) -> Iterator[Evidence]:
    """A trained model that is worse than linear regression, although its layers could draw that line.

    Why it matters
        The best linear model is found at once and exactly, and this network contains it: some setting of its weights
        comes as near to it as one likes. A loss above it is therefore no floor of the architecture or the data. It is
        training that has not got there: too few updates, a rate that is too small or too large, inputs or targets on
        the wrong scale.
    How to fix it
        Fix the causes named with it. If there are none, train on, and look at the size of the step.
    When it stays silent
        Models up to a twentieth above the line (see L501) and models no better than a constant (L502);
        models that have not been trained; networks that cannot draw the line, being too narrow or out of range; models
        that do no worse than the line does on rows it has not seen, for on few rows the best line owes much of its low
        loss to chance; classes that a plane parts, once the model is half the way there: such a loss falls without end
        as the coefficients grow, and nobody waits for it. A note where what is left is within a twentieth of the way to
        the constant. Probabilities
        shifted by the odds of the base rate, as weights for both classes do, are a note: that was meant.
    How sure
        Measured: both losses are evaluated on all rows.
    """
    affine = position.affine
    if affine is None or not model.finite or not position.above_the_line or not reach.possible:
        return
    if position.barely or position.no_better:
        return
    endless = not all(fit.attained for fit in linear.fits)
    if endless and position.of_constant(position.model) < HALFWAY:
        return
    gap = (position.model - affine) / position.above(position.constant)
    if gap <= WORTHWHILE or position.model <= _fair(position, linear, opinion, objective.rows):
        return
    compared = _compared(position, affine)
    updates = "" if trained.updates is None else f" after {count(trained.updates, 'update')}"
    level = order is not None and order.classes and order.ordered  # of numbers training shrinks them as it goes
    misplaces = level and order is not None and order.saved >= MISPLACED * (position.model - affine)
    meant = misplaces and order is not None and order.weighted
    cause = "level and size of its predictions do" if misplaces else f"training has not got there{updates}"
    yield Evidence(
        numbers={
            "model": position.model,
            "affine": affine,
            "line": linear.model,
            "compared": compared,
            "gap_share": gap,
            "constant": position.constant,
            "line_out_of_sample": opinion.line if opinion else None,
            "updates": trained.updates,
            "as_with_class_weights": meant,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE if position.well or meant else Severity.WARNING,
        why=f"Some setting of these weights gives the {linear.model}'s {short(affine)}. So neither the network nor the "
        f"data keep the loss at {short(position.model)}: {cause}.",
        remedy=correction(order)
        if misplaces and order is not None
        else train_on(options, f"train on until the loss is under {short(affine)}"),
        strength=min(max(position.shortfall, 0.0), 1.0),
        verdict=f"{entropy_first(position)}The network does worse than {linear.plain}: its loss, "
        f"{short(position.model)}, is {compared} that of the {linear.model}, {short(affine)}. "
        + (
            misplaced(order)
            if misplaces and order is not None
            else "Its layers could do as well, but training has not got there."
        ),
    )


def _fair(position: LossPosition, linear: LinearFloor, opinion: SecondOpinion | None, rows: int) -> float:
    """What the line would lose on rows that it was not fitted to."""
    if opinion is not None:
        return opinion.line
    fitted = max(len(fit.slopes) for fit in linear.fits) + 1
    if rows <= fitted or linear.logistic or position.affine is None:
        return position.constant
    # Least squares on n rows with p coefficients: (n - p) / n of the noise on them, (n + p) / n of it on others.
    return position.perfect + position.above(position.affine) * (rows + fitted) / (rows - fitted)


def _compared(position: LossPosition, affine: float) -> str:
    times = position.above(position.model) / position.above(affine) if position.above(affine) > 0 else MOST_TIMES
    if position.perfect != 0 or times >= MOST_TIMES:
        return "far above" if position.far else "above"
    return f"{short(times, 2)} times" if times >= 2 else f"{percent(times - 1)} above"  # noqa: PLR2004  twice
