"""A table whose columns can be read in any choice, and the data set it becomes once they have parts."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field
from itertools import chain

import numpy as np

from mlpdoctor.core.dataset import Batch
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.readers.bounded_stream import readable
from mlpdoctor.readers.tables.columns import Roles

Codes = Mapping[int, Mapping[str, float]]
"""What texts stand for, by the position of their column."""


@dataclass(frozen=True)
class Section:
    """A stretch of a table that can be read by itself, in any process that sees its files.

    Attributes:
        file: which one of a folder.
        start: first byte, or row group.
        stop: the first one after it; 0 for a whole file.
        rows: how many there are; None where only reading tells.
    """

    file: int = 0
    start: int = 0
    stop: int = 0
    rows: int | None = None


WHOLE = (Section(),)
"""The sections of a file that can be read from its top alone."""


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of numbers in some file.

    Attributes:
        format: the kind of file, for people: ``CSV``.
        names: column names, each once.
        blocks: given column positions, yields the rows in order as arrays of shape (rows, positions),
            float64, in blocks of any height and any memory order.
        text: names of the columns seen to hold something other than numbers.
        marked: positions of the columns that the file itself marks as targets, as two arrays do.
        guesses: what was assumed about the file.
        rows: how many there are, or about as many; None where only reading tells.
        kinds: what most cells of a column are, ``text`` or ``date``; columns of numbers are left out.
        cells: the cells of a column as text; None where texts cannot be read as classes.
        coded: the blocks with texts of some columns read as numbers, by position and text.
        sections: where it can be parted, in order.
        section_blocks: as ``blocks``, the rows of one of them; None where the whole file is one.
        texts: the texts of each target that are read as 0, 1 and so on, by its name.
    """

    format: str
    names: tuple[str, ...]
    blocks: Callable[[Sequence[int]], Iterator[Array]]
    text: frozenset[str] = frozenset()
    marked: tuple[int, ...] = ()
    guesses: tuple[str, ...] = ()
    rows: int | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    cells: Callable[[int], Iterator[str]] | None = None
    coded: Callable[[Codes], Callable[[Sequence[int]], Iterator[Array]]] | None = None
    sections: Callable[[], tuple[Section, ...]] = lambda: WHOLE
    section_blocks: Callable[[Section, Sequence[int]], Iterator[Array]] | None = None
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_section(self, section: Section, columns: Sequence[int]) -> Iterator[Array]:
        """The rows of one section, as ``blocks`` has them."""
        return self.blocks(columns) if self.section_blocks is None else self.section_blocks(section, columns)


