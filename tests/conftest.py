"""What all tests share: a quiet TensorFlow."""

import os
import warnings

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

with warnings.catch_warnings():  # importing TensorFlow deprecates half of Python
    warnings.simplefilter("ignore")
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden outputs are rewritten on purpose only."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden outputs; read the difference")


def pytest_configure(config: pytest.Config) -> None:
    """Lets Keras's own use of NumPy pass; every other warning is an error."""
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")
