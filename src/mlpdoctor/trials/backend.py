"""Keras for trials: started late by the one place that does, with what trials need to come out the same each time."""

import importlib
import os
from typing import Any

from mlpdoctor.engines.keras_start import start

REPEATABLE = {"TF_ENABLE_ONEDNN_OPTS": "0"}
"""Set before TensorFlow is loaded, unless the user has set it: other orders of summation give other digits."""


def keras() -> Any:  # noqa: ANN401  Keras ships no types
    """The module ``keras`` on the backend of ``KERAS_BACKEND``, TensorFlow where that is not set.

    Raises:
        NoKeras: it is not installed or does not start; the message says what to install.
    """
    for name, value in REPEATABLE.items():
        os.environ.setdefault(name, value)
    return start("a training trial")


def on_tensorflow() -> bool:
    """Whether the backend in use is TensorFlow."""
    return str(keras().backend.backend()) == "tensorflow"


def tensorflow() -> Any:  # noqa: ANN401  no types
    """The module ``tensorflow``, where it is the backend."""
    keras()
    return importlib.import_module("tensorflow")
