"""Rows of a data set as numbers in a temporary file, from which several models read them without parsing them again."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

import numpy as np

from mlpdoctor.core.dataset import Batch, Dataset
from mlpdoctor.core.fast_dataclass import dataclass

MOST_BYTES = 1 << 31
"""A table of more bytes is parsed for each model as before: 2 GiB, or 12 million rows of 20 features and a target."""


@dataclass(eq=False)
class KeptRows:
    """What was read of one data set; nothing until a first pass has come to its end.

    The file has no name, so that nothing of it is left whatever becomes of the process. It is in memory no more than a
    block of it at a time, however many processes read it.

    Attributes:
        file: features, targets and weights of each row, one row after the other, in float64.
        rows: how many there are.
        widths: of the features and the targets, and 1 where rows have weights.
        full: whether there is no room for them.
    """

    file: IO[bytes] | None = None
    rows: int = 0
    widths: tuple[int, int, int] = (0, 0, 0)
    full: bool = False

    def of(self, dataset: Dataset) -> Dataset:
        """The rows of a data set, which is read no more than once as far as there is room."""
        return _ReadOnce(dataset, self)

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks of so many."""
        features, targets, weighted = self.widths
        width, split = sum(self.widths), features + targets
        for first in range(0, self.rows, rows):
            shape = (min(rows, self.rows - first), width)
            block = np.memmap(self.file, np.float64, "r", first * width * 8, shape)  # type: ignore[call-overload]
            yield Batch(
                np.array(block[:, :features]),
                np.array(block[:, features:split]),
                first,
                np.array(block[:, split]) if weighted else None,
            )

    def keeping(self, dataset: Dataset, rows: int) -> Iterator[Batch]:
        """The same from the data set, kept on the way; where that ends early or fails, nothing is."""
        import tempfile

        file: IO[bytes] | None = tempfile.TemporaryFile()  # noqa: SIM115  outlives this call
        seen, widths = 0, (0, 0, 0)
        try:
            for batch in dataset.batches(rows):
                widths = (batch.features.shape[1], batch.targets.shape[1], int(batch.weights is not None))
                file = _with(file, batch)
                yield batch
                seen += len(batch.features)
            file = _written(file)
            self.full = file is None
            self.file, self.rows, self.widths = file, seen, widths
        finally:
            if file is not self.file:
                _close(file)

    def __del__(self) -> None:
        """Give the room back."""
        _close(self.file)

    def __reduce__(self) -> tuple[Any, ...]:
        """To a process that is being started goes the open file, where the system can hand one on."""
        from multiprocessing import context, reduction

        if self.file is None or os.name != "posix" or context.get_spawning_popen() is None:
            return KeptRows, (None, 0, (0, 0, 0), self.full)
        return _handed_on, (reduction.DupFd(self.file.fileno()), self.rows, self.widths)


def _with(file: IO[bytes] | None, batch: Batch) -> IO[bytes] | None:
    """The file with the rows of a batch at its end; None where there is no room for them."""
    if file is None:
        return None
    parts = [batch.features, batch.targets, *(() if batch.weights is None else (batch.weights[:, None],))]
    with suppress(OSError):  # the disk is full
        if file.tell() + sum(part.nbytes for part in parts) <= MOST_BYTES:
            file.write(np.concatenate(parts, axis=1).data)
            return file
    _close(file)
    return None


def _written(file: IO[bytes] | None) -> IO[bytes] | None:
    """The file once all of it is where other readers see it; None where the last of it finds no room."""
    with suppress(OSError):
        if file is not None:
            file.flush()
            return file
    _close(file)
    return None


def _close(file: IO[bytes] | None) -> None:
    with suppress(OSError):  # what is left in its buffer finds no room either
        if file is not None:
            file.close()


def _handed_on(file: Any, rows: int, widths: tuple[int, int, int]) -> KeptRows:  # noqa: ANN401  has no public type
    return KeptRows(os.fdopen(file.detach(), "rb"), rows, widths)


class _ReadOnce:
    """A data set whose rows are kept when they are read for the first time."""

    def __init__(self, dataset: Dataset, kept: KeptRows) -> None:
        self._dataset, self._kept = dataset, kept

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """All else is as in the data set itself."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in blocks of exactly ``rows`` (the last one may be shorter)."""
        kept = self._kept
        if kept.file is not None:
            return kept.batches(rows)
        return self._dataset.batches(rows) if kept.full else kept.keeping(self._dataset, rows)
