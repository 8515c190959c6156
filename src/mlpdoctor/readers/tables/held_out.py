"""Rows that a model was not trained on: of a file of their own, or a part of the table that training kept aside."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.dataset import Batch, Dataset, Wanted
from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count
from mlpdoctor.readers.bounded_stream import reason
from mlpdoctor.readers.tables.column_names import one_line
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


Preprocess: TypeAlias = Callable[[Any], Any]
"""From features as they are to features as the model takes them."""
PROBE = 64
"""Rows that tell how wide the result is."""


def function_of(given: object, option: str) -> Preprocess:
    """What a preprocessing step does: it is a function, or has a method ``transform`` as scikit-learn's have.

    Raises:
        DataFileError: it is neither.
    """
    found = getattr(given, "transform", given)
    if isinstance(given, type) or not callable(found):
        raise DataFileError(
            f"{option}: {type(given).__name__} was given; expected a function, or a fitted transformer of scikit-learn"
        )
    return found


def applied(function: Preprocess, features: Any, option: str) -> Any:  # noqa: ANN401  whatever it takes and gives
    """What a user's function makes of some features.

    Raises:
        DataFileError: it fails.
    """
    try:
        return function(features)
    except Exception as error:
        raise DataFileError(f"{option}: it failed on x: {type(error).__name__}: {reason(error)}") from error


class PreprocessedDataset:
    """A data set whose features went through a function of rows.

    Args:
        dataset: the features as they are, and the targets.
        function: takes an array of shape (rows, features), gives one of shape (rows, other features).
        width: of what the model takes; None where any will do.
        option: the option that named the function, for messages.

    Raises:
        DataFileError: the function fails, or what it gives does not fit.
    """

    def __init__(self, dataset: Dataset, function: Preprocess, width: int | None, option: str) -> None:
        """Try the function on the first rows."""
        self._dataset, self._function, self._option = dataset, function, option
        first = next(iter(dataset.batches(PROBE)))
        made = self._made(first.features)
        if width is not None and made.shape[1] != width:
            raise DataFileError(
                f"{option}: makes {count(made.shape[1], 'column')} of {count(first.features.shape[1], 'column')}, and "
                f"the model takes {count(width, 'feature')}"
            )
        same = made.shape[1] == len(dataset.feature_names)
        self.feature_names = dataset.feature_names if same else tuple(f"x[{place}]" for place in range(made.shape[1]))
        self.path, self.format, self.rows_about = dataset.path, dataset.format, dataset.rows_about
        self.target_names, self.weight_name = dataset.target_names, dataset.weight_name
        self.guesses = (*dataset.guesses, f"features made by {one_line(option)}")

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, as of the data set behind it."""
        yield from map(self._after, self._dataset.batches(rows))

    def part(self, *where: Any) -> Iterator[Batch]:  # noqa: ANN401  as the data set behind it takes them
        """Some rows of a table, as `TableDataset.part` has them."""
        yield from map(self._after, self._dataset.part(*where))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Where its rows can be parted is for the data set behind it to say."""
        if name not in {"sections", "rows_of", "refuse_uncounted", "texts"}:
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def _after(self, batch: Batch) -> Batch:
        return Batch(self._made(batch.features), batch.targets, batch.first_row, batch.weights)

    def _made(self, features: Array) -> Array:
        given = applied(self._function, features, self._option)
        made = np.asarray(given.toarray() if hasattr(given, "toarray") else given, np.float64)
        if not made.ndim or len(made) != len(features):
            raise DataFileError(
                f"{self._option}: makes {made.shape} of {features.shape}; it must give one row for each row"
            )
        return np.ascontiguousarray(made.reshape(len(made), -1))
