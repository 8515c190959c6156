"""Measures mlpdoctor against the scripts users write, whole processes, as ratios of medians in one run.

    python tests/benchmarks/ratios.py [--runs 5] [--rows 1000000] [NAME ...]

Each pair of commands takes turns, so that a machine that speeds up or slows down does so for both. Times are CPU
seconds of the process and its threads, which a busy machine changes least; those on the clock stand beside them.
Memory is the peak resident set of the process as the operating system accounts for it. Each line ends with its bar and
whether it holds. The forward pass has a bar of its own in ``pytest tests/benchmarks --benchmark-enable``, the callback
in ``callback_share.py``, growth in ``growth.py``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from paths import FIXTURES

MLPDOCTOR = [sys.executable, "-m", "mlpdoctor"]

THREE_POINTS = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
data = np.genfromtxt(sys.argv[2], delimiter=",", names=True)
x, y = data["x"].reshape(-1, 1), data["y"].reshape(-1, 1)
answers = model.predict(x, verbose=0)
design = np.column_stack([x, np.ones(len(x))])
line = np.linalg.lstsq(design, y, rcond=None)[0]
print(np.mean((answers - y) ** 2), np.mean((design @ line - y) ** 2))
"""

PREDICT_AT_ONCE = (32, 4096)
"""Rows that Keras predicts at a time: its default, which most scripts leave as it is, and what serves it well."""

MILLION = """
import sys, keras, numpy as np, pandas as pd
model = keras.models.load_model(sys.argv[1])
table = pd.read_csv(sys.argv[2]) if sys.argv[2].endswith("csv") else pd.read_parquet(sys.argv[2])
x, y = table.iloc[:, :-1].to_numpy("float32"), table.iloc[:, [-1]].to_numpy("float64")
watch = keras.Model(model.inputs, [layer.output for layer in model.layers])
*hidden, answers = watch.predict(x, batch_size=int(sys.argv[3]), verbose=0)
dead = [int((values == 0).all(axis=0).sum()) for values in hidden]
design = np.column_stack([x, np.ones(len(x))]).astype("float64")
line = np.linalg.lstsq(design, y, rcond=None)[0]
print(dead, np.mean((answers - y) ** 2), np.mean((design @ line - y) ** 2), np.var(y))
"""

WIDE_MODEL = """
import sys, keras
keras.utils.set_random_seed(0)
layers = [keras.layers.Dense(128, "relu"), keras.layers.Dense(128, "relu"), keras.layers.Dense(1)]
model = keras.Sequential([keras.Input((20,)), *layers])
model.compile("adam", "mse")
model.save(sys.argv[1])
"""

ROWS = """
import sys, numpy as np, pyarrow as pa, pyarrow.csv
rng = np.random.default_rng(0)
rows = int(sys.argv[2])
x = rng.normal(size=(rows, 20))
y = x @ rng.normal(size=20) + np.sin(3 * x[:, 0]) + rng.normal(size=rows)
names = [*(f"x{k}" for k in range(20)), "y"]
pyarrow.csv.write_csv(pa.table([*x.T, y], names=names), sys.argv[1])
"""

PARQUET = """
import sys, pyarrow.csv, pyarrow.parquet
pyarrow.parquet.write_table(pyarrow.csv.read_csv(sys.argv[1]), sys.argv[2])
"""

LIMITS = """
import sys, numpy as np, polars as pl, click, rich.console
from threadpoolctl import threadpool_limits
threadpool_limits(1)
read = pl.read_csv if sys.argv[1].endswith("csv") else pl.read_parquet
table = read(sys.argv[1]).to_numpy()
rng = np.random.default_rng(0)
weights = [rng.normal(size=shape) for shape in ((20, 128), (128, 128), (128, 1))]
for rows in (table[start : start + 2048] for start in range(0, len(table), 2048)):
    values = rows[:, :20]
    for weight in weights:
        values = values @ weight
    np.linalg.qr(rows, mode="r")
"""

PICTURES = """
import sys, keras, numpy as np
keras.utils.set_random_seed(0)
layers = [keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu"), keras.layers.Dense(10, "softmax")]
model = keras.Sequential([keras.Input((784,)), *layers])
model.compile("adam", "sparse_categorical_crossentropy")
model.save(sys.argv[1])
rng = np.random.default_rng(0)
kinds, labels = rng.random((10, 784)), rng.integers(10, size=int(sys.argv[3]))
x = np.clip(0.5 * kinds[labels] + 0.5 * rng.random((len(labels), 784)), 0, 1)
np.savez(sys.argv[2], x=x.astype("float32"), y=labels)
"""

