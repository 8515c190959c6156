"""Whatever is done to a file, a run ends in time, in memory and in a line: no traceback, no crashed check."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from effort import EFFORT
from paths import ROOT

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NUMBERS = {"config": 8000, "weights": 4000, "bytes": 4000, "table": 3000, "history": 1500, "settings": 500}
"""Inputs of each kind with ``--every``, more where more can go wrong."""
USUAL = 50
"""Inputs of each kind in an ordinary run."""
MOST_MEBIBYTES = 1024


@pytest.mark.parametrize("kind", NUMBERS)
def test_damaged_inputs(kind: str) -> None:
    number = NUMBERS[kind] if EFFORT.every else USUAL
    paths = os.pathsep.join([str(ROOT / "src"), str(HERE)])
    done = subprocess.run(
        [sys.executable, HERE / "fuzz.py", kind, "0", str(number)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == {}
    assert sum(found["ended"].values()) == number
    assert len(found["ended"]) > 1, "all ended alike: the changes are too coarse to test anything"
    assert found["peak"] < MOST_MEBIBYTES
