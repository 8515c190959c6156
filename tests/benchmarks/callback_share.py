"""What ``mlpdoctor.Callback`` adds to ``fit``: the share of the training time spent in its hooks.

``python tests/benchmarks/callback_share.py [EPOCHS]`` trains the networks of two fixtures on their rows. Hooks are
timed in the run itself, so that a busy machine slows both sides alike. The bar is 5 %.
"""

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import mlpdoctor

FIXTURES = Path(__file__).parents[2] / "fixtures"
HOOKS = ("on_train_begin", "on_epoch_end", "on_train_end")
EPOCHS = 1000
CASES = {"three-points-sigmoid": "three-points-sigmoid/data.csv", "four-relu-sine": "four-relu-sine/data.csv.gz"}


def rows(file: Path) -> Any:  # noqa: ANN401
    """The numbers of a CSV file, packed or not."""
    return np.loadtxt(file, delimiter=",", skiprows=1)


def timed(callback: Any, spent: dict[str, float]) -> None:  # noqa: ANN401
    """Have a callback note the time that its hooks take."""

    def noting(name: str, hook: Callable[..., None]) -> Callable[..., None]:
        def call(*args: Any, **given: Any) -> None:  # noqa: ANN401
            began = time.perf_counter()
            hook(*args, **given)
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - began

        return call

    for name in HOOKS:
        setattr(callback, name, noting(name, getattr(callback, name)))


def main() -> None:
    """Print the shares."""
    keras = importlib.import_module("keras")
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else EPOCHS
    for name, data in CASES.items():
        model = keras.models.load_model(FIXTURES / name / "model.keras")
        table = rows(FIXTURES / data)
        x, y = table[:, :1], table[:, 1:]
        callback, spent = mlpdoctor.Callback(x, y, on_stuck="ignore"), dict[str, float]()
        timed(callback, spent)
        began = time.perf_counter()
        model.fit(x, y, epochs=epochs, batch_size=32, verbose=0, callbacks=[callback])
        whole = time.perf_counter() - began
        parts = ", ".join(f"{hook} {seconds:.2f} s" for hook, seconds in spent.items())
        share = sum(spent.values()) / (whole - sum(spent.values()))
        print(f"{name:22} {epochs} epochs {whole:6.1f} s   callback {share:6.1%}   ({parts})")


if __name__ == "__main__":
    main()
