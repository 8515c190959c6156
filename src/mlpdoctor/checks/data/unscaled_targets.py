"""D703: targets of a size that this head and this optimizer take long to reach."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import coefficient, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.prediction_spread import PredictionReach
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.facts.outputs.scale_words import effect, invisible, remedy_for_targets, why
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.trial_updates import FirstUpdates, too_high_anyway
from mlpdoctor.nn.optimizers.rate import highest_rate
from mlpdoctor.nn.optimizers.traits import limits, momentum_of, moves_by_the_rate
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments

SIZE_OF_ERROR = ("mae", "huber", "logcosh")
"""Losses whose gradient does not grow with the error: plain gradient descent moves by about the rate with them."""
SLACK = 2.0
"""A model that has spent half its updates on reaching the size of the targets had too few left to learn them."""
DROWNED = 1 / 3
"""Targets that vary less than a third as much as one update can move the predictions."""
TELLS = 0.3
"""Predictions need vary only as the features tell; where these tell a tenth, by a third of what the targets do."""
SMALL = 0.3
"""Targets that vary by more are not small: where steps are larger than that the rate is too high, see G603."""


@check(
    "D703",
    Severity.ERROR,
    "{name} is {size} in size (mean {mean}, standard deviation {deviation}): {effect}",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
    because="D709 D713",
)
def unscaled_targets(
    network: Network,
    regression: Regression,
    targets: TargetMoments,
    outputs: OutputMoments,
    reach: PredictionReach,
    constant: ConstantFloor,
    passes: Passes,
    position: LossPosition,
    training: Training,
    first: FirstUpdates | None,
    *,
    most_updates: float = 2000.0,
    unstable_step: float = 1.0,
    ordinary: float = 5.0,
) -> Iterator[Evidence]:
    """Targets of a size that this head and this optimizer take long to reach.

    Why it matters
        Adam and its kin divide each gradient by its size, so that an update moves a weight by about the
        learning rate. A network whose predictions start near 0 then needs the more updates the larger the targets
        are: with a rate of 0.001 a last bias alone would take 200,000 updates to reach 200. The gradient of a
        squared error grows with the target instead, so that plain gradient descent overshoots, kills its ReLUs
        or ends in NaN. Targets that vary by less than the rate drown in the steps themselves. Of two targets of
        very different sizes the loss sees only the large one.
    How to fix it
        Standardise the targets for training, each column by itself, and turn predictions back; or start the last
        bias at their mean.
    When it stays silent
        Targets of ordinary size, up to 5: what keeps a model from those is its rate, not their scale. Targets
        that the model has reached, and those it reaches within 2000 updates: shares, ratings, ages. Losses of ratios
        and logarithms, counts behind an exponential, and classes have no such scale.
    How sure
        Estimated: updates are counted as if all weights moved by the rate in one direction, as they do at first.
    References
        Kingma and Ba, Adam, 2015, section 2.1. LeCun, Bottou, Orr and Muller, Efficient BackProp, 1998, section 4.
    """
    optimizer = network.optimizer
    rate = None if optimizer is None else highest_rate(optimizer)
    if optimizer is None or rate is None or rate <= 0:
        return
    if position.trained and not position.far:
        return
    k = max(range(len(regression.parts)), key=lambda one: targets.size(regression.columns[one]))
    part, column = regression.parts[k], regression.columns[k]
    unit = part.head.first_unit + (part.unit or 0)
    size, mean, deviation = targets.size(column), float(targets.mean[column]), float(targets.deviation[column])
    if size == 0 or deviation == 0:
        return
    limited = moves_by_the_rate(optimizer) or part.loss.names[0] in SIZE_OF_ERROR
    step = rate / (1 - momentum_of(optimizer))
    jump = reach.after(rate)
    wanted = max(abs(mean), deviation * min(math.sqrt(max(1 - position.of_constant(position.reach), 0.0)) / TELLS, 1.0))
    needed = reach.travel(max(wanted, 1e-9)) / (rate if moves_by_the_rate(optimizer) else step)
    travelled = float(outputs.root_mean_square[unit]) / size
    updates = training.updates or 0
    found = _judged(
        position,
        training,
        limited=limited,
        long=wanted > ordinary and needed > (most_updates if training.never else updates / SLACK),
        overshoots=size > ordinary and step * size > unstable_step and not any(limits(optimizer.options)),
        drowned=moves_by_the_rate(optimizer) and deviation < min(SMALL, rate if training.never else DROWNED * jump),
    )
    if found is None:
        return
    kind, severity = found
    if kind == "overshoots" and first is not None and too_high_anyway(first, targets.mean, targets.deviation):
        severity = Severity.WARNING  # then the rate comes first
    name = passes.dataset.target_names[column]
    found_effect = effect(kind, needed, updates, f"{optimizer.name} at a learning rate of {coefficient(rate)}")
    unseen = invisible(regression, constant, passes.dataset.target_names)
    yield Evidence(
        numbers={
            "name": name,
            "size": size,
            "mean": mean,
            "deviation": deviation,
            "effect": found_effect,
            "kind": kind,
            "updates_needed": needed,
            "updates_made": training.updates,
            "rate": rate,
            "travelled_share": travelled if math.isfinite(travelled) else None,
        },
        certainty=Certainty.ESTIMATED,
        severity=severity,
        why=why(kind, travelled, training, step * size, jump) + unseen,
        remedy=remedy_for_targets(regression, targets, passes.dataset.target_names, network),
        strength=min(max(abs(math.log10(size)) / 6, 0.0), 1.0),
        verdict=f"The targets are not scaled: {name} has mean {short(mean, 3)} and standard deviation "
        f"{short(deviation, 3)}, and {found_effect}.{unseen}",
    )


def _judged(
    position: LossPosition, training: Training, *, limited: bool, long: bool, overshoots: bool, drowned: bool
) -> tuple[str, Severity] | None:
    """What the size of the targets does here, and how bad it is; None when it does nothing."""
    worst = Severity.WARNING if training.never else Severity.ERROR
    no_better = training.never or position.no_better or position.barely
    if not limited:
        return ("overshoots", worst) if overshoots and no_better else None
    # Steps that are too large keep the loss above the constant's; a model that rests on it has other reasons.
    if drowned and (training.never or position.worse):
        return "drowned", worst
    if long:
        return "far", worst if no_better else Severity.WARNING
    return None
