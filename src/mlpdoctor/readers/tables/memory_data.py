"""Features, targets and weights that are in memory, or that Keras streams, as a data set."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.text import count
from mlpdoctor.readers.tables.column_names import Columns, listed, unique
from mlpdoctor.readers.tables.columns import Roles, choose_roles
from mlpdoctor.readers.tables.memory_columns import (
    Given,
    MemoryColumns,
    Texts,
    columns_of,
    columns_of_frame,
    is_frame,
    labels_of,
    refused,
    side_by_side,
    zero_and_one,
)
from mlpdoctor.readers.tables.memory_streams import Stream, stream_of
from mlpdoctor.readers.tables.table import Table, TableDataset, together

PATH = "x, y"
"""What data without a path are called: what people call them in their code."""
BLOCK_BYTES = 1 << 22
"""Bytes of float64 that are made at a time: the blocks of wide data have fewer rows."""
WEIGHT = "sample_weight"
ClassWeight: TypeAlias = Mapping[int, float]


@dataclass(frozen=True)
class Weights:
    """How much rows count.

    Attributes:
        sample: one number for each row; None where all count alike.
        of_class: a factor for each class, as ``fit`` takes it; None for none.
    """

    sample: Given = None
    of_class: ClassWeight | None = None


def open_memory(x: Given, y: Given, weights: Weights, network: Network, wanted: Wanted) -> Dataset:
    """Features and targets as a data set; arrays of numbers are not copied.

    Args:
        x: one thing for all inputs, or a list or a dictionary of things, one for each input by its name; or a stream
            of batches (``tf.data.Dataset``, ``PyDataset``), which holds the targets too.
        y: the same of the outputs; None where ``x`` holds the targets.
        weights: how much rows count.
        network: the model, whose inputs and outputs they are.
        wanted: how many columns fit, and which are the targets, where ``x`` is a frame that holds them.

    Raises:
        DataFileError: they cannot be read, or do not fit the model or each other.
    """
    stream = stream_of(x)
    if stream is not None:
        return _of_stream(stream, y, weights, network, wanted)
    if y is None:
        return _of_frame(x, weights, wanted)
    features = _parts(x, "x", _input_names(network), refused)
    targets = _parts(y, "y", network.output_names, zero_and_one)
    _as_many(features, targets, "y", "its target")
    _fitting(features, wanted)
    return _dataset(features, targets, weights)


def _input_names(network: Network) -> tuple[str, ...]:
    return tuple(network.nodes[place].layer.name for place in network.inputs)


def _parts(given: Given, name: str, names: Sequence[str], texts: Texts) -> MemoryColumns:
    """All inputs, or all outputs, side by side in the model's order."""
    if isinstance(given, Mapping):
        lacking = [one for one in names if one not in given]
        if lacking:
            raise DataFileError(
                f"{name}: the dictionary has no {listed(lacking)}; expected a part for each of {listed(names)}, "
                f"and it has {listed([str(key) for key in given])}"
            )
        return side_by_side([columns_of(given[one], one, texts) for one in names])
    if isinstance(given, list | tuple) and len(names) > 1 and len(given) == len(names) and np.ndim(given[0]):
        return side_by_side([columns_of(part, one, texts) for part, one in zip(given, names, strict=True)])
    return columns_of(given, name, texts)


def _as_many(one: MemoryColumns, other: MemoryColumns, name: str, needs: str) -> None:
    if not one.rows:
        raise DataFileError("x: holds no rows")
    if one.rows != other.rows:
        raise DataFileError(f"x has {one.rows:,} rows and {name} has {other.rows:,}; each row needs {needs}")


def _fitting(features: MemoryColumns, wanted: Wanted) -> None:
    """Stop at features that are too many or too few; of targets that are, the findings tell."""
    wide = len(features.names)
    if wanted.features is not None and wide != wanted.features:
        raise DataFileError(
            f"x: has {count(wide, 'column')} and the model takes {count(wanted.features, 'feature')}; give x as the "
            "model takes it, after all scaling and encoding (preprocess= does that for you)"
        )


