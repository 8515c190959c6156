"""Blocks worked on side by side: the same results in the same order, the first fault, and no thread left behind."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hand_built import Table, drawn, sequential

from mlpdoctor.core import threads
from mlpdoctor.engine.forward_views import Statistics
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.stream import collect
from mlpdoctor.facts.outputs.heads import heads
from mlpdoctor.statistics.affine_factor import OutputFactor, TargetFactor
from mlpdoctor.statistics.losses_and_targets import LossSums
from mlpdoctor.statistics.moments import CellCounts, EnteringMoments, OutputMoments
from mlpdoctor.statistics.rows import RowHashes, RowSample
from mlpdoctor.statistics.unit_activity import Firing, PiecePatterns


@pytest.fixture(params=[1, 2, 5])
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    control, _ = threads.library()
    monkeypatch.setattr(threads, "library", lambda: (control, request.param))
    return int(request.param)


def alive() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name}


def slow_square(number: int) -> int:
    time.sleep(0.01 * (number % 3 == 0))
    return number * number


def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(threads.in_order(slow_square, range(40))) == [number * number for number in range(40)]
    assert list(threads.in_order(slow_square, [])) == []
    assert not alive(), workers


def test_only_a_few_items_are_drawn_ahead(workers: int) -> None:
    drawn_so_far = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn_so_far.append(number)
            yield number

    for done, _ in enumerate(threads.in_order(slow_square, items())):
        assert len(drawn_so_far) <= done + 1 + threads.AHEAD * workers


@pytest.mark.usefixtures("workers")
def test_the_fault_of_the_first_item_is_raised_whoever_fails_sooner() -> None:
    def work(number: int) -> int:
        time.sleep(0.05 if number == 3 else 0)
        if number >= 3:
            raise ValueError(number)
        return number

    def items() -> Iterator[int]:
        yield from range(5)
        raise OSError("unreadable")

    found: list[int] = []
    with pytest.raises(ValueError, match="3"):
        found.extend(threads.in_order(work, items()))
    assert not alive()


@pytest.mark.parametrize("fault", [OSError("unreadable"), KeyboardInterrupt()])
@pytest.mark.usefixtures("workers")
def test_a_fault_in_reading_and_an_interrupt_end_all_work(fault: BaseException) -> None:
    def items() -> Iterator[int]:
        yield from range(4)
        raise fault

    with pytest.raises(type(fault)):
        list(threads.in_order(slow_square, items()))
    assert not alive()


@pytest.mark.usefixtures("workers")
def test_who_stops_early_leaves_no_thread_behind() -> None:
    results = threads.in_order(slow_square, range(1_000))
    assert next(results) == 0
    results.close()
    assert not alive()


def blas_threads() -> set[int]:
    control, _ = threads.library()
    return {library["num_threads"] for library in control.info() if library["user_api"] == "blas"}


def test_a_worker_keeps_to_its_one_thread_and_others_do_not(workers: int) -> None:
    def work(_: int) -> set[int]:
        with threads.all_of_them():
            return blas_threads()

    assert set().union(*threads.in_order(work, range(8))) == ({1} if workers > 1 else {workers})
    with threads.one(), threads.all_of_them():
        assert blas_threads() == {workers}
    with threads.one():
        assert blas_threads() == {1}


RNG = np.random.default_rng(0)
ROWS = 40_000
X, Y = RNG.normal(size=(ROWS, 6)), RNG.normal(size=(ROWS, 1))
X[[7, 20_000, 39_999]] = np.nan
OF_ROWS = (CellCounts, RowHashes, RowSample, TargetFactor)
KINDS = (*OF_ROWS, EnteringMoments, Firing, LossSums, OutputFactor, OutputMoments, PiecePatterns)


def numbers(found: Statistics) -> dict[Any, Any]:
    return {key: vars(seen) for key, seen in found.items()}


def test_the_pass_finds_the_same_to_the_last_digit_however_many_threads_there_are(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = drawn(sequential(6, (16, "relu"), (8, "relu"), (1, None)), 0)

    def found() -> Statistics:
        table = Table(X, Y, 1 << 14)
        return collect(table, NumpyEngine(network), heads.function(network), KINDS, lambda rows, _: told.append(rows))

    told: list[int] = []
    several = found()
    with threads.one(), monkeypatch.context() as patch:
        patch.setattr(threads, "WORTH_SHARING", np.inf)
        alone = found()
    assert told == 2 * [1 << 14, 1 << 15, ROWS]
    assert set(several) == set(alone), workers
    assert several[CellCounts, None].bad_rows == 3
    for key, wanted in numbers(alone).items():
        for name, value in wanted.items():
            np.testing.assert_array_equal(numbers(several)[key][name], value, err_msg=f"{key} {name}")


@pytest.mark.usefixtures("workers")
def test_small_tables_start_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("no threads for this")

    monkeypatch.setattr(threads, "in_order", refused)
    assert collect(Table(X[:500], Y[:500]), None, None, [TargetFactor])[TargetFactor, None].rows == 499