@dataclass(frozen=True, eq=False)
class TableDataset:
    """A `Dataset` over the chosen columns of a table.

    Attributes:
        path: the path given by the user, ``-`` for standard input.
        table: where the rows come from.
        roles: which column plays which part.
    """

    path: str
    table: Table
    roles: Roles

    @property
    def format(self) -> str:
        """The kind of file, for people: ``CSV``."""
        return self.table.format

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns that enter the model, in order."""
        return tuple(self.table.names[column] for column in self.roles.features)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the columns the model should predict, in order."""
        return tuple(self.table.names[column] for column in self.roles.targets)

    @property
    def weight_name(self) -> str | None:
        """Name of the column that says how much each row counts, or None."""
        return None if self.roles.weight is None else self.table.names[self.roles.weight]

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was assumed and not told, the parts of the columns first."""
        return self.roles.guesses + self.table.guesses

    @property
    def texts(self) -> Mapping[str, tuple[str, ...]]:
        """The texts of each target that are read as 0, 1 and so on, by its name."""
        return self.table.texts

    @property
    def rows_about(self) -> int | None:
        """How many rows there are, or about as many; None where only reading tells."""
        return self.table.rows

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, in batches whose height does not depend on how the file is laid out.

        Args:
            rows: rows of every batch but the last, at least 1.

        Yields:
            Features of shape (rows, features) and targets of shape (rows, targets), C-contiguous float64.

        Raises:
            DataFileError: the file is broken, holds something other than a number where one is needed, a weight
                below zero, or no rows that count.
        """
        seen, counting = 0, self.roles.weight is None
        for batch in self._batches(self.table.blocks(self._needed()), rows, 0):
            counting = counting or counts(batch)
            yield batch
            seen += len(batch.features)
        if not seen:
            raise DataFileError(f"{self.path}: holds no rows of data")
        if not counting:
            self.refuse_uncounted()

    def refuse_uncounted(self) -> None:
        """Stop where no weight is above zero."""
        raise DataFileError(f"{self.path}: no row counts: all sample weights in {self.weight_name!r} are zero")

    def sections(self) -> tuple[Section, ...]:
        """Where the table can be parted, in order."""
        with readable(self.path):
            return self.table.sections()

    def rows_of(self, section: Section) -> int:
        """How many rows a section has, by reading one of its columns where the file does not say."""
        if section.rows is not None:
            return section.rows
        with readable(self.path):
            return sum(len(block) for block in self.table.of_section(section, self._needed()[:1]))

    def part(self, sections: Sequence[Section], skip: int, first_row: int, most: int, rows: int) -> Iterator[Batch]:
        """Some rows as ``batches`` has them.

        Args:
            sections: that hold them, in order.
            skip: rows to leave out at the beginning of the first section.
            first_row: the number of the first row that is wanted.
            most: how many rows are wanted.
            rows: rows of every batch but the last.
        """
        columns = self._needed()
        blocks = chain.from_iterable(self.table.of_section(section, columns) for section in sections)
        yield from self._batches(_between(blocks, skip, most), rows, first_row)

    def _needed(self) -> list[int]:
        wanted = (*self.roles.features, *self.roles.targets, self.roles.weight)
        return [column for column in dict.fromkeys(wanted) if column is not None]

    def _batches(self, blocks: Iterator[Array], rows: int, first_row: int) -> Iterator[Batch]:
        places = {column: place for place, column in enumerate(self._needed())}
        features, targets = ([places[one] for one in part] for part in (self.roles.features, self.roles.targets))
        with readable(self.path), closing(_of_height(blocks, rows)) as pieces:
            for piece in pieces:
                weights = None
                if self.roles.weight is not None:
                    weights = _columns(piece, [places[self.roles.weight]])[:, 0]
                    self._refuse_negative(weights, first_row)
                yield Batch(_columns(piece, features), _columns(piece, targets), first_row, weights)
                first_row += sum(len(part) for part in piece)

    def _refuse_negative(self, weights: Array, first_row: int) -> None:
        negative = np.flatnonzero(weights < 0)
        if len(negative):
            row, value = first_row + int(negative[0]) + 1, weights[negative[0]]
            where = f"{self.path}, row {row:,}: the sample weight in {self.weight_name!r}"
            raise DataFileError(f"{where} is {value:g}; weights are 0 or more")


def counts(batch: Batch) -> bool:
    """Whether any row of a batch counts."""
    return batch.weights is None or bool((batch.weights > 0).any())


def _between(blocks: Iterator[Array], skip: int, most: int) -> Iterator[Array]:
    """The rows after the first ``skip``, at most so many."""
    for block in blocks:
        kept = block[skip : skip + most]
        skip -= min(skip, len(block))
        most -= len(kept)
        if len(kept):
            yield kept
        if not most:
            break


def together(columns: Sequence[int]) -> slice | list[int]:
    """The same columns as a slice, which spares a copy, if they stand side by side."""
    first, last = columns[0], columns[-1]
    return slice(first, last + 1) if list(columns) == list(range(first, last + 1)) else list(columns)


def _of_height(blocks: Iterator[Array], rows: int) -> Generator[list[Array]]:
    """Regroup blocks of any height: each group of parts has ``rows`` rows in all, the last may have fewer."""
    group: list[Array] = []
    missing = rows
    for block in blocks:
        left = block
        while len(left) >= missing:
            yield [*group, left[:missing]]
            group, left, missing = [], left[missing:], rows
        if len(left):
            group.append(left)
            missing -= len(left)
    if group:
        yield group


def _columns(parts: Sequence[Array], columns: Sequence[int]) -> Array:
    """Stack the chosen columns of some blocks into one C-contiguous array."""
    chosen = together(columns)
    return np.concatenate([part[:, chosen] for part in parts], out=np.empty((sum(map(len, parts)), len(columns))))
