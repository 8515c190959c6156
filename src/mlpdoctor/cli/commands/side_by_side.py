"""Several models in one run: the first ones here, the others in processes side by side where much is left to do.

What is said of a model depends on nothing but that model, its data and its settings, so it is the same in either place.
"""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from mlpdoctor.core.fast_dataclass import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.finding import Hide
    from mlpdoctor.core.report_model import Report
    from mlpdoctor.diagnosis.question import Question
    from mlpdoctor.diagnosis.shared_data import Sharing

WORTH = 4.0
"""CPU seconds of work left from which processes pay: each takes a third of a second to load all that a check needs."""
FIRST = 3.0
"""The first model may take so many times as long as the next: it loads the libraries, and works out what the others
share with it."""
MOST = 8
"""Processes: each holds its own copy of the libraries and of some rows, a hundred megabytes and more."""


@dataclass(frozen=True)
class Task:
    """What another process has to know to look at one model."""

    job: "Job"
    question: "Question"
    hide: "Hide"
    pictures: bool


class SideBySide:
    """The reports of some models, asked for one after the other; use it as a context.

    Args:
        tasks: one for each model, in order; empty where none may be handed to another process.
        here: looks at the model of that number in this process.
        sharing: what ``here`` keeps for models with the same data; the processes start from it.
    """

    def __init__(
        self, tasks: Sequence[Task], here: Callable[[int], "Report"], sharing: "Sharing | None" = None
    ) -> None:
        """Nothing has been looked at yet."""
        self._tasks = tasks
        self._here = here
        self._sharing = sharing
        self._spent = 0.0
        self.pool: ProcessPoolExecutor | None = None  # its module is loaded when one is made
        self.futures: dict[int, Future[Report]] = {}

    def __enter__(self) -> Self:
        """Start no process before there is reason to."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End the processes; in the middle of their work where this one is to end."""
        if self.pool is None:
            return
        if kind is not None:
            import multiprocessing

            for process in multiprocessing.active_children():
                process.terminate()
        self.pool.shutdown(cancel_futures=True)

    def report(self, number: int) -> "Report":
        """The report on the model of that number.

        Raises:
            Exception: whatever looking at it raised, here or there.
        """
        if self.pool is None and self._pays(number):
            self._start(number)
        if number in self.futures:
            from concurrent.futures.process import BrokenProcessPool

            try:
                return self.futures.pop(number).result()
            except BrokenProcessPool:  # one was killed, perhaps for its memory: what is left is done here, one by one
                self.futures.clear()
        started = time.process_time()
        try:
            return self._here(number)
        finally:
            self._spent = time.process_time() - started

    def _pays(self, number: int) -> bool:
        left = len(self._tasks) - number
        worth = WORTH * FIRST if number == 1 else WORTH
        return number > 0 and left > 1 and self._spent * left >= worth and cores() > 1

    def _start(self, first: int) -> None:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        workers = min(cores(), MOST, len(self._tasks) - first)
        self.pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (self._sharing,))
        for number in range(first, len(self._tasks)):
            self.futures[number] = self.pool.submit(_look, self._tasks[number])


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_sharing: "Sharing | None" = None
"""What this process knows of data that several models are asked about."""


def _begin(sharing: "Sharing | None") -> None:
    """Get a process ready: one thread, for there is a process for each core; Ctrl-C and the parent's end end it."""
    global _sharing  # noqa: PLW0603  a process of a pool has no other place for what outlives one task
    import multiprocessing

    _sharing = sharing

    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # before NumPy is loaded
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    threading.Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_with(parent: "BaseProcess | None") -> None:
    if parent is not None:
        parent.join()
        os._exit(1)


def _look(task: Task) -> "Report":
    from mlpdoctor.cli.commands.shared import in_force
    from mlpdoctor.cli.output import say
    from mlpdoctor.core.whole_file import listening
    from mlpdoctor.diagnosis.diagnose import all_checks, diagnose

    with listening(say):
        chosen = in_force(task.job, all_checks())
        return diagnose(task.question, checks=chosen, hide=task.hide, pictures=task.pictures, sharing=_sharing)
