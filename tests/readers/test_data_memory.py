"""Memory does not grow with the number of rows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = """
import sys
import pyarrow.csv, pyarrow.parquet
from resource import RUSAGE_SELF, getrusage
from mlpdoctor.dataset import Wanted
from mlpdoctor.readers.data import open_dataset
before = getrusage(RUSAGE_SELF).ru_maxrss
rows = sum(len(batch.features) for batch in open_dataset(sys.argv[1], Wanted(9)).batches(8192))
print(rows, getrusage(RUSAGE_SELF).ru_maxrss - before)
"""


def growth(path: Path) -> tuple[int, float]:
    """Rows of a file, and megabytes that it takes to read them."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    rows, kilobytes = ran.stdout.split()
    return int(rows), int(kilobytes) / 1024


@pytest.mark.parametrize("kind", ["csv", "by row", "by column"])
def test_ten_times_the_rows_take_no_more_memory(kind: str, tmp_path: Path) -> None:
    taken = []
    for rows in (200_000, 2_000_000):
        if kind == "csv":
            path = tmp_path / "data.csv"
            path.write_text("0.125,1.5,2.5,3.5,4.5,5.5,6.5,7.5,8.5,9.5\n" * rows)
        else:
            path = tmp_path / "data.npy"
            np.save(path, np.zeros((rows, 10), order="F" if kind == "by column" else "C"))
        counted, megabytes = growth(path)
        assert counted == rows
        taken.append(megabytes)
    assert taken[1] < 1.5 * taken[0] + 40
