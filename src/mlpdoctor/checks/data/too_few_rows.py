"""D710: too few rows to tell learning from remembering."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, short
from mlpdoctor.facts.ladder.generalisation import OVERFITTED, Generalisation
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.unseen_readout import UnseenReadout
from mlpdoctor.facts.network.weights import trained_parameters
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.rows import CLEAR

AS_IF_UNSEEN = (
    "At the pace of the trial the updates made would have brought the loss down many times over. If these are rows "
    "of the training, other targets, weights or preprocessing were used in it."
)
EXACT = 1e-9
"""A linear model that leaves less than this share of the constant's loss goes through all rows."""
TRAINED = 1e-5
"""And so does a network that was trained to less than this."""
ANY = 2.0
"""So many parameters for each row, and one for each feature, are enough for any targets (Zhang and others, 2017)."""


@check(
    "D710",
    Severity.NOTE,
    "{of} for {parameters} trained parameters and {inputs}",
    stage=Stage.DATA,
    untreatable="more rows are needed, and no change of the model makes them",
)
def too_few_rows(
    network: Network,
    objective: Objective,
    factor: TargetFactor,
    position: LossPosition | None,
    unseen: UnseenReadout | None,
    speed: DescentSpeed | None,
    general: Generalisation | None,
    *,
    times: float = 10.0,
) -> Iterator[Evidence]:
    """Too few rows to tell learning from remembering.

    Why it matters
        A network with many more parameters than rows can go through every row whatever their targets are, and a
        linear model can once it has as many coefficients as there are rows. A small loss on such rows says nothing
        about new ones; and a loss that stays high on them is a matter of training, not of the data.
    How to fix it
        Judge the model on rows it has not been trained on; with few rows by cross-validation. A network that has
        learned its rows by heart needs more rows, fewer units, dropout, weight decay or EarlyStopping.
    When it stays silent
        Up to ten parameters for each number that is to be learned, or up to two where the model goes through all rows
        without noise and no line does; rows of --validation or --split on which the network
        was seen to do as well. It is no more than a note, as small tables such as XOR are there to be learned by heart,
        unless the network does badly on these rows as if it had never seen them: another last layer on the same
        features does better on rows that it was not fitted to, and a few updates on these rows gain so much that the
        updates made cannot have been on them. That is what rows kept aside look like to an overfitted network, at any
        number of rows with a parameter or more for each. One that does no better than a constant has other faults first
        (L502).
    How sure
        Measured: rows, columns and parameters are counted. Estimated where it is a warning: by the last layer,
        cross-validated, and by trial updates.
    References
        Zhang, Bengio, Hardt, Recht and Vinyals, Understanding deep learning requires rethinking generalization, 2017.
    """
    rows, features = factor.rows, factor.features
    parameters = trained_parameters(network)
    # Each unit of an output gives a row one number to get right; classes are one number less.
    wanted = rows * sum(head.units for head in objective.heads.heads)
    linear = rows <= features + 1
    unfamiliar = (
        parameters >= wanted
        and position is not None
        and not position.no_better
        and not position.barely
        and speed is not None
        and speed.contradicted
        and unseen is not None
        and unseen.saved > CLEAR * unseen.error
    )
    answered = general is not None and general.as_well
    many = parameters >= times * wanted or (parameters >= ANY * wanted + features and _through(position))
    if not unfamiliar and (answered or not (many or linear)):
        return
    exact = (
        linear
        and position is not None
        and position.affine is not None
        and position.of_constant(position.affine) <= EXACT
    )
    yield Evidence(
        numbers={
            "rows": rows,
            "features": features,
            "of": count(rows, "row"),
            "inputs": count(features, "feature"),
            "parameters": parameters,
            "numbers_to_learn": wanted,
            "linear_fits_exactly": exact,
        },
        certainty=Certainty.ESTIMATED if unfamiliar else Certainty.MEASURED,
        severity=Severity.WARNING if unfamiliar else Severity.NOTE,
        why=AS_IF_UNSEEN if unfamiliar else _why(rows, features, parameters / wanted, linear=linear, exact=exact),
        remedy=OVERFITTED if unfamiliar else _held_out(rows),
        strength=min(parameters / wanted / 1000, 1.0),
        verdict=_verdict(speed) if unfamiliar and speed is not None else None,
    )


def _through(position: LossPosition | None) -> bool:
    """Whether the model goes through all rows, and the best line does not."""
    if position is None or position.of_constant(position.model) > TRAINED:
        return False
    return position.affine is not None and position.of_constant(position.affine) > TRAINED


def _verdict(speed: DescentSpeed) -> str:
    trial = speed.saved
    return (
        "On these rows the network does as if it had not been trained on most of them, so it has probably memorised "
        f"others: the loss is {short(trial.before)}, {count(trial.updates, 'update')} on these rows bring it to "
        f"{short(trial.after)}, and {count(speed.updates or 0, 'update')} were made."
    )


def _held_out(rows: int) -> Remedy:
    return Remedy(
        "judge the model on rows it has not seen; with so few, by cross-validation",
        f"sklearn.model_selection.KFold(n_splits={max(min(5, rows), 2)}, shuffle=True, random_state=0)",
    )


def _why(rows: int, features: int, ratio: float, *, linear: bool, exact: bool) -> str:
    means = "a low loss on these rows proves nothing"
    if linear:
        through = "and goes through all of them" if exact else "one for each row or more"
        linear_model = f"A linear model on {count(features, 'feature')} has {count(features + 1, 'coefficient')}"
        return f"{linear_model} for {count(rows, 'row')}, {through}: {means}."
    return f"With {short(ratio, 2)} parameters for each number to learn the network can memorise the data: {means}."
