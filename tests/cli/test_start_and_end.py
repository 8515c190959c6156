"""A small run neither looks for garbage while it starts nor takes itself apart at its end; nothing is lost by that."""

import atexit
import gc
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn
from unittest import mock

import click
import pytest
from shell import FIXTURES, run

from mlpdoctor import __main__
from mlpdoctor.cli.main import BRIEF, MODULES, Commands
from mlpdoctor.core.errors import InputError


class Left(Exception):  # noqa: N818  it says what happens
    """The process would have ended here."""


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """What ``os._exit`` is called with; nobody looks on, as the tests' own tools do, and nothing is to run at exit."""
    ended = mock.Mock(side_effect=Left)
    monkeypatch.setattr(os, "_exit", ended)
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "getprofile", lambda: None)
    monkeypatch.setattr(sys, "modules", {name: m for name, m in sys.modules.items() if name not in AWAY})
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()])
    return ended


AWAY = __main__.FRAMEWORKS | {"cProfile"}


def leave(code: int | str = 1) -> NoReturn:
    __main__.leave(SystemExit(code))


def test_it_ends_at_once_and_all_that_was_to_be_done_is_done(left: mock.Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atexit, "_run_exitfuncs", cleaned := mock.Mock())
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown))
    sys.stdout.write("all of it")
    with pytest.raises(Left):
        leave(1)
    left.assert_called_once_with(1)
    assert shown.getvalue() == b"all of it"
    assert cleaned.called


def test_a_text_as_status_is_left_to_the_interpreter_which_says_it(left: mock.Mock) -> None:
    with pytest.raises(SystemExit, match="words"):
        leave("words")
    assert not left.called


def test_who_looks_on_sees_the_end(left: mock.Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getprofile", lambda: print)
    with pytest.raises(SystemExit):
        leave()
    assert not left.called


def test_a_framework_or_a_thread_at_work_is_waited_for(left: mock.Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as there:
        there.setitem(sys.modules, "keras", mock.Mock())
        with pytest.raises(SystemExit):
            leave()
    worker = threading.Thread(target=print)
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread(), worker])
    with pytest.raises(SystemExit):
        leave()
    assert not left.called
    worker.daemon = True
    monkeypatch.setattr(atexit, "_run_exitfuncs", mock.Mock())
    with pytest.raises(Left):
        leave()


def test_a_stream_that_takes_nothing_is_left_to_the_interpreter(
    left: mock.Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atexit, "_run_exitfuncs", mock.Mock())
    monkeypatch.setattr(sys, "stdout", mock.Mock(flush=mock.Mock(side_effect=BrokenPipeError)))
    with pytest.raises(SystemExit):
        leave()
    assert not left.called


@pytest.fixture
def collecting() -> Iterator[None]:
    """As it was before, whatever a test turns off."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("collecting")
@pytest.mark.parametrize("name", sorted(set(MODULES) - BRIEF))
def test_a_command_that_works_has_garbage_collected(name: str) -> None:
    gc.disable()
    assert Commands().get_command(click.Context(click.Command("x")), name) is not None
    assert gc.isenabled()


@pytest.mark.usefixtures("collecting")
def test_check_has_garbage_collected_before_it_reads_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def opened(*_: object) -> NoReturn:
        seen.append(gc.isenabled())
        raise InputError("enough seen")

    monkeypatch.setattr("mlpdoctor.diagnosis.subject.opened", opened)
    gc.disable()
    run(FIXTURES / "three-points", "check", "model.keras", "data.csv")
    assert seen == [True]
