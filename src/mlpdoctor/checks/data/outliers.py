"""D709: a few rows that carry most of the loss."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import coefficient, count, listing, percent, quoted, short
from mlpdoctor.facts.outputs.far_rows import FarRows, OutlierSearch
from mlpdoctor.facts.outputs.regression import Quartiles

LEARNED = 0.5
"""The model's typical error is half the spread of the targets or less: the other rows have been learned."""
EFFICIENT = 1.345
"""Huber's delta in standard deviations, which costs five percent where there are no outliers (Huber, 1981)."""


@check(
    "D709",
    Severity.WARNING,
    "{few} {share} of the {loss}{of}: {shown}",
    clears="outliers",
    stage=Stage.DATA,
    disturbs=EVERYTHING,
    worsens="D703",
    untreatable="whether a far row is a mistake or the point only their owner knows; look at the rows named",
)
def outliers(search: OutlierSearch, *, most_of_the_loss: float = 0.5, far: float = 10.0) -> Iterator[Evidence]:
    """A few rows that carry most of the loss.

    Why it matters
        A squared error counts a row that is a hundred times farther off ten thousand times as much. A handful of typing
        errors, or a code such as -999 for a missing value, then decides the loss, its gradient and the scale that
        targets are divided by, and the other rows hardly count. The loss looks stuck at the price of these rows.
    How to fix it
        Look at the rows. Drop those that are codes or errors; where the values are real use Huber's loss, or the
        logarithm of amounts.
    When it stays silent
        Ends of a range that reaches as far on the other side, such as rewards of -1; heavy tails that the model has
        learned, tables of fewer than 20 rows, losses of ratios and logarithms, classes.
        Amounts that are ordinary on a logarithmic scale are a note, and so are far rows beside which the model has
        learned the others.
    How sure
        Measured: the loss of every row. Before training, the distance of every target from the mean. The spread of
        the other rows is taken from a sample.
    References
        Huber and Ronchetti, Robust Statistics, 2009.
    """
    for k in range(len(search.regression.parts)):
        found = search.of(k, most_of_the_loss, far)
        if found is not None:
            yield _evidence(found, search, k)


def _evidence(found: FarRows, search: OutlierSearch, k: int) -> Evidence:
    quartiles, total, untrained = search.quartiles, search.moments.rows, search.never_trained
    loss = search.regression.parts[k].loss.label
    name = search.objective.passes.dataset.target_names[search.regression.columns[k]]
    error, bulk = quartiles.errors[k], quartiles.targets[k]
    tail = found.tail(quartiles.logarithms[k])
    others = not untrained and error is not None and error.spread <= LEARNED * bulk.spread
    shown = (
        f"{name} is {short(float(found.values[0]))} in each of them"
        if found.kind == "code"
        else listing(
            [f"{name} = {short(v)} in row {int(n) + 1:,}" for v, n in zip(found.values, found.numbers, strict=True)]
        )
    )
    typical = f"half of all rows have {name} within {short(0.675 * bulk.spread, 2)} of {short(bulk.median, 3)}"
    return Evidence(
        numbers={
            "few": f"{found.rows:,} of {total:,} rows {_carry(found.rows)}",
            "rows": found.rows,
            "total": total,
            "share": found.share,
            "loss": loss,
            "of": " of the best constant" if untrained or found.kind == "code" else "",
            "shown": shown,
            "kind": "tail" if tail else found.kind,
            "row_numbers": tuple(int(number) + 1 for number in found.numbers[:100]),
            "values": tuple(float(value) for value in found.values[:100]),
            "median": bulk.median,
            "spread": bulk.spread,
            "error_spread": None if error is None else error.spread,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE if tail or others or search.learned else Severity.WARNING,
        why=f"While {typical}, what lies far out decides the loss and its gradient."
        + (" The other rows have been learned all the same." if others else ""),
        remedy=_remedy(found, name, bulk if untrained or error is None else error, tail=tail),
        strength=found.share,
        verdict=_verdict(found, name, loss, total, untrained=untrained),
    )


def _remedy(found: FarRows, name: str, bulk: Quartiles, *, tail: bool) -> Remedy:
    if found.kind == "code":
        code = coefficient(float(found.values[0]))
        return Remedy(
            f"look at these rows: if {code} is a code for a missing value, drop or fill them; if it is real, keep them",
            f"df = df[df[{quoted(name)}] != {code}]",
        )
    if tail:
        return Remedy(
            f"{name} is an amount with a long tail: train on its logarithm, and turn predictions back with np.expm1",
            "y_train = np.log1p(y_train)",
        )
    delta = coefficient(EFFICIENT * bulk.spread)
    return Remedy(
        "look at these rows and drop those that are wrong; where they are right, use a loss they cannot decide alone",
        f"model.compile(optimizer, loss=keras.losses.Huber(delta={delta}))",
    )


def _verdict(found: FarRows, name: str, loss: str, total: int, *, untrained: bool) -> str:
    few = f"{count(found.rows, 'row')} of the {total:,}"
    if found.kind == "code":
        return (
            f"{few} have {name} = {short(float(found.values[0]))}, far from all others. They decide the {loss}: is it "
            "a code for a missing value?"
        )
    carry = "will carry" if untrained else _carry(found.rows)
    return f"{few} {carry} {percent(found.share)} of the {loss}: the loss says little about the others."


def _carry(rows: int) -> str:
    return "carries" if rows == 1 else "carry"