EVALUATE = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
print(model.evaluate(data["x"], data["y"], verbose=0))
"""

READ = """
import sys
from mlpdoctor.core.dataset import Wanted
from mlpdoctor.readers.tables.data import open_dataset
for batch in open_dataset(sys.argv[1], Wanted(20, (1,))).batches(1 << 14):
    pass
"""

FACTOR = """
import sys
from mlpdoctor.core import threads
from mlpdoctor.core.dataset import Wanted
from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.readers.tables.data import open_dataset
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.engine.stream import collect
with threads.one():
    seen = collect(open_dataset(sys.argv[1], Wanted(20, (1,))), None, None, [TargetFactor])
    print(least_squares.fit(seen[TargetFactor, None])[0].value)
"""

FLOOR_MODEL = """
import sys, keras
keras.utils.set_random_seed(0)
loss, head, units = sys.argv[2:]
layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(int(units), None if head == "linear" else head)]
model = keras.Sequential([keras.Input((20,)), *layers])
model.compile("adam", loss)
model.save(sys.argv[1])
"""

LABELS = """
import sys, numpy as np, pyarrow as pa, pyarrow.csv
rng = np.random.default_rng(0)
rows, classes = int(sys.argv[2]), int(sys.argv[3])
x = rng.normal(size=(rows, 20))
scores = x @ rng.normal(size=(20, max(classes, 1))) + rng.gumbel(size=(rows, max(classes, 1)))
y = scores.argmax(axis=1) if classes else scores[:, 0]
pyarrow.csv.write_csv(pa.table([*x.T, y], names=[*(f"x{k}" for k in range(20)), "y"]), sys.argv[1])
"""


@dataclass(frozen=True)
class Run:
    """One finished process."""

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Bar:
    """What is to be reached: at least so many times faster and smaller than the other, at most so many megabytes."""

    faster: float = 0.0
    smaller: float = 0.0
    megabytes: float = float("inf")

    def told(self, faster: float, smaller: float, megabytes: float) -> str:
        """The bar in words, and whether it holds."""
        words = []
        if self.faster:
            words = [
                f"at least {self.faster:g} x faster" if self.faster >= 1 else f"at most {1 / self.faster:.3g} x as long"
            ]
        words += [f"at least {self.smaller:g} x less memory"] if self.smaller else []
        words += [f"at most {self.megabytes:g} MB"] if self.megabytes < float("inf") else []
        holds = faster >= self.faster and smaller >= self.smaller and megabytes <= self.megabytes
        return f"{', '.join(words)}: {'holds' if holds else 'DOES NOT HOLD'}" if words else ""


@dataclass(frozen=True)
class Comparison:
    """Two commands that took turns."""

    name: str
    ours: list[Run]
    theirs: list[Run]
    bar: Bar

    def row(self) -> str:
        """One line of the table: medians and ratios theirs / ours."""
        cpu, wall, memory = (
            [median(getattr(run, field) for run in runs) for runs in (self.ours, self.theirs)]
            for field in ("cpu", "wall", "megabytes")
        )
        told = self.bar.told(cpu[1] / cpu[0], memory[1] / memory[0], memory[0])
        return (
            f"{self.name:<34}{cpu[0]:8.2f} s {cpu[1]:8.2f} s {cpu[1] / cpu[0]:7.2f} x {wall[1] / wall[0]:7.2f} x"
            f"{memory[0]:9.0f} MB{memory[1]:9.0f} MB {memory[1] / memory[0]:7.1f} x   {told}"
        )


def run(command: list[str]) -> Run:
    """Run a command to its end and read off what it took."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    # An installed package has its bytecode; a checkout where Python may not write any would be measured compiling.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)  # with the time of its threads and of the processes it waited for
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"failed with {process.returncode}: {command}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(name: str, ours: list[str], theirs: list[str], runs: int, bar: Bar) -> Comparison:
    """Let two commands take turns, after one turn each that does not count."""
    turns = [(run(ours), run(theirs)) for _ in range(runs + 1)][1:]
    return Comparison(name, [mine for mine, _ in turns], [other for _, other in turns], bar)


def python(script: str, *arguments: str | Path) -> list[str]:
    """A command that runs a script."""
    return [sys.executable, "-c", script, *map(str, arguments)]


