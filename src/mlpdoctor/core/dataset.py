"""Rows of features and targets, streamed in blocks; which column plays which part."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array


@dataclass(frozen=True, eq=False)
class Batch:
    """A block of rows.

    Attributes:
        features: shape (rows, features), float64; an empty cell is NaN.
        targets: shape (rows, targets), float64.
        first_row: number of the first row in the data, counted from 0.
        weights: how much each row counts, shape (rows,), none negative; None where all count alike.
    """

    features: Array
    targets: Array
    first_row: int
    weights: Array | None = None


@dataclass(frozen=True)
class Wanted:
    """What the model and the user ask of a table.

    Attributes:
        features: number of columns that enter the model; None when it is not known.
        targets: numbers of target columns that would fit, the likeliest first; empty when not known.
        target: names (or 1-based positions) of the target columns the user chose, None for a guess.
        feature_names: names of the feature columns the user chose, None for all the rest.
        drop: names of columns to leave out.
        sample_weight: name of the column that says how much each row counts, None where all count alike.
        classes: how many classes the model's outputs tell apart at most; None when not known.
        inputs: the names of the model's inputs and how many numbers each takes, in order.
        outputs: the names of its outputs, in order.
        unseen: whether rows are wanted that the model was not trained on, where a file holds both.
        texts: what the texts in target columns stand for, by the column's name: 0, 1 and so on in this order; empty for
            the order of the alphabet.
    """

    features: int | None
    targets: tuple[int, ...] = ()
    target: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    sample_weight: str | None = None
    classes: int | None = None
    inputs: tuple[tuple[str, int | None], ...] = ()
    outputs: tuple[str, ...] = ()
    unseen: bool = False
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


FLOAT32_MAX = float(np.finfo(np.float32).max)


def usable(cells: Array) -> npt.NDArray[np.bool_]:
    """Which cells hold a number that Keras can take: neither missing nor infinite, nor too large for its float32."""
    with np.errstate(invalid="ignore"):
        return np.less_equal(np.abs(cells), FLOAT32_MAX)


def all_usable(cells: Array) -> bool:
    """Whether every cell is usable, told from the extremes, which is far quicker; NaN is the extreme of all."""
    return not cells.size or bool(cells.max() <= FLOAT32_MAX and cells.min() >= -FLOAT32_MAX)


class Dataset(Protocol):
    """Rows that can be read again from the top as often as a fact needs them."""

    @property
    def path(self) -> str:
        """The path given by the user, ``-`` for standard input."""

    @property
    def format(self) -> str:
        """The kind of file, for people: ``CSV``."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns that enter the model, in order."""

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the columns the model should predict, in order."""

    @property
    def weight_name(self) -> str | None:
        """Name of the column that says how much each row counts, or None."""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was assumed and not told, one short phrase each: ``target y: the last column``."""

    @property
    def rows_about(self) -> int | None:
        """How many rows there are, or about as many; None where only reading tells."""

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks of exactly ``rows`` (the last one may be shorter)."""


class SinglePrecision:
    """Rows as Keras hands them to a model in float32, where the tiniest numbers are 0.

    Numbers beyond float32 stay as they are, for they have a rule of their own, and so do all others: what rounding to
    seven digits takes from them is as little as it takes from the weights. A whole pass without such a number is the
    last one that looks for them.

    Args:
        of: the rows in float64.
    """

    def __init__(self, of: Dataset) -> None:
        """Hand the rows on."""
        self._of = of
        self._exact: bool | None = None

    @property
    def path(self) -> str:
        """The path given by the user."""
        return self._of.path

    @property
    def format(self) -> str:
        """The kind of file, for people."""
        return self._of.format

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return self._of.feature_names

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the targets."""
        return self._of.target_names

    @property
    def weight_name(self) -> str | None:
        """Name of the column of weights, or None."""
        return self._of.weight_name

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was assumed and not told."""
        return self._of.guesses

    @property
    def rows_about(self) -> int | None:
        """About how many rows there are."""
        return self._of.rows_about

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks of exactly ``rows`` (the last one may be shorter)."""
        if self._exact:
            yield from self._of.batches(rows)
            return
        exact = True
        for batch in self._of.batches(rows):
            cast = in_single(batch)
            exact = exact and cast is batch
            yield cast
        self._exact = exact


def in_single(batch: Batch) -> Batch:
    """The batch as it is in float32, but for rounding; the very batch where no number becomes 0."""
    features, targets = _in_single(batch.features), _in_single(batch.targets)
    if features is batch.features and targets is batch.targets:
        return batch
    return Batch(features, targets, batch.first_row, batch.weights)


def _in_single(cells: Array) -> Array:
    small = vanishing(cells)
    return np.where(small, 0.0, cells) if small.any() else cells


SMALLEST = 2.0**-150
"""Half the least number above 0 in float32: what is no larger rounds to 0."""


def vanishing(cells: Array) -> npt.NDArray[np.bool_]:
    """Which cells hold a number that is 0 in float32 and not in float64."""
    with np.errstate(invalid="ignore"):
        near: npt.NDArray[np.bool_] = np.abs(cells) <= SMALLEST
    if near.any():
        near &= cells != 0
    return near
