"""How many threads work at a time: those of the linear algebra library, and those that share out blocks of rows.

OpenBLAS spreads a factorisation of a few columns over all cores, whose threads then wait for each other by spinning:
no faster on an idle machine, and ten times slower on a busy one, as continuous integration is. Blocks of rows that
are worked on side by side, each in one thread, keep all cores busy without any waiting.

What comes of the blocks is summed in an order that depends on the rows alone, for floating-point sums depend on their
order. The rows are cut into leaves of a fixed number of rows, and the leaves are merged in pairs, pairs of pairs and so
on, by their place in the data. So a sum is the same to its last digit in one thread or in eight, in one process or on a
cluster, however the data are parted among them.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from functools import cache
from itertools import chain
from threading import local
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from mlpdoctor.core.dataset import Batch, Dataset

Item = TypeVar("Item")
Result = TypeVar("Result")
Node: TypeAlias = tuple[int, Result]
"""A level, and the sum of two to the power of it leaves."""
RowsRead: TypeAlias = Callable[[int, int | None], None]
"""Told how many rows have been read, and about how many there are, where that is known."""

MOST_WORKERS = 8
"""Reading cannot feed more, and each holds a few blocks in memory."""
AHEAD = 2
"""Blocks in hand for each worker: one that it works on and one that waits, while the next is being read."""
WORTH_ALL = 1 << 28
"""Multiplications from which products gain by several threads: a hundredth of a second for one. With fewer, threads
that wait for each other cost a busy machine ten times what they save an idle one."""
WORTH_SHARING = 1 << 16
"""Cells of a block from which it pays to hand blocks to several threads: half a millisecond of reading alone."""

_here = local()


@cache
def library() -> tuple[Any, int]:
    """The control over the loaded libraries, and the threads they would use by themselves."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    control = ThreadpoolController()
    return control, max((library["num_threads"] for library in control.info()), default=os.cpu_count() or 1)


def one() -> AbstractContextManager[Any]:
    """One thread while it lasts."""
    limit: AbstractContextManager[Any] = library()[0].limit(limits=1)
    return limit


def all_of_them() -> AbstractContextManager[Any]:
    """As many threads as the library would use by itself, while it lasts; in a worker of `in_order` one."""
    if getattr(_here, "is_worker", False):
        return nullcontext()
    control, most = library()
    limit: AbstractContextManager[Any] = control.limit(limits=most)
    return limit


def for_products(multiplications: int) -> AbstractContextManager[Any]:
    """All threads while it lasts, where products of matrices are large enough; else no change."""
    return all_of_them() if multiplications >= WORTH_ALL else nullcontext()


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """The results of some work on each item in the order of the items, worked out in several threads.

    Items are drawn in the calling thread, a few ahead of the result that is handed out. What a result is does not
    depend on the number of threads, and where several items fail the fault of the first is raised.

    Args:
        work: called in any thread; NumPy lets go of Python's lock while it computes.
        items: drawn one by one.
    """
    workers = min(library()[1], MOST_WORKERS)
    if workers == 1:
        yield from map(work, items)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, initializer=_become_worker)
    waiting: deque[Future[Result]] = deque()
    drawn = iter(items)
    try:
        with one():
            while True:
                try:
                    item = next(drawn)
                except StopIteration:
                    break
                except Exception:
                    yield from _results(waiting)
                    raise
                waiting.append(pool.submit(work, item))
                while len(waiting) >= AHEAD * workers or (waiting and waiting[0].done()):
                    yield waiting.popleft().result()
            yield from _results(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _results(waiting: "deque[Any]") -> Iterator[Any]:
    while waiting:
        yield waiting.popleft().result()


def _become_worker() -> None:
    _here.is_worker = True
    np.seterr(all="ignore")  # each thread has a setting of its own; the caller's is the same


class Tree(Generic[Result]):
    """Merges leaves as they come, in their order, and holds no more than one node a level.

    Args:
        merge: two neighbours into one, the earlier first; it may change neither.
    """

    def __init__(self, merge: Callable[[Result, Result], Result]) -> None:
        """Start without leaves."""
        self._merge = merge
        self.nodes: list[Node[Result]] = []

    def add(self, value: Result, level: int = 0) -> None:
        """Take in the next leaf, or the next node of a level none below which is open."""
        self.nodes.append((level, value))
        while len(self.nodes) > 1 and self.nodes[-2][0] == self.nodes[-1][0]:
            _, later = self.nodes.pop()
            level, earlier = self.nodes.pop()
            self.nodes.append((level + 1, self._merge(earlier, later)))

    def extend(self, nodes: Iterable[Node[Result]]) -> None:
        """Take in what another tree made of the leaves that come next."""
        for level, value in nodes:
            self.add(value, level)

    @property
    def root(self) -> Result | None:
        """The sum of all leaves, the open nodes merged from the last to the first; None without any."""
        if not self.nodes:
            return None
        *earlier, (_, total) = self.nodes
        for _, value in reversed(earlier):
            total = self._merge(value, total)
        return total


def fold(
    dataset: Dataset,
    height: int,
    function: Callable[[Batch], Result],
    merge: Callable[[Result, Result], Result],
    progress: RowsRead | None = None,
) -> Result | None:
    """Read the rows once and merge what a function makes of each block of them.

    Large blocks are worked on side by side: in threads, or by the workers of a cluster where the data set is spread
    over one.

    Args:
        dataset: the rows.
        height: rows of a block.
        function: called in any thread or process.
        merge: two neighbours into one, the earlier first; it may change neither.
        progress: told after each block the number of rows read, and about how many there are, where that is known.
    """
    spread: Callable[..., Result | None] | None = getattr(dataset, "fold", None)
    if spread is not None:
        return spread(height, function, merge, progress)
    batches = dataset.batches(height)
    first = next(batches, None)
    if first is None:
        return None

    def made(batch: Batch) -> tuple[int, Result]:
        return batch.first_row + len(batch.features), function(batch)

    tree = Tree(merge)
    every = chain([first], batches)
    large = first.features.size + first.targets.size >= WORTH_SHARING
    with closing(in_order(made, every) if large else (made(batch) for batch in every)) as results:
        for rows, value in results:
            # Answers of a broken model overflow in sums too; the checks report them, not NumPy.
            with np.errstate(all="ignore"):
                tree.add(value)
            if progress is not None:
                progress(rows, dataset.rows_about)
    with np.errstate(all="ignore"):
        return tree.root
