"""What all tests share: a quiet TensorFlow, and chance that falls the same way in every run.

A gate must not open by luck. Hypothesis looks for new counterexamples with ``--hypothesis-profile=explore``.
"""

import os
import random
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

with warnings.catch_warnings():  # importing TensorFlow deprecates half of Python
    warnings.simplefilter("ignore")
    import keras
    import tensorflow as tf  # noqa: F401

EVERY_THIRD = 3
settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("default"))
settings.load_profile("steady")
keras.utils.set_random_seed(0)  # for models that are made while tests are collected


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden outputs are rewritten on purpose only, and long series run whole only when asked to."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden outputs; read the difference")
    parser.addoption("--every", action="store_true", help="run every case of the long series, not every third")


def pytest_configure(config: pytest.Config) -> None:
    """Lets Keras's own use of NumPy pass; every other warning is an error."""
    config.addinivalue_line(
        "markers", "series: many cases of real training, of which an ordinary run takes every third"
    )
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes every third case of a long series, so that an ordinary run ends in minutes."""
    if config.getoption("--every"):
        return
    met: Counter[str] = Counter()
    left_out = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        if item.get_closest_marker("series") and met[test] % EVERY_THIRD:
            left_out.append(item)
        met[test] += 1
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a test after the length of its bytes: what gzip packs holds the time of day, and workers must agree."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_runtest_setup() -> None:
    """Starts chance anew: what a test or the fixtures it is the first to use draw does not hang on those before it.

    Keras draws its seeds from Python. TensorFlow's own seed is left alone: setting it makes every model twice as slow.
    """
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  Keras and scikit-learn use it where they are given no seed
