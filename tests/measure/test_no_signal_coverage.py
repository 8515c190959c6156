"""L507 sees what quick models see, and rows near in one column that agree: a sample of ``no_signal_coverage.py``."""

import sys
from pathlib import Path

import pytest
from effort import EFFORT

sys.path.insert(0, str(Path(__file__).parent))

import no_signal_coverage

from mlpdoctor.core import threads

pytestmark = pytest.mark.slow  # trees are grown

SETS = 100 if EFFORT.every else 8


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("pure noise", 0.85, 1.0), ("x mod 2", 0.0, 0.5), ("sine, four periods", 0.0, 0.13), ("parity of two", 0.0, 0.13)],
)
def test_noise_is_named_and_functions_seldom_are(name: str, least: float, most: float) -> None:
    with threads.one():
        found = no_signal_coverage.row(name, SETS)
    assert least <= found["nothing"] / SETS <= most
    assert not found["line"]
