"""How CPU time and memory of a whole ``mlpdoctor check`` grow: with rows, features, units, classes, layers and models.

    python tests/benchmarks/growth.py [AXIS ...]

One size is changed at a time; the others stay at 10,000 rows, 20 features, two hidden layers of 64 units, one output.
Each check is a process of its own. CPU time is that of the process and its threads, which a busy machine changes far
less than the time on the clock; memory is the peak resident set. The exponent is the slope of the line through the
points on logarithmic scales, start-up (a check of three points) taken off.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from ratios import WIDE_MODEL, python, run

CHECK = [sys.executable, "-m", "mlpdoctor", "check"]
ROWS, FEATURES, UNITS, LAYERS = 10_000, 20, 64, 2
BAR = 60.0
"""CPU seconds that a check at 10,000 rows may take."""


def words(
    folder: Path, rows: int = ROWS, features: int = FEATURES, units: int = UNITS, layers: int = LAYERS, classes: int = 1
) -> list[str]:
    """Write weights and data of some size; the command that checks them. One class is a regression."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    scores = x @ rng.normal(size=(features, classes)) / np.sqrt(features)
    y = (scores[:, 0] + np.sin(3 * x[:, 0]) + 0.3 * rng.normal(size=rows)) if classes == 1 else scores.argmax(axis=1)
    if classes == 2:
        y = (scores[:, 0] + 0.5 * rng.normal(size=rows) > 0).astype(np.float64)
    np.savez(folder / "data.npz", x=x, y=y)
    outputs = classes if classes > 2 else 1
    widths = [features, *[units] * layers, outputs]
    arrays = {}
    for k, (fed, made) in enumerate(pairwise(widths), start=1):
        arrays[f"W{k}"] = (rng.normal(size=(fed, made)) * np.sqrt(2 / fed)).astype(np.float32)
        arrays[f"b{k}"] = np.zeros(made, np.float32)
    np.savez(folder / "weights.npz", **arrays)
    head, loss = {1: ("linear", "mse"), 2: ("sigmoid", "binary_crossentropy")}.get(
        classes, ("softmax", "sparse_categorical_crossentropy")
    )
    names = ",".join([*["relu"] * layers, head])
    files = [str(folder / "weights.npz"), str(folder / "data.npz")]
    return [*CHECK, *files, "--layers", names, "--loss", loss, "--optimizer", "adam", "--learning-rate", "0.001"]


def several(folder: Path, models: int) -> list[str]:
    """Copies of one model under other names, and the data for all of them."""
    saved = folder / "model.keras"
    if not saved.exists():
        run(python(WIDE_MODEL, saved))
    words(folder)
    copies = [folder / f"m{k:03}.keras" for k in range(models)]
    for copy in copies:
        shutil.copy(saved, copy)
    return [*CHECK, *map(str, copies), "--data", str(folder / "data.npz")]


def sized(axis: str, folder: Path, size: int) -> list[str]:
    """The same for one size changed."""
    return words(folder, **{axis: size})


AXES: dict[str, tuple[tuple[int, ...], Callable[[Path, int], list[str]]]] = {
    "rows": ((1_000, 10_000, 100_000, 1_000_000), partial(sized, "rows")),
    "features": ((10, 100, 500, 2_000), partial(sized, "features")),
    "units": ((16, 64, 256, 1_024, 4_096), partial(sized, "units")),
    "layers": ((2, 8, 32, 64), partial(sized, "layers")),
    "classes": ((2, 10, 100), partial(sized, "classes")),
    "models": ((1, 10, 100), several),
}


def apart(made: Callable[[Path, int], list[str]], folder: Path, size: int) -> list[str]:
    """The command, its files written by another process: a peak counts from the size of the process that starts it."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(made, folder, size).result()


def lines(axis: str, folder: Path, start: float) -> Iterator[str]:
    """The rows of the table for one axis, and its exponent."""
    sizes, made = AXES[axis]
    seconds = []
    for size in sizes:
        spent = run(apart(made, folder, size))
        seconds.append(spent.cpu)
        over = "" if spent.cpu <= BAR or axis in {"rows", "models"} else f" (over {BAR:.0f})"
        yield f"| {axis} | {size:,} | {spent.cpu:.1f}{over} | {spent.megabytes:,.0f} |"
    grown = np.maximum(np.array(seconds) - start, 0.05)
    slope = np.polyfit(np.log(sizes), np.log(grown), 1)[0]
    last = np.log(grown[-1] / grown[-2]) / np.log(sizes[-1] / sizes[-2])
    yield f"| {axis} | exponent | {slope:.2f}; between the last two {last:.2f} | |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("axes", nargs="*", metavar="AXIS", help=f"of {', '.join(AXES)}; all by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        three = words(folder, rows=3, features=1, units=1)
        run(three)
        start = run(three).cpu
        print(f"| axis | size | CPU s (start-up {start:.1f}) | peak MB |\n|---|---|---|---|", flush=True)
        for axis in options.axes or AXES:
            for line in lines(axis, folder, start):
                print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as fault:
        sys.exit(str(fault))
