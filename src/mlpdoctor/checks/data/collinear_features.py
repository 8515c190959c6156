"""D705: features that are combinations of others."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.analysis.floors.basis import EXACT, MOST_TERMS, Dependence, dependences
from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import equation, listing, percent, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.rows import RowSample

ROWS_A_COLUMN = 2
"""With hardly more rows than columns each column is nearly a combination of the others by chance: D710's matter."""
MOST_FEATURES = 1024
"""Beyond it the work, which grows with the cube, takes seconds."""
WRITTEN = 12


@check(
    "D705",
    Severity.NOTE,
    "made up of other features: {which} ({columns} of {width} features)",
    stage=Stage.DATA,
    names=("conditioning of the inputs",),
    untreatable="columns that repeat one another slow training down and keep no loss; drop some of them",
)
def collinear_features(
    factor: TargetFactor, sample: RowSample, passes: Passes, *, tolerated_rest: float = 0.01
) -> Iterator[Evidence]:
    """Features that are, or nearly are, affine combinations of other features.

    Why it matters
        Such a column brings nothing that the others do not. What its weight does another weight can undo: along that
        direction the loss is flat, or nearly, and gradient descent crawls. With the tolerated rest of a hundredth of
        the column's spread the squared error bends ten thousand times less along it than along the others together.
    How to fix it
        Keep one of each: drop the named columns. No floor changes by it, and the weights can then be compared.
    When it stays silent
        Complete sets of one-hot columns, which add up to 1 by design; constant columns, which are D704's; tables with
        fewer than two rows a column. It is a note always: a well-scaled network learns in spite of it.
    How sure
        Measured: from the triangular factor of all rows, to the precision of float64.
    References
        Belsley, Kuh and Welsch, Regression diagnostics, 1980, chapter 3.
    """
    width = factor.features
    if not 2 <= width <= MOST_FEATURES or factor.rows < ROWS_A_COLUMN * (width + 1):  # noqa: PLR2004
        return
    found = [one for one in dependences(factor, tolerated_rest) if not _is_one_hot(one, sample)]
    if not found:
        return
    names = passes.dataset.feature_names
    exact = sum(one.rest <= EXACT for one in found)
    columns = [names[one.column] for one in found]
    code = f"df = df.drop(columns={columns if len(columns) <= WRITTEN else [*columns[:WRITTEN], '...']})"
    yield Evidence(
        numbers={
            "columns": len(found),
            "width": width,
            "which": listing([_equation(one, names) for one in found]),
            "exact": exact,
            "rest": {names[one.column]: one.rest for one in found},
            "rank": width - len(found),
        },
        certainty=Certainty.MEASURED,
        why=_why(len(found), exact, max(one.rest for one in found)),
        remedy=Remedy(f"leave out {listing(columns)}: the other features hold the same", code),
        strength=len(found) / width,
    )


def _why(columns: int, exact: int, rest: float) -> str:
    if exact == columns:
        return "The other features hold the same already; the copies leave directions along which the loss is flat."
    return (
        f"All but {percent(rest)} of the spread, at most, is in the other features. Along the difference the squared "
        f"error bends about {short(1 / rest**2, 1)} times less than along what they share, so descent hardly moves."
    )


def _equation(one: Dependence, names: tuple[str, ...]) -> str:
    name = names[one.column]
    if not 1 <= len(one.others) <= MOST_TERMS:
        return f"{name} (of {len(one.others)} others)" if one.others else name
    written = equation(name, one.intercept, one.slopes, tuple(names[k] for k in one.others))
    written = written.replace("= 1 ", "= ").replace(" + 1 ", " + ").replace(" - 1 ", " - ").replace("= -1 ", "= -")
    return written if one.rest <= EXACT else written.replace(" = ", " is nearly ", 1)


def _is_one_hot(one: Dependence, sample: RowSample) -> bool:
    """Whether the column is the last of a set of 0/1 columns that add up to 1."""
    if not one.others or not np.allclose(one.slopes, -1.0, atol=EXACT) or abs(one.intercept - 1) > EXACT:
        return False
    values = sample.features[:, [one.column, *one.others]]
    return bool(((values == 0) | (values == 1)).all())
