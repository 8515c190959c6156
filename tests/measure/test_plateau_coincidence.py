"""A random number is called a rung of the ladder in one of twenty cases at most."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import plateau_coincidence


def test_random_numbers_are_seldom_called_a_rung() -> None:
    found = plateau_coincidence.shares(4)
    assert found["even"] <= 0.06
    assert found["even in the logarithm"] <= 0.06
    assert found["on the line"] >= 0.8
