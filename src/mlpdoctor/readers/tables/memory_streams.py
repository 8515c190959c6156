"""Batches as Keras streams them, ``tf.data.Dataset`` and ``PyDataset``; neither library is imported."""

from collections.abc import Iterator
from typing import Any, Protocol

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import Shape

BATCH = 1024
"""Rows at a time of a data set whose elements are single rows."""
ENDLESS = -1
"""What ``tf.data`` says of a data set that repeats without end."""


class Stream(Protocol):
    """Batches that can be read again from the top.

    Attributes:
        kind: what it is, for people.
    """

    kind: str

    def first(self, shape: Shape | None) -> Any:  # noqa: ANN401  a pair of anything
        """The first batch; ``shape`` is that of a row of the first input."""

    def batches(self) -> Iterator[Any]:
        """All batches in order."""

    def rows_about(self, batch: int) -> int | None:
        """How many rows there are, about, where a batch has so many."""


def stream_of(given: object) -> Stream | None:
    """The stream that something is; None for anything else."""
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(given).__mro__}
    if ("keras", "PyDataset") in kinds:
        return _PyDataset(given)
    return _TensorData(given) if hasattr(given, "as_numpy_iterator") and hasattr(given, "element_spec") else None


class _PyDataset:
    """Batches by their numbers."""

    kind = "PyDataset"

    def __init__(self, given: Any) -> None:  # noqa: ANN401  Keras ships no types
        self._given = given
        if given.num_batches is None:
            raise DataFileError("x: the PyDataset has no end; give it a __len__")
        if not given.num_batches:
            raise DataFileError("x: the PyDataset has no batches")

    def first(self, _: Shape | None) -> Any:  # noqa: ANN401
        return self._given[0]

    def batches(self) -> Iterator[Any]:
        for number in range(self._given.num_batches):
            yield self._given[number]

    def rows_about(self, batch: int) -> int | None:
        return batch * int(self._given.num_batches)


class _TensorData:
    """Batches of TensorFlow's."""

    kind = "tf.data.Dataset"

    def __init__(self, given: Any) -> None:  # noqa: ANN401  TensorFlow ships no types
        self._given = given
        self._length = int(given.cardinality())
        if self._length == ENDLESS:
            raise DataFileError("x: the tf.data.Dataset repeats without end; leave .repeat() out")

    def first(self, shape: Shape | None) -> Any:  # noqa: ANN401
        first = next(iter(self._given.as_numpy_iterator()), None)
        if first is None:
            raise DataFileError("x: the tf.data.Dataset is empty")
        while isinstance(first, tuple) and len(first) > 1 and shape is not None and _rank(first[0]) == len(shape):
            self._given = self._given.batch(BATCH)  # its elements are single rows
            self._length = -(-self._length // BATCH)
            first = next(iter(self._given.as_numpy_iterator()))
        return first

    def batches(self) -> Iterator[Any]:
        yield from self._given.as_numpy_iterator()

    def rows_about(self, batch: int) -> int | None:
        return batch * self._length if self._length > 0 else None


def _rank(given: Any) -> int:  # noqa: ANN401  an array, or a dictionary or tuple of them
    while not hasattr(given, "ndim"):
        given = next(iter(given.values() if isinstance(given, dict) else given))
    return int(given.ndim)
