"""Runs the command line inside the test's own process: the real ``main``, without the second that a process takes."""

import contextlib
import io
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from paths import ROOT

from mlpdoctor.cli.main import main

FIXTURES = ROOT / "fixtures"


@dataclass(frozen=True)
class Done:
    """What a run left behind."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The complaint, after checking that it is all there is."""
        assert self.status == 2, self
        assert not self.out
        (line,) = self.err.splitlines()
        assert line.startswith("mlpdoctor: ")
        return line


def run(folder: Path, *words: object, given: str = "", **variables: str) -> Done:
    """Run ``mlpdoctor`` with these words in a folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    stdin = io.TextIOWrapper(io.BytesIO(given.encode()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB")}
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "100", **environment, **variables}, clear=True),
        mock.patch.object(sys, "argv", ["mlpdoctor", *map(str, words)]),
        mock.patch.object(sys, "stdin", stdin),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    assert isinstance(status, int)
    return Done(status, *texts)


def patient(folder: Path, name: str = "model.keras", fixture: str = "three-points") -> Path:
    """Copy a fixture's model into a folder, with its data beside it as ``data.csv``."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(FIXTURES / fixture / "model.keras", target)
    shutil.copy(FIXTURES / fixture / "data.csv", folder / "data.csv")
    return target
