"""How many threads work at a time: those of the linear algebra library, and those that share out blocks of rows.

OpenBLAS spreads a factorisation of a few columns over all cores, whose threads then wait for each other by spinning:
no faster on an idle machine, and ten times slower on a busy one, as continuous integration is. Blocks of rows that
are worked on side by side, each in one thread, keep all cores busy without any waiting.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from threading import local
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS = 8
"""Reading cannot feed more, and each holds a few blocks in memory."""
AHEAD = 2
"""Blocks in hand for each worker: one that it works on and one that waits, while the next is being read."""
WORTH_ALL = 1 << 28
"""Multiplications from which products gain by several threads: a hundredth of a second for one. With fewer, threads
that wait for each other cost a busy machine ten times what they save an idle one."""

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
