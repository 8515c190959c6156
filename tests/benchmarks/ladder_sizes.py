"""Prints how closely the affine rung is bracketed at the sizes people have, and what that costs.

    python tests/benchmarks/ladder_sizes.py [--only TEXT] [--alone] [--rows FILE.npz]

Each size is a process of its own; beside it stands what scikit-learn's L-BFGS finds in 200 iterations on the same rows,
but for ``--alone``. Seconds are those of the processor, in one thread; the peak has the rows in it. With ``--rows`` a
line of the arrays x and y of a file, y the numbers of classes, as of Fashion-MNIST in [0, 1].
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

Rows = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


PART = 2000
"""Pictures that are made at a time."""


def pictures(rows: int, noise: float) -> Rows:
    """Pictures of 28 x 28 in ten classes, bent and blurred; with little noise a plane tells them apart."""
    rng = np.random.default_rng(0)
    blur = np.exp(-0.5 * ((np.arange(28)[:, None] - np.arange(28)) / 2.0) ** 2)
    kinds = np.stack([blur @ (rng.random((28, 28)) < 0.05) @ blur for _ in range(10)])
    kinds /= kinds.max(axis=(1, 2), keepdims=True)
    bends = np.stack([blur @ rng.normal(size=(28, 28)) @ blur for _ in range(30)])
    bends /= np.abs(bends).max(axis=(1, 2), keepdims=True)
    labels = rng.integers(10, size=rows)
    parts = [
        kinds[some]
        + np.tensordot(noise * rng.normal(size=(len(some), 30)), bends, 1)
        + 0.1 * rng.normal(size=(len(some), 28, 28))
        for some in np.array_split(labels, -(-rows // PART))
    ]
    x = np.clip(np.concatenate(parts), 0, 1).reshape(len(labels), -1).astype(np.float32)
    return x.astype(np.float64), labels[:, None].astype(np.float64)


def classes(rows: int, features: int, number: int) -> Rows:
    """Normal features, and classes drawn from a softmax of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, features)).astype(np.float32).astype(np.float64)
    z = x @ rng.normal(size=(features, number)) * 2 / np.sqrt(features) + rng.gumbel(size=(rows, number))
    return x, z.argmax(axis=1)[:, None].astype(np.float64)


SIZES: dict[str, Callable[[], Rows]] = {
    "60,000 x 784, 10 classes that overlap": lambda: pictures(60_000, 0.7),
    "60,000 x 784, 10 classes that a plane tells apart": lambda: pictures(60_000, 0.35),
    "20,000 x 784, 10 classes that overlap": lambda: pictures(20_000, 0.7),
    "20,000 x 784, 10 classes that a plane tells apart": lambda: pictures(20_000, 0.35),
    "100,000 x 20, 10 classes": lambda: classes(100_000, 20, 10),
    "20,000 x 20, 100 classes": lambda: classes(20_000, 20, 100),
    "100,000 x 20, 100 classes": lambda: classes(100_000, 20, 100),
    "10,000 x 500, 3 classes": lambda: classes(10_000, 500, 3),
    "10,000 x 2,000, 3 classes": lambda: classes(10_000, 2000, 3),
}


def stored(path: str) -> Rows:
    """Those of a file."""
    with np.load(path) as arrays:
        x, y = arrays["x"], arrays["y"]
    return x.reshape(len(x), -1).astype(np.float64), y.reshape(len(y), 1).astype(np.float64)


def row(name: str, *, alone: bool) -> str:
    """One line of the table, measured in this process."""
    from hand_built import examined, sequential

    from mlpdoctor.core import threads
    from mlpdoctor.core.check import Absent
    from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor

    x, y = SIZES[name]() if name in SIZES else stored(name)
    network = sequential(x.shape[1], (int(y.max()) + 1, "softmax"), loss="sparse_categorical_crossentropy")
    with threads.one():
        answers = examined(network, x, y)
        constant: ConstantFloor | Absent = answers.get(ConstantFloor)
        start = time.process_time()
        found: LinearFloor | Absent = answers.get(LinearFloor)
        spent = time.process_time() - start
    assert isinstance(found, LinearFloor)
    assert isinstance(constant, ConstantFloor)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    fit, flat = found.fits[0], constant.fits[0].value
    bracket = f"{fit.lower:.6f} to {fit.value:.6f}" if fit.attained else "0, not attained"
    share = (fit.value - fit.lower) / flat
    theirs = "" if alone else beside(x, y)
    return f"| {Path(name).stem} | {flat:.4f} | {bracket} | {share:.0e} | {spent:.1f} s | {peak} MB | {theirs} |"


def beside(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> str:
    """What scikit-learn finds."""
    from sklearn.linear_model import LogisticRegression

    start = time.process_time()
    other = LogisticRegression(C=np.inf, max_iter=200).fit(x, y[:, 0])
    loss = -other.predict_log_proba(x)[np.arange(len(x)), y[:, 0].astype(int)].mean()
    return f"{loss:.6f} in {time.process_time() - start:.1f} s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="sizes whose names hold this")
    parser.add_argument("--alone", action="store_true", help="without scikit-learn's answer")
    parser.add_argument("--rows", metavar="FILE.npz", help="rows of your own in place of these")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        sys.stdout.write(row(options.here, alone=options.alone) + "\n")
        return
    titles = ("rows x features", "constant", "bracket", "of the constant", "time", "peak", "L-BFGS")
    sys.stdout.write(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|\n")
    sys.stdout.flush()
    for name in [options.rows] if options.rows else [name for name in SIZES if options.only in name]:
        further = ["--alone"] if options.alone else []
        subprocess.run([sys.executable, __file__, "--here", name, *further], check=True)


if __name__ == "__main__":
    main()
