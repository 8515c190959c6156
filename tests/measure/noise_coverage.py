"""Prints how often the noise estimate's error bar holds the true noise: over features, kinds of functions, rows, noise.

    python tests/measure/noise_coverage.py [--sets 200]

Each line is of so many synthetic tables of 150 to 1,500 rows, uniform or normal features, and normal noise of 0.05 to
1 standard deviation of the function. An estimate that is refused is no estimate; the first column of figures says how
many were told.
"""

import argparse
import sys
from collections.abc import Callable

import numpy as np

from mlpdoctor.analysis.floors import noise
from mlpdoctor.core import threads
from mlpdoctor.core.network import Array

KINDS: dict[str, Callable[[Array, Array], Array]] = {
    "smooth": lambda x, w: np.sin(x @ w) + 0.3 * np.square(x @ w[::-1]),
    "fast": lambda x, w: np.sin(4 * (x @ w) + 1),
    "step": lambda x, w: np.sign(x @ w) + (x[:, 0] > 0.5),
    "discrete": lambda x, w: np.square(x @ w),
}
DIMENSIONS = range(1, 6)
LEVELS = (0.05, 0.2, 0.5, 1.0)
ROWS = (150, 300, 600, 1500)


def one(kind: str, features: int, seed: int) -> tuple[float, float] | None:
    """How many of its own error bars an estimate is off, and its share of the variance; None where it is refused."""
    rng = np.random.default_rng([list(KINDS).index(kind), features, seed])
    rows, along = int(rng.choice(ROWS)), rng.normal(size=features)
    along /= np.linalg.norm(along)
    x = rng.uniform(-2, 2, size=(rows, features)) if rng.integers(2) else rng.normal(size=(rows, features))
    if kind == "discrete":
        x = rng.integers(0, 5, size=(rows, features)).astype(np.float64)
    function = KINDS[kind](x, along)
    level = float(rng.choice(LEVELS))
    y = function / max(float(function.std()), 1e-9) + level * rng.normal(size=rows)
    found = noise.of_numbers(x, y, "squares")
    return None if isinstance(found, str) else ((found.value - level**2) / found.error, found.value / float(y.var()))


def row(kind: str, features: int, sets: int) -> str:
    """One line of the table."""
    told = [found for seed in range(sets) if (found := one(kind, features, seed)) is not None]
    off, share = np.abs([found[0] for found in told]), max(found[1] for found in told)
    return (
        f"| {kind} | {features} | {len(told)} of {sets} | {np.mean(off <= 1):.0%} | {np.mean(off <= 2):.0%} "
        f"| {share:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200, help="tables for each line")
    sets = parser.parse_args().sets
    titles = ("function", "features", "told", "within one bar", "within two", "most, of the variance")
    sys.stdout.write(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|\n")
    with threads.one():
        for kind in KINDS:
            for features in DIMENSIONS:
                sys.stdout.write(row(kind, features, sets) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
