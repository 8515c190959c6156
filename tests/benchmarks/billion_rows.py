"""What a billion rows of 100 features cost on a cluster, on paper: from what a million of them cost here.

    python tests/benchmarks/billion_rows.py              # the table of docs/scale, from the constants below
    python tests/benchmarks/billion_rows.py --measure    # measures the constants anew, in some minutes

A million rows of 100 features in Parquet (float32, row groups of 131,072 rows) go through a network of 128-128-1 units,
as one worker reads them: in one process with one thread. Processor time is taken, which a busy machine changes least.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpdoctor.core import threads
from mlpdoctor.core.dataset import Batch, Wanted
from mlpdoctor.core.network import ArrayOptions
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import Subject, read_model
from mlpdoctor.engine import cluster
from mlpdoctor.engine.passes import BLOCK_CELLS
from mlpdoctor.nn.losses.registry import with_loss
from mlpdoctor.readers.tables.data import open_dataset

ROWS, FEATURES, UNITS = 1_000_000, 100, 128
GROUP = 1 << 17
LOSSES = {"mse": "linear", "binary_crossentropy": "sigmoid"}
"""With the last activation."""


@dataclass(frozen=True)
class Measured:
    """What a million rows cost.

    Attributes:
        bytes: of the file, for each row.
        read: processor seconds of reading alone.
        whole: of the one pass, reading included.
        memory: megabytes of the process at the peak of that pass.
        back: megabytes of merged statistics, which a worker sends.
        out: megabytes of network and functions, which go to a worker.
        again: for each loss the passes besides that workers make and those that the first process makes, and processor
            seconds of all that follows the first pass.
    """

    bytes: float
    read: float
    whole: float
    memory: float
    back: float
    out: float
    again: dict[str, tuple[int, int, float]]


MEASURED = Measured(
    bytes=401.6,
    read=2.2,
    whole=16.2,
    memory=447,
    back=25.1,
    out=0.24,
    again={"mse": (0, 0, 1.3), "binary_crossentropy": (0, 6, 14.5)},
)
"""On two cores with four times as much to do; the pass took 15.6 to 17.1 s in four runs, reading 1.4 to 2.8."""
MOST_BACK = 40
"""Megabytes of statistics that travel at a time, at most: 32 of hashes and 8 of sampled rows, whatever the rows."""


class Counted:
    """A data set that counts who reads it: the workers of a cluster, or the process that asks them."""

    def __init__(self, dataset: Any) -> None:  # noqa: ANN401
        """Nobody yet."""
        self._dataset = dataset
        self.here = self.workers = 0
        self.first = self.peak = 0.0
        self.sent: Any = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """All else is as in the data set itself."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def batches(self, rows: int) -> Iterator[Batch]:
        """Read here."""
        self.here += 1
        return iter(self._dataset.batches(rows))

    def fold(self, height: int, function: Callable[[Batch], Any], merge: Callable[[Any, Any], Any], *_: object) -> Any:  # noqa: ANN401
        """Read by the workers, of which this process is one."""
        import cloudpickle

        started = time.process_time()
        found = threads.fold(self._dataset, height, function, merge)
        if not self.workers:
            self.first = time.process_time() - started
            self.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            self.sent = (cloudpickle.dumps(found), cloudpickle.dumps((function, merge)))
        self.workers += 1
        return found


def _write(folder: Path) -> None:
    from pyarrow import parquet, table

    rng = np.random.default_rng(0)
    writer = None
    slopes = rng.normal(size=FEATURES) / FEATURES**0.5
    for start in range(0, ROWS, GROUP):
        x = rng.normal(size=(min(GROUP, ROWS - start), FEATURES)).astype(np.float32)
        y = (x @ slopes + np.sin(3 * x[:, 0]) + 0.3 * rng.normal(size=len(x)) > 0).astype(np.float32)
        part = table({**{f"x{k}": x[:, k] for k in range(FEATURES)}, "y": y})
        writer = writer or parquet.ParquetWriter(folder / "data.parquet", part.schema, use_dictionary=False)
        writer.write_table(part, row_group_size=GROUP)
    if writer is not None:
        writer.close()
    arrays: dict[str, Any] = {}
    for place, (fed, made) in enumerate(itertools.pairwise((FEATURES, UNITS, UNITS, 1)), start=1):
        arrays |= {f"W{place}": rng.normal(size=(fed, made)) * (2 / fed) ** 0.5, f"b{place}": np.zeros(made)}
    np.savez(folder / "model.npz", **arrays)


