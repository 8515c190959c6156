"""Whoever waits for long is told what for, and nobody else is told anything."""

import threading

import pytest

from mlpdoctor.core import whole_file as module
from mlpdoctor.core.whole_file import listening, patience


@pytest.mark.slow
def test_a_long_wait_is_told_once_and_a_short_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    heard = threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        heard.set()

    with listening(tell):
        with patience("short"):
            pass
        monkeypatch.setattr(module, "MOMENT", 0.01)
        with patience("long"):
            assert heard.wait(10)
    assert said == ["long"]


def test_without_a_listener_no_clock_is_set() -> None:
    before = threading.active_count()
    with patience("nobody hears"):
        assert threading.active_count() == before
