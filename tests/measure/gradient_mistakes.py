"""Counts how often ``gradcheck`` names what was done to random hand-written networks: the table of its manual page.

Run it as ``python tests/measure/gradient_mistakes.py``; it takes a minute.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from hand_written import CASES, counted


def main() -> None:
    """Print the rows of the table."""
    for number, cases in CASES.items():
        found = counted(number, cases)
        wrong = cases - found["right"]
        columns = (number or "none", cases, wrong, found["named"], found["otherwise"], found["unnamed"])
        sys.stdout.write(f"| {' | '.join(map(str, columns))} |\n")


if __name__ == "__main__":
    main()
