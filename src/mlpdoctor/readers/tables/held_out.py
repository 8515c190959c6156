"""Rows that a model was not trained on: of a file of their own, or a part of the table that training kept aside."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import count
from mlpdoctor.readers.tables.split import Split, split_rows

Open = Callable[[str, Wanted], Dataset]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows that a model was not trained on.

    Attributes:
        dataset: with the columns of the rows trained on.
        told: which they are, in words.
        drawn: how they were set aside out of the rows given; None where they were not.
    """

    dataset: Dataset
    told: str
    drawn: Split | None = None


def held_out(
    dataset: Dataset, opening: Open, wanted: Wanted, *, validation: str | None, split: str | None
) -> tuple[Dataset, HeldOut]:
    """The rows trained on, and the others.

    Args:
        dataset: all that was given as DATA.
        opening: opens a file.
        wanted: what the model and the user asked of the columns of ``dataset``.
        validation: path of the other rows; None where they are in ``dataset``.
        split: which of its rows they are; read where there is no file.

    Raises:
        InputError: they cannot be read, or do not fit.
    """
    if validation is None:
        return parted(dataset, split or "")
    other = opening(validation, replace(wanted, unseen=True, texts=getattr(dataset, "texts", {})))
    names, own = (*dataset.feature_names, *dataset.target_names), (*other.feature_names, *other.target_names)
    if names != own and sorted(names) == sorted(own):
        columns = replace(wanted, target=dataset.target_names, feature_names=dataset.feature_names)
        other = opening(validation, replace(columns, unseen=True, texts=getattr(dataset, "texts", {})))
    if validation == dataset.path and names == own:
        raise UsageError(f"--validation {validation}: these are the rows of DATA; for a part of them give --split 0.2")
    return dataset, fitting(dataset, other, f"of {Path(validation).name}")


def parted(dataset: Dataset, split: str) -> tuple[Dataset, HeldOut]:
    """The rows of a table that were trained on, and those kept aside.

    Raises:
        InputError: they cannot be told apart so.
    """
    found = Split.of(split)
    if hasattr(dataset, "fold"):
        raise UsageError("--split reads the rows in order, and --cluster in parts: leave one of them out")
    trained, aside = split_rows(dataset, found)
    return trained, HeldOut(aside, found.told, found)


def fitting(dataset: Dataset, other: Dataset, told: str) -> HeldOut:
    """Rows from elsewhere, with as many columns.

    Raises:
        DataFileError: they have others.
    """
    for what in ("feature", "target"):
        have, expected = (len(getattr(one, f"{what}_names")) for one in (other, dataset))
        if have != expected:
            raise DataFileError(
                f"--validation: {count(have, what)} where the rows trained on have {expected:,}; give rows with "
                "the same columns"
            )
    return HeldOut(other, told)
