"""What is said of a prediction that does not depend on the input: how flat it is, why, and what that means."""

from mlpdoctor.core.network import Network
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.prediction_spread import OutputVariance

AT_THE_MEAN = 0.25
"""Predictions that are at the mean of the targets, in standard deviations of these."""
LOGGED = 0.02
"""A logged loss that is the one of predictions held against all targets, within the noise of one epoch's batches."""


def how_flat(worst: float) -> str:
    """The spread of the predictions beside that of the targets."""
    return "it never changes" if worst == 0 else f"it varies by {percent(worst)} of what the target does"


def why(
    network: Network,
    flat: list[OutputVariance],
    position: LossPosition | None,
    silent: list[str],
    curve: TrainingCurve | None,
) -> str:
    """What is known of how it came to be, and what a constant can reach."""
    said = []
    if all(part.exact for part in flat):
        said.append("The prediction is the same on every row to the last digit.")
    if silent:
        said.append(f"All units of {silent[0]} are zero on every row.")
    part = flat[0]
    if part.line is not None and part.target is not None:
        said.append(
            f"There is something to learn: the best line's predictions vary by {percent(part.line)} of what the "
            "target does."
        )
        if own_loss_at_the_mean(network, part):
            said.append(
                f"The predictions lie about the mean of the targets, {short(part.target)}. There a loss has its "
                "minimum that compares each prediction with every target, as one of your own does when y_true has the "
                "shape (n,) and y_pred (n, 1)." + _as_logged(part, curve)
            )
    if position is not None:
        said.append(f"Always predicting the same can reach {short(position.constant)} at best.")
    return " ".join(said) or "A prediction that does not follow the inputs can only be right on average."


def own_loss_at_the_mean(network: Network, part: OutputVariance) -> bool:
    """Whether a loss of the user's own has led where one does that compares every prediction with every target."""
    if network.losses[0] is None or part.line is None or part.target is None:
        return False
    return abs(part.answer - part.target) <= AT_THE_MEAN * part.deviation


def _as_logged(part: OutputVariance, curve: TrainingCurve | None) -> str:
    """Whether the log ends at the mean square of all differences between a prediction and a target of any row."""
    if curve is None or part.target is None:
        return ""
    every = part.deviation**2 * (1 + part.ratio**2) + (part.answer - part.target) ** 2
    if not abs(curve.last - every) <= LOGGED * every:  # NaN is not
        return ""
    return (
        f" The log ends at {short(curve.last)}: the squares of every prediction minus every target are "
        f"{short(every)} on average."
    )


def verdict(
    network: Network, flat: list[OutputVariance], position: LossPosition | None, names: str, *, everything: bool
) -> str:
    """What a report that it leads says first."""
    if not everything:
        does = "does" if len(flat) == 1 else "do"
        return f"Of the outputs, {names} {does} not depend on the input: the same prediction on every row."
    if len(flat) == 1:
        best = "." if position is None else f"; the best constant gives {short(position.constant)}."
        if own_loss_at_the_mean(network, flat[0]):
            best = (
                ": about the mean of the targets. Your own loss function leads there if it compares each prediction "
                "with every target, as shapes (n,) and (n, 1) do."
            )
        return f"The network predicts about {short(flat[0].answer, 3)} for every row, whatever the input{best}"
    return "The network predicts the same for every row, whatever the input."