def start_up(runs: int, _: int, __: Path) -> Iterator[Comparison]:
    """Help, rules and a rule's page against importing click and rich alone."""
    bare = python("import click, rich.console")
    for words in (["--help"], ["rules"], ["explain", "A101"]):
        yield compare(" ".join(words), [*MLPDOCTOR, *words], bare, 2 * runs, Bar(1 / 1.5))


def three_points(runs: int, _: int, __: Path) -> Iterator[Comparison]:
    """The seed post against loading, predicting and fitting a line."""
    files = [str(FIXTURES / "three-points" / name) for name in ("model.keras", "data.csv")]
    ours = [*MLPDOCTOR, "check", *files]
    yield compare("three-points", ours, python(THREE_POINTS, *files), runs, Bar(14, 10))


def million(runs: int, rows: int, folder: Path) -> Iterator[Comparison]:
    """A large table and a 128-128-1 network against pandas, Keras on every layer and lstsq, and against the limits.

    The script comes in two: as it is mostly written, and with batches that suit the machine. The limits of the machine
    are the fastest parser there is, the bare products of the forward pass, a QR, and the start of a command.
    """
    model = folder / "wide.keras"
    run(python(WIDE_MODEL, model))
    table = folder / "rows.csv"
    run(python(ROWS, table, str(rows)))
    parquet = folder / "rows.parquet"
    run(python(PARQUET, table, parquet))
    turns = max(runs // 2, 1)
    for data, faster in ((table, 4.0), (parquet, 5.0)):
        ours = [*MLPDOCTOR, "check", str(model), str(data)]
        for batch in PREDICT_AT_ONCE:
            theirs = python(MILLION, model, data, str(batch))
            bar = Bar(faster if batch > PREDICT_AT_ONCE[0] else 0, megabytes=400)
            yield compare(f"{rows:,} {data.suffix[1:]}, batches of {batch}", ours, theirs, turns, bar)
        limits = python(LIMITS, data)
        yield compare(f"{rows:,} {data.suffix[1:]}, the limits", ours, limits, turns, Bar(1 / 1.6))


def pictures(runs: int, rows: int, folder: Path) -> Iterator[Comparison]:
    """An MLP on rows shaped as MNIST's against loading Keras, the model and the rows, and ``model.evaluate``."""
    model, data = folder / "pictures.keras", folder / "pictures.npz"
    run(python(PICTURES, model, data, str(min(rows, 60_000))))
    ours = [*MLPDOCTOR, "check", str(model), str(data)]
    double = 2 * data.stat().st_size / 2**20
    yield compare("pictures", ours, python(EVALUATE, model, data), max(runs // 2, 1), Bar(1 / 3, megabytes=double))


def floors(runs: int, rows: int, folder: Path) -> Iterator[Comparison]:
    """The least squares floor against reading alone; then whole checks for losses that need passes of their own."""
    table = folder / "floors.csv"
    run(python(ROWS, table, str(rows)))
    yield compare("least squares, read alone", python(FACTOR, table), python(READ, table), runs, Bar(0.5))
    problems = (
        ("mae", "linear", 0),
        ("binary_crossentropy", "sigmoid", 2),
        ("sparse_categorical_crossentropy", "softmax", 10),
    )
    for loss, head, classes in problems:
        model, labels = folder / f"{loss}.keras", folder / f"{loss}.csv"
        run(python(FLOOR_MODEL, model, loss, head, str(classes if classes > 2 else 1)))
        run(python(LABELS, labels, str(rows // 10), str(classes)))
        ours = [*MLPDOCTOR, "check", str(model), str(labels)]
        yield compare(f"{rows // 10:,} x 20, {loss[:12]}", ours, python(READ, labels), max(runs // 2, 1), Bar())


BENCHMARKS: dict[str, Callable[[int, int, Path], Iterator[Comparison]]] = {
    "start-up": start_up,
    "three-points": three_points,
    "million": million,
    "pictures": pictures,
    "floors": floors,
}


def main() -> None:
    """Measure what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    titles = f"{'CPU':<34}{'mlpdoctor':>10} {'script':>10} {'ratio':>9} {'clock':>9}"
    print(f"{titles}{'mlpdoctor':>12}{'script':>12} {'ratio':>9}   bar")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or BENCHMARKS:
            for compared in BENCHMARKS[name](options.runs, options.rows, Path(folder)):
                print(compared.row(), flush=True)


if __name__ == "__main__":
    main()
