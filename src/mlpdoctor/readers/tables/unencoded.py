"""The table before encoding: columns of text, dates and row numbers, where a network takes numbers alone."""

import re
from collections.abc import Sequence

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.text import count
from mlpdoctor.readers.tables.column_names import INDEX_NAMES, Columns, listed

DATE, TEXT = "date", "text"
"""What the cells of a column are, where they are no numbers."""
_ID = re.compile(r"(.*[ _.-])?(id|uuid|guid)|[A-Za-z]+Id|.*ID")
SHOWN = 4


def unencoded(
    columns: Columns, left: Sequence[int], targets: Sequence[int], number: int, wanted: Wanted
) -> DataFileError | None:
    """The error for a table that no network was trained on as it stands; None for one that holds numbers alone.

    Args:
        columns: the columns there are.
        left: positions of those that are not dropped, the targets among them.
        targets: positions of the targets, as far as they are known.
        number: target columns that the model asks for.
        wanted: what the model asks of the table.
    """
    if wanted.features is None:
        return None  # without a model nobody knows what the table is for
    for place in targets:
        if columns.kinds.get(columns.names[place]) == DATE:
            return DataFileError(
                f"{columns.path}: the target {columns.names[place]!r} holds dates, and a network predicts numbers; "
                "name another column with --target"
            )
    names = [columns.names[place] for place in left if place not in targets]
    texts = [name for name in names if columns.kinds.get(name) == TEXT]
    dates = [name for name in names if columns.kinds.get(name) == DATE]
    if not targets and texts and names[-1] == texts[-1]:
        texts = texts[:-1]  # the last column may be the target, and a target is never left out
    if not texts and not dates:
        return None
    ids = [name for name in names if name.lower() in INDEX_NAMES or _ID.fullmatch(name)]
    needed = wanted.features + number
    for odd in ([*dates, *texts], [*ids, *dates, *texts]):
        rest = list(dict.fromkeys(odd))
        told = _told(dates, texts, [name for name in ids if name in rest])
        if len(left) - len(rest) == needed and len(rest) <= MOST_DROPPED:
            drop = ",".join(rest)
            quoted = drop if re.fullmatch(r"[\w.,-]+", drop) else f'"{drop}"'
            return DataFileError(
                f"{columns.path}: these columns are no numbers a network takes: {told}; without them the table fits "
                f"the model: --drop {quoted}"
            )
    told = _told(dates, texts, ids)
    chosen = len(targets) == 1 and wanted.target is not None
    target = f"df[{columns.names[targets[0]]!r}]" if chosen else "y"
    if chosen and columns.kinds.get(columns.names[targets[0]]) == TEXT:
        target = f"pd.factorize({target}, sort=True)[0]"  # NumPy would save texts of a frame as a pickle
    return DataFileError(
        f"{columns.path}: this is the table before encoding: {told}. The model takes "
        f"{count(wanted.features, 'number')} a row; give what it was trained on, where ct is your encoder: "
        f"np.savez('data.npz', x=ct.transform(df), y={target})"
    )


def _told(dates: Sequence[str], texts: Sequence[str], ids: Sequence[str]) -> str:
    """What the columns are that are no features: ``date (a date); city, owner (text)``."""
    groups = ((dates, "a date", "dates"), (texts, "text", "text"), (ids, "an id", "ids"))
    named = ((listed(group, SHOWN), one if len(group) == 1 else many) for group, one, many in groups if group)
    return "; ".join(f"{names} ({what})" for names, what in named)


MOST_DROPPED = 12
"""Columns that a command names; of more the encoded table is the better way."""
