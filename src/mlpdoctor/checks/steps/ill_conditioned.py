"""G605: inputs so stretched that gradient descent needs more updates than were made."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import percent, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.conditioning import Conditioning
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.nn.optimizers.traits import follows_gradient

OWN = 0.1
"""Correlation is what stretches the inputs where it alone gives a tenth of the condition number or more."""


@check(
    "G605",
    Severity.ERROR,
    "the inputs have the condition number {condition_shown}: {directions_said} more than {needed_shown} updates at "
    "the largest stable rate, and {updates_made} were made",
    clears="conditioning of the inputs",
    stage=Stage.STEP,
    disturbs=Part.PACE | Part.LOSS,
    because="D702 D705 D713",
    names=("optimizer",),
)
def ill_conditioned(
    network: Network,
    conditioning: Conditioning,
    trained: Trained,
    passes: Passes,
    position: LossPosition,
    *,
    share: float = 0.3,
    least: float = 0.1,
) -> Iterator[Evidence]:
    """Inputs so stretched that gradient descent needs more updates than were made.

    Why it matters
        Gradient descent is stable only up to a rate that the steepest direction sets, and at that rate it moves along
        every other direction by as much less as the loss bends less there. Along the difference of two columns that
        are nearly the same, the squared error of a linear model bends by the condition number less than along their
        sum: it needs as many updates, up to a factor near 1, as that number. What the prediction owes to such a
        direction is learned last.
    How to fix it
        Turn the columns into ones of one size that do not depend on one another: principal components, whitened; or
        give the difference of such columns as a column of its own. Standardise, where their scales or means are
        what stretches them. Momentum takes a fixed part of the updates; Adam helps only where the directions are
        columns.
    When it stays silent
        Inputs however stretched, where little of the loss lies along the slow directions or the updates suffice;
        columns that are exact sums of others, along which nothing is to be learned; networks that normalise inside.
        With Adam and its kin, to whom the count of updates does not apply, it is a note.
    How sure
        Estimated: the loss that a correction of the predictions along the slow directions saves is worked out on a
        sample of rows. The number of updates is that of a linear model; hidden layers stretch it further.
    References
        LeCun, Bottou, Orr and Muller, Efficient BackProp, 1998, sections 4.3 and 5.1.
    """
    gap = conditioning.before - position.reach
    span = position.constant - position.reach
    if (
        gap <= 0
        or conditioning.slow < share * gap
        or conditioning.slow < least * span
        or conditioning.slow < conditioning.fast
    ):
        return
    names = tuple(passes.dataset.feature_names[k] for k in conditioning.names)
    correlated = conditioning.standardised >= OWN * conditioning.condition
    kept = conditioning.before - conditioning.slow
    shown = f"{short(conditioning.condition, 2)}"
    more = conditioning.directions
    along = "one direction needs" if more == 1 else f"{more} directions need up to"
    yield Evidence(
        numbers={
            "condition_shown": shown,
            "condition_number": conditioning.condition,
            "of_standardised": conditioning.standardised,
            "directions": more,
            "directions_said": along,
            "needed_shown": short(conditioning.needed, 2),
            "updates_needed": conditioning.needed,
            "updates_made": trained.updates or 0,
            "saved_along_slow": conditioning.slow,
            "saved_along_fast": conditioning.fast,
            "rows": conditioning.rows,
            "columns": names,
        },
        certainty=Certainty.ESTIMATED,
        severity=_severity(network, position, correlated=correlated),
        why=f"Correcting the predictions along the slow directions alone would bring the loss from "
        f"{short(conditioning.before)} to {short(kept)}; along all the others together it would save "
        f"{short(conditioning.fast)}. {' and '.join(names)} have the largest part in "
        f"{'it' if more == 1 else 'the one that matters most'}.",
        remedy=_remedy(names, correlated=correlated),
        explains=position.part(conditioning.slow),
        strength=min(conditioning.slow / gap, 1.0),
        verdict=f"What is left to learn lies along a direction in which the inputs hardly vary: "
        f"{percent(min(conditioning.slow / gap, 1.0))} of the gap. Gradient descent needs about "
        f"{short(conditioning.needed, 2)} updates for it, and has made {trained.updates or 0:,}.",
    )


def _severity(network: Network, position: LossPosition, *, correlated: bool) -> Severity:
    if not follows_gradient(network.optimizer):
        return Severity.NOTE
    # Where scales are to blame the finding on them is the one to fix, and may be no more than a warning.
    return Severity.ERROR if position.far and correlated else Severity.WARNING


def _remedy(names: tuple[str, ...], *, correlated: bool) -> Remedy:
    if correlated and len(names) > 1:
        return Remedy(
            f"train on whitened principal components, so that the difference of {names[0]} and {names[1]} counts as "
            "much as their sum",
            "x_train = sklearn.decomposition.PCA(whiten=True).fit_transform(x_train)",
        )
    return Remedy(
        "standardise the columns, so that none of them outweighs the others by its scale or its mean",
        "df[columns] = (df[columns] - df[columns].mean()) / df[columns].std()",
    )
