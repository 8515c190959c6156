"""D701: missing or infinite cells, and numbers too large or too small for float32."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, listing
from mlpdoctor.engine.passes import Passes
from mlpdoctor.statistics.moments import CellCounts

SHOWN = 100
"""More columns than anybody reads one by one."""


@check(
    "D701",
    Severity.ERROR,
    "{bad_rows} of {rows} rows with {cells}, {where}",
    stage=Stage.DATA,
    untreatable="the cells are in the file: fill or correct them, or leave the rows out, and check again",
)
def non_finite_data(cells: CellCounts, passes: Passes) -> Iterator[Evidence]:
    """Missing or infinite cells in the data, and numbers that are infinite or 0 in float32.

    Why it matters
        One NaN among the inputs or targets of a batch makes the loss of the batch NaN, and through the gradient the
        weights it reaches. Keras does not warn. A number beyond float32, 3.4e38, is infinite to Keras, and one nearer
        to 0 than 7e-46 is 0: a column of such numbers says nothing.
    How to fix it
        Drop or fill the rows before training; multiply a column of tiny numbers, or scale it.
    When it stays silent
        Tiny numbers beside larger ones in their column, to which they are as good as 0. A network of plain layers has
        no use for a missing value, so nothing else is passed over. All that the report says of these data is worked out
        on the complete rows.
    How sure
        Measured: every cell is looked at.
    """
    data = passes.dataset
    names = (*data.feature_names, *data.target_names, data.weight_name or "")
    if cells.vanished.any():
        yield _vanished(cells, names)
    if not cells.bad_rows:
        return
    bad = cells.missing + cells.infinite + cells.too_large
    large = bool(cells.too_large.any())
    broken = bool((cells.missing + cells.infinite).any())
    found = ["missing or infinite cells"] * broken + ["numbers too large for float32"] * large
    columns = [f"{names[k]} ({bad[k]:,})" for k in np.argsort(-bad, kind="stable") if bad[k]]
    first = int(np.argmin(cells.first_bad))
    column = names[first] if names[first].startswith("column ") else f"column {names[first]}"
    yield Evidence(
        numbers={
            "bad_rows": cells.bad_rows,
            "cells": " or ".join(found),
            "rows": cells.rows,
            "where": f"first in {column}, row {int(cells.first_bad[first]) + 1:,}",
            "column": column,
            "row": int(cells.first_bad[first]) + 1,
            "missing": int(cells.missing.sum()),
            "infinite": int(cells.infinite.sum()),
            "too_large": int(cells.too_large.sum()),
            "columns": {names[k]: int(bad[k]) for k in range(len(bad)) if bad[k]},
        },
        certainty=Certainty.MEASURED,
        why=f"{_BROKEN if broken else _LARGE} By column: {listing(columns)}. The rest of this report uses the "
        f"{count(cells.rows - cells.bad_rows, 'complete row' if broken else 'other row')}.",
        remedy=Remedy("correct or drop these rows before training", _SMALL)
        if large
        else Remedy("drop or fill these rows before training", _COMPLETE),
        strength=cells.bad_rows / cells.rows,
        verdict=f"The data hold {' and '.join(found).replace('cells', 'values')} in {cells.bad_rows:,} of "
        f"{cells.rows:,} rows; training on them turns the loss into NaN.",
    )


def _vanished(cells: CellCounts, names: tuple[str, ...]) -> Evidence:
    """Columns of which float32 leaves zeros alone."""
    gone = [names[k] for k in np.flatnonzero(cells.vanished)]
    first = int(np.flatnonzero(cells.vanished)[0])
    small = int(cells.too_small[first])
    return Evidence(
        numbers={
            "bad_rows": small,
            "cells": "numbers that are 0 in float32",
            "rows": cells.rows,
            "where": f"all that {listing(gone)} {'hold' if len(gone) > 1 else 'holds'}",
            "columns": tuple(gone[:SHOWN]),
        },
        certainty=Certainty.MEASURED,
        why=f"Keras computes in float32, where numbers nearer to 0 than 7e-46 are 0: of {listing(gone)} nothing is "
        "left, and the rest of this report takes them so.",
        remedy=Remedy("scale them before training", "df = (df - df.mean()) / df.std()"),
        strength=len(gone) / max(len(names), 1),
        verdict=f"All numbers of {listing(gone)} are so small that they are 0 in float32: scale them before training.",
    )


_BROKEN = "A NaN in a batch makes its loss NaN and spreads to the weights."
_LARGE = "Beyond 3.4e38 float32 has infinity alone, which makes the loss NaN and spreads to the weights."
_COMPLETE = "df = df.replace([np.inf, -np.inf], np.nan).dropna()"
_SMALL = "df = df[(df.abs() <= np.finfo('float32').max).all(axis=1)]"
