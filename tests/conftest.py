"""What all tests share: which of them need Keras, and chance that falls the same way in every run.

``pytest -m "not keras and not slow"`` runs the quick tests. Files that import Keras (see ``needs_keras``) are not even
collected where ``not keras`` is asked for, and TensorFlow is never loaded. An ordinary run, without ``-m``, runs all
tests, but of long series every third case and of properties a quarter of the examples (see ``effort``): ``--every``
runs them whole.

A gate must not open by luck. Hypothesis looks for new counterexamples with ``--hypothesis-profile=explore``.
"""

import gc
import importlib
import os
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import threadpoolctl  # type: ignore[import-untyped]
from effort import EFFORT, examples
from hypothesis import HealthCheck, settings
from needs_keras import FRAMEWORKS, leaves_keras_out, needs_keras

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

EVERY_THIRD = 3
LOADED = pytest.StashKey[bool]()
"""Whether a run without Keras has already said which test loaded it."""


@cache
def start_keras() -> None:
    """Loads Keras before the first file that needs it, quietly, with a seed for models made during collection."""
    with warnings.catch_warnings():  # importing TensorFlow deprecates half of Python
        warnings.simplefilter("ignore")
        keras = importlib.import_module("keras")
        importlib.import_module("tensorflow")
    keras.utils.set_random_seed(0)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden outputs are rewritten on purpose only, and long series run whole only when asked to."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden outputs; read the difference")
    parser.addoption("--every", action="store_true", help="run every case and every example")


def pytest_configure(config: pytest.Config) -> None:
    """Says how much is to be done; lets Keras's own use of NumPy pass, every other warning is an error.

    Workers share the processors, so products of matrices take one thread in each: threads of two workers that wait
    for each other cost a third more.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        threadpoolctl.threadpool_limits(1)
    EFFORT.every = config.getoption("--every")
    settings.register_profile("explore", settings.get_profile("default"))
    settings.register_profile(
        "steady",
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=examples(),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(config.getoption("--hypothesis-profile", None) or "steady")
    config.addinivalue_line("markers", "slow: starts processes or repeats a lot; not among the quick tests")
    config.addinivalue_line(
        "markers", "series: many cases of real training, of which an ordinary run takes every third"
    )
    config.addinivalue_line("markers", "keras: needs Keras; set by itself where a file imports it, else by hand")
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Passes over the files that need Keras where the tests without it are asked for."""
    if collection_path.suffix != ".py" or not leaves_keras_out(config.option.markexpr):
        return None
    return True if needs_keras(collection_path) else None


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Starts Keras before the first file that needs it is imported."""
    if needs_keras(module_path):
        start_keras()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks the tests that need Keras."""
    if needs_keras(item.path):
        item.add_marker("keras")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Holds a run without Keras to it: the first test that loads it is the one that fails."""
    yield
    told = item.config.stash.get(LOADED, False)
    if not told and leaves_keras_out(item.config.option.markexpr) and (loaded := FRAMEWORKS & sys.modules.keys()):
        item.config.stash[LOADED] = True
        pytest.fail(f"{item.nodeid} loaded {', '.join(sorted(loaded))}; mark its file: pytestmark = pytest.mark.keras")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes every third case of a long series, so that an ordinary run ends in minutes."""
    if config.getoption("--every"):
        return
    met: Counter[str] = Counter()
    left_out = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        turn = met[test] + met[test] // EVERY_THIRD  # of three times three cases, one in each row and each column
        if item.get_closest_marker("series") and turn % EVERY_THIRD:
            left_out.append(item)
        met[test] += 1
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_collection_finish() -> None:
    """Keeps ten thousand collected tests out of what the garbage collector goes through again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # noqa: ANN401  as xdist has it
    """Leaves a file to one worker: what its tests share is made once. ``--dist`` says otherwise.

    Those of reports share the reports on all fixtures, so they stay together.
    """
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):  # type: ignore[misc]  # it comes without types
        def _split_scope(self, nodeid: str) -> str:
            return "tests/report" if nodeid.startswith("tests/report/") else super()._split_scope(nodeid)

    return Together(config, log) if config.getoption("dist") == "load" else None


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a test after the length of its bytes: what gzip packs holds the time of day, and workers must agree."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_runtest_setup() -> None:
    """Starts chance again: what a test or the fixtures it is the first to use draw does not depend on those before it.

    Keras draws its seeds from Python. TensorFlow's own seed is left alone: setting it makes every model twice as slow.
    """
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  Keras and scikit-learn use it where they are given no seed
