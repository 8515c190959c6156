"""D712: a feature that is the target itself in another form."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, listing
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.outputs.leaks import Leaks


@check(
    "D712",
    Severity.WARNING,
    "{feature} {how}",
    stage=Stage.DATA,
    untreatable="a feature that gives the answer away makes the loss low, not high; decide whether it may be there",
)
def leaking_feature(found: Leaks, passes: Passes, *, near_share: float = 0.001) -> Iterator[Evidence]:
    """A feature that gives the target away by itself.

    Why it matters
        A column that is the target in other units, or was worked out from it, makes any model look perfect on these
        data, and is not there when the model is used. Training then learns that one column.
    How to fix it
        Find out when the column becomes known. If that is with or after the target, leave it out.
    When it stays silent
        Problems with one feature that varies, or whose features are all images of one; autoencoders, whose targets are
        their features; tables of fewer than 30 rows. A column that comes near the target, up to the tolerated share of
        its variance, or that tells the classes apart by thresholds, is a note: in easy data that is how it should be.
        A column that numbers the rows of a file sorted by its target is no such note; one that is called Id or the
        like, and does, is a note in any file.
    How sure
        Measured on all rows for numbers, on a sample of up to 32,768 rows for classes.
    References
        Kaufman, Rosset, Perlich and Stitelman, Leakage in data mining, 2012.
    """
    leaks = found.of(near_share)
    if not leaks:
        return
    first = min(leaks, key=lambda one: (not one.copy, one.rest, one.feature))
    copies = [one for one in leaks if one.copy]
    shown = sorted({one.feature for one in copies or leaks})
    names = passes.dataset.feature_names
    name = names[first.feature]
    yield Evidence(
        numbers={
            "feature": name,
            "how": first.how,
            "features": tuple(names[k] for k in shown[:100]),
            "unexplained_share": first.rest,
            "rows": found.rows,
        },
        certainty=Certainty.MEASURED if first.all_rows else Certainty.ESTIMATED,
        severity=None if first.copy else Severity.NOTE,
        why="New rows have numbers beyond these: what a network learns of them is of no use there."
        if first.counts
        else f"That one column predicts the target, without the other {count(found.varied - 1, 'feature')}. "
        "If it is not known before the target is, the model is of no use however low its loss.",
        remedy=Remedy(
            f"leave {name} out"
            if first.counts
            else f"find out when {listing([names[k] for k in shown])} becomes known; if not before the target, leave "
            "it out",
            f"df = df.drop(columns={[names[k] for k in shown[:12]]})",
        ),
        strength=1.0 if first.copy else 0.5,
        verdict=f"The target is among the inputs: {name} {first.how}. A loss on these data says nothing about data "
        "where that column is not known.",
    )
