"""A random number is called a rung of the ladder in one of twenty cases at most, on a sample of what is measured."""

import sys
from pathlib import Path

from effort import EFFORT

sys.path.insert(0, str(Path(__file__).parent))

import plateau_coincidence


def test_random_numbers_are_seldom_called_a_rung() -> None:
    found = plateau_coincidence.shares(40 if EFFORT.every else 3)
    assert found["even"] <= (0.05 if EFFORT.every else 0.065)  # 600 numbers leave room for one and a half per cent
    assert found["even in the logarithm"] <= (0.05 if EFFORT.every else 0.1)
    assert found["on the line"] >= 0.8
