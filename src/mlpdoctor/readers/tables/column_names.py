"""Columns as a user names them, and why a table does not fit a model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError, legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import count


@dataclass(frozen=True)
class Columns:
    """What is known of a table's columns before a row is read.

    Attributes:
        path: the file, as the messages name it.
        names: column names, each once.
        text: names of columns seen to hold something other than numbers.
        marked: positions of the columns that the file itself marks as targets; empty when it marks none.
        kinds: what most cells of a column are, ``text`` or ``date``; columns of numbers are left out.
    """

    path: str
    names: tuple[str, ...]
    text: frozenset[str] = frozenset()
    marked: tuple[int, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)


def find_columns(columns: Columns, asked: Sequence[str], option: str) -> tuple[int, ...]:
    """Positions of the columns a user asked for.

    Args:
        columns: the columns there are.
        asked: names, or positions counted from 1, or from -1 at the end. A name wins over a position.
        option: the option that asked, for the message.

    Returns:
        Positions counted from 0, in the order asked for.

    Raises:
        DataFileError: there is no such column, or one is asked for twice.
    """
    found: list[int] = []
    for word in asked:
        place = _place(columns.names, one_line(word))
        if place is None:
            near = get_close_matches(word.strip(), columns.names, n=3)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise DataFileError(
                f"{columns.path}: {option} {word!r} is neither the name of a column nor a position from 1 to "
                f"{len(columns.names)}; {hint}the columns are {listed(columns.names)}"
            )
        if place in found:
            raise DataFileError(f"{columns.path}: {option} names the column {columns.names[place]!r} twice")
        found.append(place)
    return tuple(found)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names with commas between them, the middle left out when there are many."""
    longest = 40
    shown = list(names) if len(names) <= most else [*names[: most - 1], "...", names[-1]]
    shown = [one_line(name) for name in shown]
    return ", ".join(name if len(name) <= longest else name[:longest] + "..." for name in shown)


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names that are all different and none empty, made so the way pandas does."""
    taken: set[str] = set()
    copies: dict[str, int] = {}
    out: list[str] = []
    for place, written in enumerate(names):
        base = name = one_line(written) or f"Unnamed: {place}"
        while name in taken:
            copies[base] = copies.get(base, 0) + 1
            name = f"{base}.{copies[base]}"
        taken.add(name)
        out.append(name)
    return tuple(out)


def one_line(text: str) -> str:
    """A name or a message as it is shown: words with one blank between them, all that is in it seen."""
    return legible(" ".join(text.split()))


def _place(names: Sequence[str], word: str) -> int | None:
    """Position of the column a word means."""
    if word in names:
        return names.index(word)
    try:
        position = int(word)
    except ValueError:
        return None
    if 1 <= position <= len(names):
        return position - 1
    return position + len(names) if -len(names) <= position <= -1 else None


INDEX_NAMES = frozenset(("", "unnamed: 0", "index", "id", "rownames"))
"""What the column that numbers the rows is called, in small letters."""


def wrong_choice(columns: Columns, option: str, named: int, asked: str) -> DataFileError:
    """The error for an option that names too few or too many columns."""
    return DataFileError(f"{columns.path}: {option} names {count(named, 'column')}, and {asked}")


def mismatch(columns: Columns, left: Sequence[int], targets: int, wanted: Wanted, *, chosen: bool) -> DataFileError:
    """The error for a table with too few or too many columns.

    Args:
        columns: all the columns.
        left: positions of those that are not dropped.
        targets: number of target columns.
        wanted: what the model and the user ask of the table.
        chosen: whether the targets are chosen, by the user or by the file itself.
    """
    names = [columns.names[place] for place in left]
    there = count(len(names), "column") + (" left after --drop" if wanted.drop else "")
    if wanted.features is None:
        return DataFileError(
            f"{columns.path}: has {there}, and the model needs at least one feature and "
            f"{count(targets, 'target')}; the columns are {listed(names)}"
        )
    needs = f"{count(wanted.features, 'feature')} and {count(targets, 'target')}"
    off = len(names) - wanted.features - targets
    if off == -targets and not chosen:
        return DataFileError(
            f"{columns.path}: no target column is left: it has {there}, and the model takes all of them as "
            f"features; add the target as the last column (the columns are {listed(names)})"
        )
    text = [name for name in names if name in columns.text]
    causes = _too_many(names, text, wanted, off, chosen=chosen) if off > 0 else _too_few(text, wanted, targets, off)
    return DataFileError(
        f"{columns.path}: has {there}, and the model takes {needs}: {abs(off):,} too "
        f"{'many' if off > 0 else 'few'}; {'; or '.join(causes)} (the columns are {listed(names)})"
    )


def _too_many(names: Sequence[str], text: Sequence[str], wanted: Wanted, off: int, *, chosen: bool) -> list[str]:
    """Reasons for columns over, the likeliest first."""
    causes = []
    if text:
        causes.append(f"the model cannot have taken text as it stands ({listed(text)}): leave it out with --drop")
    if names[0].lower() in INDEX_NAMES:
        causes.append(f"the first column numbers the rows: leave it out with --drop {names[0]!r}")
    if not chosen and wanted.targets:
        causes.append(
            f"the last {off + wanted.targets[0]} columns are all targets, perhaps one-hot labels, and the "
            "model has fewer outputs"
        )
    causes.append("columns were left out in training: name them with --drop, or the ones used with --features")
    return causes


def _too_few(text: Sequence[str], wanted: Wanted, targets: int, off: int) -> list[str]:
    """Reasons for columns that lack, the likeliest first."""
    causes = []
    if text:
        causes.append(
            f"text columns ({listed(text)}) became several columns in training, one-hot encoded: give the encoded table"
        )
    if targets > 1 and off == 1 - targets:
        causes.append(
            f"labels are in one column where this loss needs {targets}: one-hot encode them, "
            "or train with a sparse loss"
        )
    if wanted.drop:
        causes.append("--drop leaves out too much")
    causes.append("columns were added in training: give the table as the model saw it")
    return causes


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