def _one(folder: Path, loss: str) -> None:
    """One diagnosis, in a process of its own: what it costs, on one line."""
    question = Question(
        str(folder / "model.npz"), "data.parquet", loss=loss, arrays=ArrayOptions(f"relu,relu,{LOSSES[loss]}", "adam")
    )
    network = with_loss(read_model(question.model or "", question), loss)
    path = str(folder / "data.parquet")
    plain = open_dataset(path, Wanted(FEATURES))
    with threads.one():
        started = time.process_time()
        for _ in plain.batches(1 << 14):
            pass
        read = time.process_time() - started
        dataset = Counted(plain)
        started = time.process_time()
        diagnose(question, subject=Subject(network, dataset, None, 0.0))
        spent = time.process_time() - started
    back, out = (len(sent) / 1e6 for sent in dataset.sent)
    size = Path(path).stat().st_size / ROWS
    rest = spent - dataset.first
    print(size, read, dataset.first, dataset.peak, back, out, dataset.workers - 1, dataset.here, rest)


def measure() -> Measured:
    """The constants of this machine."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([sys.executable, __file__, "--write", name], check=True)
        told = {}
        for loss in LOSSES:
            done = subprocess.run(
                [sys.executable, __file__, "--one", name, loss], check=True, capture_output=True, text=True
            )
            told[loss] = [float(word) for word in done.stdout.split()]
    size, read, whole, memory, back, out = told["mse"][:6]
    again = {loss: (int(found[6]), int(found[7]), found[8]) for loss, found in told.items()}
    return Measured(size, read, whole, memory, back, out, again)


BILLION = 1_000_000_000
WORKERS = (16, 100)


def stretches(workers: int) -> int:
    """Into how many stretches of rows a billion are cut, as ``engine.cluster`` does it."""
    height = BLOCK_CELLS // (FEATURES + 1)
    level = max((-(-BILLION // height) // (cluster.PARTS_A_WORKER * workers)).bit_length() - 1, 0)
    return -(-BILLION // (height << level))


def lines(one: Measured) -> Iterator[str]:
    """The table: what a billion rows cost, by the number of workers of one core each."""
    many = BILLION / ROWS
    yield f"| a billion rows x {FEATURES} | {' | '.join(f'{workers} workers' for workers in WORKERS)} |"
    yield "|---|" + "---|" * len(WORKERS)

    def row(what: str, tell: Callable[[int], str]) -> str:
        return f"| {what} | {' | '.join(tell(workers) for workers in WORKERS)} |"

    whole, bytes_ = one.whole * many, one.bytes * BILLION
    yield row(
        f"the one pass, {whole / 3600:.1f} core hours, of which reading {one.read * many / 3600:.1f}",
        lambda workers: f"{whole / workers / 60:.0f} min",
    )
    yield row(
        f"from the store, {bytes_ / 1e9:.0f} GB of Parquet, each byte once",
        lambda workers: f"{bytes_ / workers / 1e9:.0f} GB and {bytes_ / whole / 1e6:.0f} MB/s for each worker",
    )
    yield row(
        f"between workers, at most {MOST_BACK} MB of statistics for each stretch of rows",
        lambda workers: f"{stretches(workers)} stretches, {stretches(workers) * MOST_BACK / 1e3:.1f} GB",
    )
    yield row(
        f"to the workers, {one.out:.1f} MB of network and functions each",
        lambda workers: f"{workers * one.out:.0f} MB",
    )
    yield row("memory of a worker", lambda _: f"{one.memory + MOST_BACK - one.back:.0f} MB")
    for loss, (workers_too, here, seconds) in one.again.items():
        told = f"{here} passes in the first process" if here else "no further pass"
        told += f", {workers_too} more by the workers" if workers_too else ""
        cost = f"{seconds * many / 3600:.1f} h" if here else f"{seconds:.0f} s"
        yield row(f"after it, {loss}: {told}", lambda _, cost=cost: cost)  # type: ignore[misc]


def main() -> None:
    """Print the table, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--write", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "LOSS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        _write(Path(options.write))
    elif options.one:
        _one(Path(options.one[0]), options.one[1])
    elif options.measure:
        print(measure())
    else:
        print("\n".join(lines(MEASURED)))


if __name__ == "__main__":
    main()
