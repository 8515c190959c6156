"""Prints how often L507 says that there is nothing to learn, by what there is: nothing, or a function it may not see.

    python tests/measure/no_signal_coverage.py [--sets 200]

Each line is of so many synthetic tables of 150 to 1,000 rows with two to four features between -2 and 2, and normal
noise of 0.1 to 1 standard deviation of the function. The network stands at the constant, so that the report asks
whether there is anything to learn. "Nothing to learn" is right for noise and wrong for all else, "nothing but a line"
is wrong for all of these; what is left is silence.
"""

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import mlpdoctor
from mlpdoctor.core import threads
from mlpdoctor.core.network import Array

FUNCTIONS: dict[str, Callable[[Array], Any]] = {
    "pure noise": lambda x: 0 * x[:, 0],
    "sine, one period": lambda x: np.sin(np.pi * x[:, 0] / 2),
    "sine, four periods": lambda x: np.sin(2 * np.pi * x[:, 0]),
    "sine, ten periods": lambda x: np.sin(5 * np.pi * x[:, 0]),
    "sine of the sum, four periods": lambda x: np.sin(np.pi * (x[:, 0] + x[:, 1])),
    "x mod 2": lambda x: np.floor(10 * x[:, 0]) % 2,
    "x mod 7": lambda x: np.floor(20 * x[:, 0]) % 7,
    "parity of two": lambda x: np.sign(x[:, 0]) * np.sign(x[:, 1]),
    "parity of three": lambda x: np.sign(x[:, 0]) * np.sign(x[:, 1]) * np.sign(x[:, -1]),
    "radius": lambda x: np.square(x).sum(axis=1),
    "ring": lambda x: (np.abs(np.hypot(x[:, 0], x[:, 1]) - 1.2) < 0.3) * 1.0,
    "product": lambda x: x[:, 0] * x[:, 1],
    "step": lambda x: (x[:, 0] > 0.7) * 1.0,
}
ROWS = (150, 300, 1000)
LEVELS = (0.1, 0.3, 1.0)
RULE = "L507"


def table(name: str, seed: int) -> tuple[Array, Array]:
    """Features and targets, their shape (rows, 1)."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    rows = int(rng.choice(ROWS))
    x = rng.uniform(-2, 2, (rows, int(rng.integers(3 if "three" in name else 2, 5))))
    function = FUNCTIONS[name](x)
    spread = float(function.std())
    noise = float(rng.choice(LEVELS)) if spread else 1.0
    return x, ((function / (spread or 1.0)) + noise * rng.normal(size=rows))[:, None]


def said(x: Array, y: Array) -> str:
    """What L507 says of a network that predicts the mean."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(x.shape[1], 8)), np.zeros(8), np.zeros((8, 1)), y.mean(axis=0)]
    report = mlpdoctor.check(arrays, x, y, layers=["tanh", "linear"], loss="mse", select=[RULE])
    found = [finding for finding in report.findings if finding.code == RULE]
    if not found:
        return "silent"
    return "line" if found[0].evidence["linear_is_enough"] else "nothing"


def row(name: str, sets: int) -> Counter[str]:
    """How often each is said."""
    return Counter(said(*table(name, seed)) for seed in range(sets))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200, help="tables for each line")
    sets = parser.parse_args().sets
    sys.stdout.write("| what there is | nothing to learn | nothing but a line | silent |\n|---|---|---|---|\n")
    with threads.one():
        for name in FUNCTIONS:
            found = row(name, sets)
            shares = " | ".join(f"{found[what] / sets:.1%}" for what in ("nothing", "line", "silent"))
            sys.stdout.write(f"| {name} | {shares} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
