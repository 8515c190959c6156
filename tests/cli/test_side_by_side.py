"""Models looked at in processes side by side: the same words in the same order, and nobody left behind."""

import json
import multiprocessing
import os
import pickle
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any
from unittest import mock

import elsewhere
import numpy as np
import pytest
from shell import patient, run

from mlpdoctor.cli.commands import side_by_side
from mlpdoctor.cli.commands.side_by_side import SideBySide
from mlpdoctor.core import errors
from mlpdoctor.core.dataset import Wanted
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.readers.tables.kept_rows import KeptRows


@pytest.fixture
def worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is left to do, it goes to two processes."""
    monkeypatch.setattr(side_by_side, "WORTH", 0.0)
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)


def timeless(text: str) -> Any:  # noqa: ANN401  JSON
    whole = json.loads(text)
    for report in whole["reports"]:
        del report["timing"]
    return whole


@pytest.mark.slow  # two processes that load all there is
@pytest.mark.usefixtures("worth")
def test_the_report_is_that_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.keras", "c.keras", "e.keras"):
        patient(tmp_path, name, "three-points-sigmoid" if name == "c.keras" else "three-points")
    (tmp_path / "b.keras").write_bytes(b"PK\3\4 nothing")
    names = ("a.keras", "b.keras", "c.keras", "d.keras", "e.keras")
    words = ("check", *names, "data.csv", "--ignore", "D", "--baseline", "known.json", "--format")
    (tmp_path / "known.json").write_text('{"version": 1, "findings": []}')
    spread = [run(tmp_path, *words, form) for form in ("json", "terminal")]
    monkeypatch.setattr(side_by_side, "cores", lambda: 1)
    alone = [run(tmp_path, *words, form) for form in ("json", "terminal")]
    assert timeless(spread[0].out) == timeless(alone[0].out)
    assert spread[1] == alone[1]
    assert [one.err for one in spread] == [one.err for one in alone]
    assert spread[0].status == 2
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("worth")
def test_the_first_is_looked_at_here_and_the_last_alone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    started = mock.Mock()
    monkeypatch.setattr(SideBySide, "_start", started)
    tasks: list[Any] = [None, None]
    with SideBySide(tasks, here=(here := mock.Mock())) as looking:
        for number in range(2):
            looking.report(number)
    assert here.call_count == len(tasks)
    assert not started.called


def test_what_takes_no_time_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    tasks: list[Any] = [None] * 20
    with SideBySide(tasks, here=(here := mock.Mock())) as looking:
        for number in range(20):
            looking.report(number)
    assert here.call_count == len(tasks)
    assert looking.pool is None


@pytest.mark.usefixtures("worth")
def test_what_must_stay_in_this_process_stays() -> None:
    with SideBySide([], here=(here := mock.Mock())) as looking:
        for number in range(5):
            looking.report(number)
    assert [call.args for call in here.call_args_list] == [(number,) for number in range(5)]
    assert looking.pool is None


def test_the_first_model_may_take_longer_for_what_it_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    monkeypatch.setattr("time.process_time", iter((0.0, 0.6, 0.6, 0.8, 0.8, 1.0)).__next__)
    monkeypatch.setattr(SideBySide, "_start", started := mock.Mock())
    tasks: list[Any] = [None] * 13
    with SideBySide(tasks, here=mock.Mock()) as looking:
        for number in range(3):
            looking.report(number)
    assert not started.called  # 12 times 0.6 s would have paid, 11 times 0.2 s do not


@pytest.mark.slow  # a process that loads NumPy
@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be handed on to another process")
def test_rows_that_were_kept_here_are_read_there(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(1000, 4))
    np.save(tmp_path / "data.npy", table)
    dataset = open_dataset(str(tmp_path / "data.npy"), Wanted(features=3, sample_weight=None))
    kept = KeptRows()
    assert sum(len(batch.features) for batch in kept.of(dataset).batches(300)) == len(table)
    (tmp_path / "data.npy").unlink()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), elsewhere.take, (kept,)) as pool:
        there = pool.submit(elsewhere.all_rows).result()
    assert np.array_equal(there, table)


def test_what_a_killed_process_owes_is_done_here() -> None:
    looking = SideBySide([], here=(here := mock.Mock()))
    looking.pool = mock.Mock()
    for number in (1, 2):
        looking.futures[number] = Future()
        looking.futures[number].set_exception(BrokenProcessPool("killed"))
    for number in (1, 2):
        looking.report(number)
    assert [call.args for call in here.call_args_list] == [(1,), (2,)]


def test_processes_end_where_this_one_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    child, pool = mock.Mock(), mock.Mock()
    monkeypatch.setattr(multiprocessing, "active_children", lambda: [child])

    def interrupted() -> None:
        with SideBySide([], here=mock.Mock()) as looking:
            looking.pool = pool
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert child.terminate.called
    pool.shutdown.assert_called_once_with(cancel_futures=True)


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_complaint_reaches_the_first_process_as_it_was(kind: type[Exception]) -> None:
    back = pickle.loads(pickle.dumps(kind("a line")))  # noqa: S301  our own
    assert type(back) is kind
    assert str(back) == "a line"
