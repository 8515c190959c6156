"""D715: unseen rows that are other rows than those trained on."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.generalisation import Generalisation, Unseen
from mlpdoctor.facts.outputs.row_shift import RowShift, ShiftedColumn


@check(
    "D715",
    Severity.ERROR,
    "{differ} in the unseen rows, {name} most of all: {difference}",
    stage=Stage.DATA,
    untreatable="both sides of a trial are trained on the same rows, which are the right ones or not",
)
def shifted_rows(shift: RowShift, general: Generalisation, unseen: Unseen) -> Iterator[Evidence]:
    """Unseen rows that come from elsewhere than the rows trained on.

    Why it matters
        A network learns what holds where its rows are. On rows of another kind, be they scaled otherwise, of another
        time, or the end of a sorted table, a high loss says nothing about memorising: early stopping, dropout and
        more units all follow a number that is about something else.
    How to fix it
        Shuffle before splitting; fit scalers and encoders on the rows trained on and apply the same ones to all others.
        Where the new rows are to be different, as the future is, train on some that are like them.
    When it stays silent
        Without --validation or --split; where the network does about as well on the unseen rows; with fewer than 30 of
        them; columns whose distributions differ by less than 0.3, which is about 0.8 standard deviations, or by what
        chance does in a thousandth of such files. It is no more than a note where the gap is no fault, for which see
        L509, and as grave as that else.
    How sure
        Measured: the distance of Kolmogorov and Smirnov, on up to 2,000 sampled rows of both, for each feature and
        target.
    References
        Smirnov, Table for estimating the goodness of fit of empirical distributions, 1948.
        Quionero-Candela, Sugiyama, Schwaighofer and Lawrence, Dataset shift in machine learning, 2009.
    """
    if not shift.columns or not general.clear:
        return
    first = shift.columns[0]
    yield Evidence(
        numbers={
            "differ": f"{count(len(shift.columns), 'column')} of {shift.of:,} "
            f"{'is' if len(shift.columns) == 1 else 'are'} different",
            "name": first.name,
            "difference": _difference(first),
            "distance": first.distance,
            "distance_by_chance": shift.chance,
            "columns": tuple(column.name for column in shift.columns[:10]),
            "rows_compared": shift.rows,
            "median": first.median,
            "median_unseen": first.median_unseen,
            "model_loss": general.seen,
            "unseen_loss": general.model,
        },
        certainty=Certainty.MEASURED,
        severity=general.severity or Severity.NOTE,
        why=f"The distributions of `{first.name}` are {short(first.distance, 2)} apart, where chance reaches "
        f"{short(shift.chance, 2)}. A network is not to be judged on rows of another kind than it was trained on.",
        remedy=_remedy(unseen),
        strength=first.distance,
        verdict=f"The {count(general.ladder.rows, 'unseen row')} are not like the {general.trained_on:,} trained on: "
        f"{_difference(first)}. So the loss there, {short(general.model, 3)} against {short(general.seen, 3)}, does "
        "not tell overfitting from other data.",
    )


def _difference(column: ShiftedColumn) -> str:
    if column.median != column.median_unseen:
        return (
            f"the median of `{column.name}` is {short(column.median, 3)} in the rows trained on and "
            f"{short(column.median_unseen, 3)} in the unseen ones"
        )
    return (
        f"`{column.name}` is {short(column.value, 3)} or less in {percent(column.below)} of the rows trained on and in "
        f"{percent(column.below_unseen)} of the unseen ones"
    )


def _remedy(unseen: Unseen) -> Remedy:
    if unseen.last:
        return Remedy(
            "shuffle the rows before they are split: validation_split takes the last ones as they stand",
            "order = np.random.default_rng(0).permutation(len(x)); x, y = x[order], y[order]",
        )
    return Remedy(
        "prepare both in the same way: fit scalers and encoders on the rows trained on, then transform the others",
        "scaler.fit(x_train); x_train, x_val = scaler.transform(x_train), scaler.transform(x_val)",
    )
