"""Rows that a training kept aside: which they were, from what its code said, and a table without them."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.dataset import Batch, Dataset
from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count, percent

OPTION = "--split"
STRATIFY = "stratify"
MOST_SEED = 2**32 - 1
"""The largest seed that scikit-learn takes."""
HOW = (
    f"expected {OPTION} 0.2 for the last fifth, as validation_split=0.2 takes it, or {OPTION} 0.2:42 for "
    f"train_test_split(test_size=0.2, random_state=42), and 0.2:42:{STRATIFY} where it had stratify=y"
)
BLOCK = 1 << 14
FEWEST = 2
"""Rows of a class without which none can be dealt to both sides."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """How a training chose the rows that it kept aside.

    Attributes:
        share: of all rows, between 0 and 1.
        seed: of scikit-learn's ``train_test_split``; None for the last rows, as ``validation_split`` of Keras has it.
        stratify: whether each class, or each distinct target row, was split by itself.
    """

    share: float
    seed: int | None = None
    stratify: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        """Read ``0.2``, ``0.2:42`` or ``0.2:42:stratify``.

        Raises:
            UsageError: it is none of these.
        """
        first, *more = text.strip().split(":")
        seed = more[0] if more else None
        try:
            share, start = float(first), None if seed is None else int(seed)
        except ValueError:
            raise UsageError(f"{OPTION}: {text!r} was given; {HOW}") from None
        if not 0 < share < 1 or not 0 <= (start or 0) <= MOST_SEED or more[1:] not in ([], [STRATIFY]):
            raise UsageError(f"{OPTION}: {text!r} was given; {HOW}")
        return cls(share, start, bool(more[1:]))

    @property
    def told(self) -> str:
        """The rows kept aside, in words."""
        if self.seed is None:
            return f"the last {percent(self.share)} of the rows"
        also = ", stratify=y" if self.stratify else ""
        return f"those of train_test_split(test_size={self.share:g}, random_state={self.seed}{also})"

    def aside(self, targets: Array) -> Mask:
        """Which rows were kept aside.

        Args:
            targets: of all rows, shape (rows, targets).

        Raises:
            DataFileError: the rows cannot be split so.
        """
        rows = len(targets)
        # Keras rounds the rows trained on down, scikit-learn those kept aside up; products in floating point differ.
        held = rows - math.floor(rows * (1.0 - self.share)) if self.seed is None else math.ceil(self.share * rows)
        if not 0 < held < rows:
            raise DataFileError(f"{OPTION}: {self.share:g} leaves one side of {count(rows, 'row')} empty")
        if self.seed is None:
            return np.arange(rows) >= rows - held
        chosen = np.zeros(rows, np.bool_)
        # scikit-learn draws from NumPy's old generator, whose numbers never change.
        draw = np.random.RandomState(self.seed)
        chosen[_by_class(targets, held, draw) if self.stratify else draw.permutation(rows)[:held]] = True
        return chosen


def _by_class(targets: Array, held: int, draw: np.random.RandomState) -> npt.NDArray[np.intp]:
    """The rows that ``StratifiedShuffleSplit`` of scikit-learn keeps aside.

    Raises:
        DataFileError: a class has a single row, or a side has fewer rows than there are classes.
    """
    labels = targets[:, 0] if targets.shape[1] == 1 else np.array([" ".join(map(str, row)) for row in targets.tolist()])
    classes, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    trained = len(targets) - held
    if sizes.min() < FEWEST or min(held, trained) < len(classes):
        raise DataFileError(
            f"{OPTION}: {len(classes):,} different targets in {len(targets):,} rows cannot be split by {STRATIFY}, as "
            "scikit-learn says too; leave that word out"
        )
    kept = _dealt(sizes, trained, draw)
    aside = _dealt(sizes - kept, held, draw)
    chosen = []
    for number, size in enumerate(sizes):
        order = np.flatnonzero(numbers == number)[draw.permutation(size)]
        chosen.append(order[kept[number] : kept[number] + aside[number]])
    every: npt.NDArray[np.intp] = np.concatenate(chosen)
    return every


def _dealt(sizes: npt.NDArray[np.intp], wanted: int, draw: np.random.RandomState) -> npt.NDArray[np.intp]:
    """So many rows dealt out to classes by their sizes; those left by rounding go to the largest remainders."""
    exact = sizes / sizes.sum() * wanted
    dealt = np.floor(exact)
    left = int(wanted - dealt.sum())
    rest = exact - dealt
    for value in np.unique(rest)[::-1]:
        if left <= 0:
            break
        alike = np.flatnonzero(rest == value)
        lucky = draw.choice(alike, size=min(len(alike), left), replace=False)
        dealt[lucky] += 1
        left -= len(lucky)
    whole: npt.NDArray[np.intp] = dealt.astype(np.intp)
    return whole


class PickedRows:
    """Some rows of a data set, in their order there and numbered again.

    Args:
        of: all rows.
        chosen: which of them.
        told: what they are, in words.
    """

    def __init__(self, of: Dataset, chosen: Mask, told: str) -> None:
        """Take over what is true of all rows."""
        self._of, self._chosen = of, chosen
        self.path, self.format, self.weight_name = of.path, of.format, of.weight_name
        self.feature_names, self.target_names = of.feature_names, of.target_names
        self.guesses = (*of.guesses, told)
        self.rows_about = int(chosen.sum())

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks of exactly ``rows`` (the last one may be shorter)."""
        waiting: Batch | None = None
        for batch in self._of.batches(rows):
            here = self._chosen[batch.first_row : batch.first_row + len(batch.features)]
            waiting = _picked(batch, here, waiting)
            if len(waiting.features) >= rows:
                yield _cut(waiting, slice(rows))
                waiting = _cut(waiting, slice(rows, None))
        if waiting is not None and len(waiting.features):
            yield waiting


def _picked(batch: Batch, here: Mask, before: Batch | None) -> Batch:
    """What waits to be handed out, and behind it the chosen rows of the next block."""
    weights = None if batch.weights is None else batch.weights[here]
    if before is None:
        return Batch(batch.features[here], batch.targets[here], 0, weights)
    if weights is not None and before.weights is not None:
        weights = np.concatenate([before.weights, weights])
    return Batch(
        np.concatenate([before.features, batch.features[here]]),
        np.concatenate([before.targets, batch.targets[here]]),
        before.first_row,
        weights,
    )


def _cut(batch: Batch, part: slice) -> Batch:
    weights = None if batch.weights is None else batch.weights[part]
    return Batch(batch.features[part], batch.targets[part], batch.first_row + (part.start or 0), weights)


def split_rows(dataset: Dataset, split: Split) -> tuple[Dataset, Dataset]:
    """The rows trained on, and those kept aside.

    Raises:
        DataFileError: the rows cannot be split so.
    """
    aside = split.aside(np.concatenate([batch.targets for batch in dataset.batches(BLOCK)]))
    told = split.told
    return PickedRows(dataset, ~aside, f"without {told}"), PickedRows(dataset, aside, told)
