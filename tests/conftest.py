"""What all tests share: a quiet TensorFlow, and chance that falls the same way in every run.

A gate must not open by luck. Hypothesis looks for new counterexamples with ``--hypothesis-profile=explore``.
"""

import os
import warnings

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

with warnings.catch_warnings():  # importing TensorFlow deprecates half of Python
    warnings.simplefilter("ignore")
    import keras
    import tensorflow as tf  # noqa: F401

settings.register_profile("steady", derandomize=True, database=None)
settings.register_profile("explore", settings.get_profile("default"))
settings.load_profile("steady")
keras.utils.set_random_seed(0)  # for models that are made while tests are collected


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden outputs are rewritten on purpose only."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden outputs; read the difference")


def pytest_configure(config: pytest.Config) -> None:
    """Lets Keras's own use of NumPy pass; every other warning is an error."""
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a test after the length of its bytes: what gzip packs holds the time of day, and workers must agree."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def pytest_runtest_setup() -> None:
    """Starts chance anew: what a test or the fixtures it is the first to use draw does not hang on those before it."""
    keras.utils.set_random_seed(0)