def _dataset(
    features: MemoryColumns, targets: MemoryColumns, weights: Weights, guesses: tuple[str, ...] = ()
) -> Dataset:
    wide, high = len(features.names), len(targets.names)
    factor = _factor(weights, slice(wide, wide + high))
    sample = None if weights.sample is None else columns_of(weights.sample, WEIGHT, refused)
    if sample is not None:
        _as_many(features, sample, WEIGHT, "its weight")
        if len(sample.names) > 1:
            raise DataFileError(f"{WEIGHT}: has {len(sample.names)} columns; expected one number for each row")
    weighted = [] if factor is None and sample is None else [WEIGHT]
    parts = [features, targets, *([sample] if sample is not None else [])]
    height = max(BLOCK_BYTES // (8 * (wide + high)), 1)

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        for start in range(0, features.rows, height):
            stop = min(start + height, features.rows)
            block = _joined([part.block(start, stop) for part in parts])
            if weighted:
                block = _weighed(block, wide + high, factor)
            yield block[:, together(columns)]

    names = unique([*features.names, *targets.names, *weighted])
    guesses += features.guesses + targets.guesses
    table = Table("in memory", names, blocks, guesses=guesses, rows=features.rows)
    return TableDataset(PATH, table, _roles(wide, high, weighted=bool(weighted)))


def _roles(wide: int, high: int, *, weighted: bool) -> Roles:
    return Roles(tuple(range(wide)), tuple(range(wide, wide + high)), weight=wide + high if weighted else None)


def _joined(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


Factor: TypeAlias = Callable[[Array], Array]


def _weighed(block: Array, width: int, factor: Factor | None) -> Array:
    """Rows with one weight at their end: that of the row, times that of its class."""
    sample = block[:, width:] if block.shape[1] > width else np.ones((len(block), 1))
    weight = sample if factor is None else sample * factor(block)[:, None]
    return np.concatenate([block[:, :width], weight], axis=1)


def _factor(weights: Weights, targets: slice) -> Factor | None:
    """The weight of each row's class; None without any."""
    by_class = weights.of_class
    if by_class is None:
        return None
    known = {int(key): float(value) for key, value in by_class.items()}

    def factor(block: Array) -> Array:
        labels = block[:, targets]
        classes = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
        # As in fit: a class that is not named counts as one.
        return np.array([known.get(int(one), 1.0) if np.isfinite(one) else 1.0 for one in classes])

    return factor


def _of_frame(x: Given, weights: Weights, wanted: Wanted) -> Dataset:
    """A frame that holds the targets as well, by the names of its columns."""
    if not is_frame(x):
        raise DataFileError("y is missing: give the targets too, mlpdoctor.check(model, x, y)")
    roles = choose_roles(Columns("x", labels_of(x, "x")[1]), wanted)
    features = columns_of_frame(x, "x", roles.features, refused)
    targets = columns_of_frame(x, "x", roles.targets, zero_and_one)
    return _dataset(features, targets, weights, roles.guesses)


def _of_stream(stream: Stream, y: Given, weights: Weights, network: Network, wanted: Wanted) -> Dataset:
    """Batches that are drawn again each time the rows are read."""
    if y is not None or weights.sample is not None:
        raise DataFileError(f"x: is a {stream.kind}, which holds y and the sample weights too; leave y out")
    inputs, outputs = _input_names(network), network.output_names
    shapes = [network.nodes[place].shape for place in network.inputs]

    def parts(batch: Any) -> tuple[MemoryColumns, MemoryColumns, MemoryColumns | None]:  # noqa: ANN401
        match batch:
            case (given, target):
                weight = None
            case (given, target, own):
                weight = columns_of(own, WEIGHT, refused)
            case _:
                raise DataFileError(f"x: the {stream.kind} yields no pairs of x and y")
        features, targets = _parts(given, "x", inputs, refused), _parts(target, "y", outputs, refused)
        _as_many(features, targets, "y", "its target")
        return features, targets, weight

    first = parts(stream.first(shapes[0]))
    _fitting(first[0], wanted)
    wide, high = len(first[0].names), len(first[1].names)
    factor = _factor(weights, slice(wide, wide + high))
    weighted = factor is not None or first[2] is not None

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        for batch in stream.batches():
            block = _joined([part.block(0, part.rows) for part in parts(batch) if part is not None])
            yield (_weighed(block, wide + high, factor) if weighted else block)[:, together(columns)]

    names = unique([*first[0].names, *first[1].names, *([WEIGHT] if weighted else [])])
    table = Table(stream.kind, names, blocks, rows=stream.rows_about(first[0].rows))
    return TableDataset("x", table, _roles(wide, high, weighted=weighted))
