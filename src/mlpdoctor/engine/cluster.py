"""One pass over rows that the workers of a Dask cluster read, each its own stretch of the files.

What travels to a worker is how to open the data, the function of a block with the weights it needs, and where to read;
what travels back is what the function made, merged on the way. The merges are those of `core.threads.Tree`, so that the
result is that of one process to the last digit. A worker that dies loses nothing but time: its stretch is read again.
"""

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np

from mlpdoctor.core import threads
from mlpdoctor.core.dataset import Batch, Dataset
from mlpdoctor.core.errors import DataFileError, UsageError
from mlpdoctor.core.threads import Node, RowsRead, Tree

T = TypeVar("T")

OPTION = "--cluster"
INSTALL = 'pip install "mlpdoctor[cluster]"'
PARTS_A_WORKER = 4
"""So many stretches for each worker: few enough to keep merges rare, enough to share out the last ones."""
PATIENCE = 20
"""Seconds to wait for a cluster that somebody else runs."""


@contextmanager
def connected(where: object) -> Iterator[Any]:
    """A client of a cluster while it lasts.

    Args:
        where: ``local`` for as many workers as there are cores, a number of workers on this machine, the address of
            a scheduler such as ``tcp://host:8786``, or a client, which stays open.

    Raises:
        UsageError: there is no such cluster, or its workers cannot run mlpdoctor.
    """
    if not isinstance(where, str | int):
        checked(where)
        yield where
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UsageError(f"{OPTION} needs dask[distributed], which is not installed: {INSTALL}") from None
    word = str(where)
    if "://" in word:
        try:
            client = Client(word, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(f"{OPTION} {word}: no scheduler answers there ({type(error).__name__})") from None
        with client:
            checked(client)
            yield client
        return
    if word != "local" and not (word.isdecimal() and int(word)):
        raise UsageError(
            f"{OPTION} {word}: expected local, a number of workers, or the address of a scheduler, tcp://host:8786"
        )
    workers = (os.cpu_count() or 1) if word == "local" else int(word)
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with LocalCluster(n_workers=workers, **options) as cluster, Client(cluster) as client:
        yield client


def checked(client: Any) -> None:  # noqa: ANN401  dask ships no types
    """Make sure that workers are there, and that they run this version.

    Raises:
        UsageError: none is, or one does not.
    """
    import mlpdoctor

    if not hasattr(client, "submit"):
        raise UsageError(f"cluster: {type(client).__name__} was given; expected a distributed.Client, or its address")
    found = client.run(eval, "__import__('mlpdoctor').__version__", on_error="return")
    if not found:
        raise UsageError(f"{OPTION}: the cluster at {client.scheduler.address} has no workers yet")
    for worker, version in found.items():
        if isinstance(version, BaseException):
            raise UsageError(
                f"{OPTION}: mlpdoctor cannot be imported on the worker {worker}: install mlpdoctor "
                f"{mlpdoctor.__version__} there"
            )
        if version != mlpdoctor.__version__:
            raise UsageError(
                f"{OPTION}: the worker {worker} has mlpdoctor {version}, and this is {mlpdoctor.__version__}: install "
                "the same there"
            )


class SpreadDataset:
    """A data set whose rows the workers of a cluster read where one pass over them is wanted.

    Args:
        dataset: the same rows, read here; for passes that need them in order.
        reopen: opens it, in any process.
        client: of the cluster.

    Raises:
        UsageError: the rows do not stand in files.
    """

    def __init__(self, dataset: Dataset, reopen: Callable[[], Dataset], client: Any) -> None:  # noqa: ANN401
        """Look how the files can be parted; how many rows each part has is counted by the workers."""
        if dataset.path == "-" or not hasattr(dataset, "sections"):
            raise UsageError(f"{OPTION}: the data must be files that every worker can read; {dataset.path} is none")
        from cloudpickle import dumps

        self._dataset, self._client = dataset, client
        self._recipe: bytes = dumps((reopen, os.urandom(8)))  # which tells this run's files from those of another
        self._sections: Sequence[Any] = dataset.sections()
        self._starts: tuple[int, ...] | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """All else is as in the data set itself."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def batches(self, rows: int) -> Iterator[Batch]:
        """All rows in order, read here."""
        return self._dataset.batches(rows)

    def fold(
        self,
        height: int,
        function: Callable[[Batch], T],
        merge: Callable[[T, T], T],
        progress: RowsRead | None = None,
    ) -> T | None:
        """As `core.threads.fold`, on the workers."""
        from cloudpickle import dumps
        from distributed import KilledWorker

        starts = self._counted()
        rows = starts[-1]
        if not rows:
            raise DataFileError(f"{self._dataset.path}: holds no rows of data")
        work = self._client.submit(_kept, dumps((function, merge)), pure=False)
        leaves = -(-rows // height)
        level = max((leaves // (PARTS_A_WORKER * max(len(self._client.nthreads()), 1))).bit_length() - 1, 0)
        step = height << level
        stack: list[tuple[int, Any]] = []
        for first in range(0, rows, step):
            most = min(step, rows - first)
            place, stop = _overlapping(starts, first, most)
            sections, skip = self._sections[place:stop], first - starts[place]
            where = (sections, skip, first, most, height)
            stack.append((level, self._client.submit(_folded, self._recipe, work, where, pure=False)))
            # Whole parts are merged where they lie; the last one, which may be shorter, stays open until the end.
            while len(stack) > 1 and stack[-2][0] == stack[-1][0] and first + most < rows:
                (_, earlier), (at, later) = stack[-2:]
                stack[-2:] = [(at + 1, self._client.submit(_merged, work, earlier, later, pure=False))]
        tree = Tree(merge)
        counting = False
        try:
            for _, future in stack:
                nodes, counted = future.result()
                counting = counting or counted
                with np.errstate(all="ignore"):
                    tree.extend(nodes)
        except KilledWorker:
            raise DataFileError(
                f"{self._dataset.path}: workers of the cluster died again and again over the same rows; have they "
                "memory enough?"
            ) from None
        if not counting:
            self._dataset.refuse_uncounted()  # type: ignore[attr-defined]
        if progress is not None:
            progress(rows, rows)
        with np.errstate(all="ignore"):
            return tree.root

    def _counted(self) -> tuple[int, ...]:
        """The number of the first row of each section, and at the end that of all rows."""
        if self._starts is None:
            futures = [self._client.submit(_rows, self._recipe, section) for section in self._sections]
            self._starts = tuple(accumulate((future.result() for future in futures), initial=0))
        return self._starts


def _overlapping(starts: Sequence[int], first: int, most: int) -> tuple[int, int]:
    """Which sections hold these rows: the first, and the first after them."""
    place = max(k for k, start in enumerate(starts[:-1]) if start <= first and starts[k + 1] > first)
    stop = next((k for k, start in enumerate(starts) if start >= first + most), len(starts) - 1)
    return place, stop


Made = tuple[list[Node[Any]], bool]
"""What a worker makes of some rows: nodes of the tree, and whether any row counts."""


@lru_cache(maxsize=2)
def _opened(recipe: bytes) -> Any:  # noqa: ANN401
    try:
        return pickle.loads(recipe)[0]()  # noqa: S301  made by the process that runs this one
    except DataFileError as error:
        raise DataFileError(f"{error} (on a worker of the cluster; all must see the same files)") from None


@lru_cache(maxsize=2)
def _loaded(work: bytes) -> Any:  # noqa: ANN401
    return pickle.loads(work)  # noqa: S301  made by the process that runs this one


def _kept(work: bytes) -> bytes:
    return work


def _rows(recipe: bytes, section: Any) -> int:  # noqa: ANN401
    rows: int = _opened(recipe).rows_of(section)
    return rows


def _folded(recipe: bytes, work: bytes, where: tuple[Any, ...]) -> Made:
    from mlpdoctor.readers.tables.table import counts

    function, merge = _loaded(work)
    tree: Tree[Any] = Tree(merge)
    counting = False
    with threads.one(), np.errstate(all="ignore"):
        for batch in _opened(recipe).part(*where):
            tree.add(function(batch))
            counting = counting or counts(batch)
    return tree.nodes, counting


def _merged(work: bytes, earlier: Made, later: Made) -> Made:
    tree: Tree[Any] = Tree(_loaded(work)[1])
    with threads.one(), np.errstate(all="ignore"):
        tree.extend(earlier[0])
        tree.extend(later[0])
    return tree.nodes, earlier[1] or later[1]
