"""Memory does not grow with the number of rows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # processes of their own

PROGRAM = """
import sys
import pyarrow.csv, pyarrow.parquet
from resource import RUSAGE_SELF, getrusage
from mlpdoctor.core.dataset import Wanted
from mlpdoctor.readers.tables.data import open_dataset
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


def test_a_small_text_table_is_read_without_pyarrow_and_nothing_imports_pandas(tmp_path: Path) -> None:
    program = PROGRAM.replace("import pyarrow.csv, pyarrow.parquet\n", "") + "print(*sys.modules)\n"
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text("1,2,3,4,5,6,7,8,9,10\n")
    large.write_text("1,2,3,4,5,6,7,8,9,10\n" * 10_000)
    loaded = [
        subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True).stdout.split()
        for path in (small, large)
    ]
    assert ["pyarrow" in modules for modules in loaded] == [False, True]
    assert not any("pandas" in modules for modules in loaded)
