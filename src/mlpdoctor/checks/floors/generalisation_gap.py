"""L509: overfitting, measured on rows that the network was not trained on."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, named, short
from mlpdoctor.facts.ladder.generalisation import OVERFITTED, Generalisation
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.network.weights import trained_parameters

MANY = 1.0
"""From a parameter for each number to learn on, a network can learn its rows by heart."""


@check(
    "L509",
    Severity.ERROR,
    "the loss is {unseen_loss} on {unseen_rows} unseen rows and {model_loss} on those trained on",
    stage=Stage.OUTCOME,
    because="D715 L507",
    names=("epochs", "width"),
    untreatable="a trial is judged on the rows it trains on, where a model that memorises does well",
)
def generalisation_gap(general: Generalisation, network: Network, objective: Objective) -> Iterator[Evidence]:
    """Overfitting: a loss on unseen rows far above the loss on the rows trained on.

    Why it matters
        The network has memorised rows, noise and all, instead of what holds for all rows. A low training loss then
        says nothing, and where a line fitted to the same rows does better on new ones, the network is worth less
        than the line.
    How to fix it
        EarlyStopping on rows kept aside, with restore_best_weights=True; more rows; fewer units, dropout or weight
        decay.
    When it stays silent
        Without --validation or --split; fewer than 30 unseen rows; a gap within three standard errors, or under a
        twentieth of the constant's loss. A network that does better on the unseen rows than line and constant is
        said to overfit where the gap takes a quarter of all there was to gain, and doubles the loss. It is an error
        where always predicting the mean, or another constant, does better.
    How sure
        Measured on all unseen rows: the gap with the standard error of both means, the lead of line or constant with
        that of the differences row by row. Both were fitted to the rows trained on, as the network was.
    References
        Zhang, Bengio, Hardt, Recht and Vinyals, Understanding deep learning requires rethinking generalization, 2017.
    """
    severity = general.severity
    if severity is None:
        return
    rival = general.rival
    wanted = objective.rows * sum(head.units for head in objective.heads.heads)
    parameters = trained_parameters(network)
    yield Evidence(
        numbers={
            "model_loss": general.seen,
            "unseen_loss": general.model,
            "rows": general.trained_on,
            "unseen_rows": general.ladder.rows,
            "gap": general.gap,
            "gap_error": general.gap_error,
            "gap_share": general.gap / general.span if general.span > 0 else None,
            "simple": None if rival is None else rival.name,
            "simple_loss": None if rival is None else rival.value,
            "behind": general.excess,
            "behind_error": general.excess_error,
            "parameters": parameters,
            "numbers_to_learn": wanted,
        },
        certainty=Certainty.MEASURED,
        severity=severity,
        why=_why(general, parameters, wanted),
        remedy=_remedy(parameters, wanted),
        strength=min(general.gap / general.span, 1.0) if general.span > 0 else 1.0,
        verdict=_verdict(general),
    )


def _verdict(general: Generalisation) -> str:
    rival = general.rival
    beside = ""
    if rival is not None and general.beaten:
        beside = f" There {named(rival.label)} does better: {short(rival.value, 3)}."
    elif rival is not None:
        beside = f" There {named(rival.label)} gives {short(rival.value, 3)}."
    return (
        f"The network overfits: its loss is {short(general.seen, 3)} on the {count(general.trained_on, 'row')} trained "
        f"on and {short(general.model, 3)} on {count(general.ladder.rows, 'unseen row')}.{beside}"
    )


def _why(general: Generalisation, parameters: int, wanted: int) -> str:
    told = f"The gap is {short(general.gap, 3)} ± {short(general.gap_error, 2)}."
    if general.rival is not None and general.beaten:
        told += (
            f" On unseen rows the network is {short(general.excess, 3)} ± {short(general.excess_error, 2)} above "
            f"{named(general.rival.label)}."
        )
    if parameters >= MANY * wanted:
        told += f" Its {count(parameters, 'parameter')} for {count(wanted, 'number')} to learn can memorise the rows."
    return told


def _remedy(parameters: int, wanted: int) -> Remedy:
    """Fewer units are proposed where there are as many parameters as numbers to learn."""
    if parameters >= MANY * wanted:
        return OVERFITTED
    return Remedy("stop where the loss on rows kept aside is lowest; dropout or weight decay help too", OVERFITTED.code)
