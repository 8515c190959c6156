"""What Ctrl-C and a signal to end do to a command, in the test's own process."""

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from shell import patient, run

from mlpdoctor.cli.streams import INTERRUPTED, TERMINATED, Interrupt
from mlpdoctor.core.whole_file import replacing


def test_ctrl_c_is_remembered_and_left_to_whoever_listened_before() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
    assert interrupt.heard
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
        assert not interrupt.heard
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_being_written_is_cleaned_up(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "r.json"
    file.write_text("old")

    def writing() -> None:
        with Interrupt(), replacing(file, "-o") as new:
            new.write_text("half")
            signal.raise_signal(number)

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        writing()
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def interrupted() -> None:
    signal.raise_signal(signal.SIGINT)


def turned_into_an_error() -> None:
    try:
        interrupted()
    except KeyboardInterrupt:
        raise ImportError("DLL load failed") from None


def swallowed() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        interrupted()


def told_to_end() -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (interrupted, INTERRUPTED),
        (turned_into_an_error, INTERRUPTED),
        (swallowed, INTERRUPTED),
        (told_to_end, TERMINATED),
    ],
)
def test_every_way_it_can_go_ends_in_its_status_and_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], status: int
) -> None:
    from mlpdoctor.diagnosis import diagnose

    whole = diagnose.diagnose

    def acting(*words: object, **options: object) -> object:
        act()
        return whole(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(diagnose, "diagnose", acting)
    patient(tmp_path)
    done = run(tmp_path, "check", "model.keras", "-q", "--no-config")
    assert (done.status, done.err.strip()) == (status, "")
