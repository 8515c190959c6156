"""D706: rows that are copies of others."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.distinct import distinct
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import percent
from mlpdoctor.statistics.rows import RowSample, WholeRowHashes

LEAST_COPIES = 10
"""Fewer are an accident of rounding or of a small table."""
ROOM = 10.0
"""Where the columns can make fewer different rows than ten times those there are, rows meet without being copied."""


@check(
    "D706",
    Severity.NOTE,
    "{repeated_share} of the rows repeat an earlier row exactly, targets and all",
    stage=Stage.DATA,
    untreatable="repeated rows belong to the file; whether they should count twice only their owner knows",
)
def duplicate_rows(hashes: WholeRowHashes, sample: RowSample, *, tolerated_share: float = 0.1) -> Iterator[Evidence]:
    """Rows that repeat an earlier row exactly, in features and targets.

    Why it matters
        A row that is there ten times counts ten times in the loss. Worse, a random split, as validation_split on
        shuffled rows makes it, puts copies of the same row into training and validation: the validation loss then
        looks better than the model is. Files joined twice, or classes made up by copying, are the usual reasons.
    How to fix it
        Drop the copies before splitting. Where a row is meant to count more, give it a sample weight.
    When it stays silent
        A tenth of the rows or less, unless set otherwise; columns of so few levels that rows must meet, such as a
        handful of 0/1 columns or XOR repeated a thousand times. It is a note always: training is not stuck by it.
    How sure
        Measured on all rows by 64-bit hashes; above four million rows on a part of them, all copies of a row together.
    """
    rows = len(hashes.hashes)
    # Sorting is many times faster than np.unique, which builds a table of a million hashes.
    copies = int(np.count_nonzero(np.diff(np.sort(hashes.hashes)) == 0))
    if copies < LEAST_COPIES or copies <= tolerated_share * rows or _room(sample) < ROOM * rows:
        return
    share = copies / rows
    yield Evidence(
        numbers={"repeated_share": share, "copies": copies, "rows": rows, "distinct": rows - copies},
        certainty=Certainty.MEASURED if hashes.level == 0 else Certainty.ESTIMATED,
        why=f"The loss counts each as often as it is there, and a random split puts copies of one row on both sides: "
        f"{percent(share)} of the rows have a twin before them.",
        remedy=Remedy("drop the copies before splitting off validation rows", "df = df.drop_duplicates()"),
        strength=share,
    )


def _room(sample: RowSample) -> float:
    """How many different rows the values in a sample of each column could make.

    Columns of two levels are taken for one set of one-hot columns, of which one is 1 at a time.
    """
    table = np.concatenate([sample.few.features, sample.few.targets], axis=1)
    room, flags = 1.0, 1
    for column in table.T:
        levels = len(distinct(column))
        if levels > 2:  # noqa: PLR2004
            room *= levels
        else:
            flags += levels - 1
        if room > 1e15:  # noqa: PLR2004  more than any file has rows
            break
    return room * flags
