"""Why a table does not fit a model: the counts, and the mistakes that lead to such counts."""

from collections.abc import Sequence

from mlpdoctor.column_names import Columns, counted, listed
from mlpdoctor.dataset import Wanted
from mlpdoctor.errors import DataFileError

INDEX_NAMES = frozenset(("", "unnamed: 0", "index", "id", "rownames", "__index_level_0__"))
"""What the column that numbers the rows is called, in small letters."""


def wrong_choice(columns: Columns, option: str, count: int, asked: str) -> DataFileError:
    """The error for an option that names too few or too many columns."""
    return DataFileError(f"{columns.path}: {option} names {counted(count, 'column')}, and {asked}")


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
    there = counted(len(names), "column") + (" left after --drop" if wanted.drop else "")
    if wanted.features is None:
        return DataFileError(
            f"{columns.path}: has {there}, and the model needs at least one feature and "
            f"{counted(targets, 'target')}; the columns are {listed(names)}"
        )
    needs = f"{counted(wanted.features, 'feature')} and {counted(targets, 'target')}"
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
