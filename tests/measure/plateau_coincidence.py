"""Prints how often a random number is called a rung of the loss ladder, and how often a plateau on a rung is.

    python tests/measure/plateau_coincidence.py [--tables 40]

Each line is of so many synthetic tables, of 150 to 600 rows, one to three features and noise of 0.1 to 1 standard
deviation of the function, with 200 numbers for each: drawn evenly between 0 and 1.2 times the best constant's loss, or
evenly in their logarithm over the two powers of ten below it, and printed with two to four digits. Beside them stands
how often a plateau is named that truly is the best constant's or the best line's loss, give or take one per cent.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mlpdoctor.analysis.curves.level import Level
from mlpdoctor.core import threads
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.facts.history.plateau_rung import CHANCE, COARSE, near_rungs

NUMBERS = 200
DIGITS = (2, 3, 4)
DRAWN: dict[str, Callable[[np.random.Generator, Ladder], float]] = {
    "even": lambda rng, ladder: rng.uniform(0, 1.2) * (ladder.value("constant") or 0.0),
    "even in the logarithm": lambda rng, ladder: 10 ** rng.uniform(-2, 0) * (ladder.value("constant") or 0.0),
    "on the constant": lambda rng, ladder: rng.uniform(0.99, 1.01) * (ladder.value("constant") or 0.0),
    "on the line": lambda rng, ladder: rng.uniform(0.99, 1.01) * (ladder.value("affine") or 0.0),
}


def ladder_of(seed: int, folder: Path) -> Ladder:
    """The ladder of a synthetic table."""
    rng = np.random.default_rng(seed)
    rows, features = int(rng.choice((150, 300, 600))), int(rng.integers(1, 4))
    x = rng.uniform(-2, 2, (rows, features))
    y = np.sin(2 * x[:, 0]) + x @ rng.normal(size=features)
    y = y / y.std() + rng.choice((0.1, 0.3, 1.0)) * rng.normal(size=rows)
    np.savetxt(
        folder / "data.csv", np.column_stack([x, y]), delimiter=",", header="a,b,c,y"[-2 * features - 1 :], comments=""
    )
    found = diagnose(Question(plateau="0.5", data=str(folder / "data.csv"))).ladder
    assert isinstance(found, Ladder)
    return found


def told(number: float, digits: int) -> Level:
    """A number as the user gives it."""
    printed = f"{number:.{digits}g}"
    unit = 10.0 ** (np.floor(np.log10(number)) + 1 - digits)
    return Level(float(printed), 0.0, unit / 2, 0, 0, settled=True)


def named(ladder: Ladder, level: Level) -> bool:
    """Whether a rung is named for a plateau."""
    near = near_rungs(ladder, level) if level.within <= COARSE * level.value else ()
    return any(one.chance <= CHANCE for one in near)


def shares(tables: int) -> dict[str, float]:
    """In what share of the numbers a rung is named, by how they are drawn."""
    hits: dict[str, list[bool]] = {name: [] for name in DRAWN}
    with tempfile.TemporaryDirectory() as folder, threads.one():
        for seed in range(tables):
            ladder = ladder_of(seed, Path(folder))
            rng = np.random.default_rng([seed, 1])
            for name, draw in DRAWN.items():
                levels = [told(draw(rng, ladder), int(rng.choice(DIGITS))) for _ in range(NUMBERS)]
                hits[name] += [named(ladder, level) for level in levels]
    return {name: float(np.mean(found)) for name, found in hits.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=40)
    sys.stdout.write("| numbers | called a rung |\n|---|---|\n")
    for name, share in shares(parser.parse_args().tables).items():
        sys.stdout.write(f"| {name} | {share:.1%} |\n")


if __name__ == "__main__":
    main()
