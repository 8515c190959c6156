"""Starts Keras, late, quietly and reproducibly: the one place of mlpdoctor that imports a framework."""

import contextlib
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from mlpdoctor.core.errors import InputError

BACKEND = "KERAS_BACKEND"
DEFAULT = "tensorflow"
INSTALL = 'pip install "mlpdoctor[tensorflow]"'
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "ABSL_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": "0"}
"""What keeps TensorFlow from talking on its way up, unless the user has set it otherwise."""


class NoKeras(InputError):  # noqa: N818 - it says what is there, or rather is not
    """Keras or its backend is not installed; the message says what to install."""


def backend_asked() -> str:
    """The backend that Keras would run on: what KERAS_BACKEND says, else TensorFlow."""
    return os.environ.get(BACKEND) or DEFAULT


def missing() -> str | None:
    """What would have to be installed before Keras can start; None when all is there. Imports nothing."""
    if "keras" in sys.modules:
        return None
    backend = backend_asked()
    for name in ("keras", "jax" if backend == "numpy" else backend):  # Keras's NumPy backend is made of jax's
        if importlib.util.find_spec(name) is None:
            asked = f", which {BACKEND} asks for," if name not in ("keras", DEFAULT) else ""
            return f"{name}{asked} is not installed; {INSTALL if name in ('keras', DEFAULT) else f'pip install {name}'}"
    return None


@cache
def start(purpose: str = "this") -> Any:  # noqa: ANN401  a module without types
    """Import Keras and return the module; the second time it costs nothing.

    Nothing of it reaches standard output, and what the frameworks say on their way up is left out.

    Args:
        purpose: what it is needed for, to begin the error message: ``"mlpdoctor treat"``.

    Raises:
        NoKeras: Keras, or the backend that KERAS_BACKEND names, is not installed or cannot be imported.
    """
    obstacle = missing()
    if obstacle is not None:
        raise NoKeras(f"{purpose} needs Keras: {obstacle}")
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault(BACKEND, DEFAULT)
    try:
        with _silence(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            keras = importlib.import_module("keras")
            if keras.backend.backend() == "tensorflow":
                importlib.import_module("tensorflow").get_logger().setLevel("ERROR")
            keras.ops.zeros(1)  # the first operation looks for a GPU, and says so
    except Exception as fault:
        reason = " ".join(str(fault).split())[:200] or type(fault).__name__
        raise NoKeras(f"{purpose} needs Keras, which cannot be imported here: {reason}; {INSTALL}") from fault
    if not hasattr(keras, "StatelessScope"):
        raise NoKeras(f"{purpose} needs Keras 3, and here is Keras {keras.__version__}; {INSTALL}")
    return keras


@contextlib.contextmanager
def stdout_apart() -> Iterator[None]:
    """Whatever is printed meanwhile, by Python or by C++, goes to standard error: standard output is for the report."""
    with _redirected(1, 2), contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Nothing that is printed meanwhile, by Python or by C++, reaches anybody."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        _redirected(1, nowhere.fileno()),
        _redirected(2, nowhere.fileno()),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


@contextlib.contextmanager
def _redirected(stream: int, to: int) -> Iterator[None]:
    """One of the process's own streams leads somewhere else meanwhile; as it is where it has been closed."""
    for own in (sys.stdout, sys.stderr):
        own.flush()
    try:
        kept = os.dup(stream)
        os.dup2(to, stream)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.dup2(kept, stream)
        os.close(kept)


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


def safe_mode() -> contextlib.AbstractContextManager[None]:
    """Keras's safe mode, in which making a layer from its configuration runs no code that the configuration holds."""
    scope = importlib.import_module("keras.src.saving.serialization_lib").SafeModeScope
    return cast(contextlib.AbstractContextManager[None], scope(safe_mode=True))


def on_tensorflow() -> bool:
    """Whether the backend in use is TensorFlow."""
    return str(keras().backend.backend()) == "tensorflow"


def tensorflow() -> Any:  # noqa: ANN401  no types
    """The module ``tensorflow``, where it is the backend."""
    keras()
    return importlib.import_module("tensorflow")


@contextlib.contextmanager
def scopes_closed() -> Iterator[None]:
    """What is built in Keras afterwards bears its own name.

    Keras opens a scope of names before TensorFlow looks at the name; where TensorFlow refuses it, as one with control
    characters, the scope stays open, and all that the process builds later fails with it.
    """
    before = len(_open_scopes())
    try:
        yield
    finally:
        del _open_scopes()[before:]


def _open_scopes() -> list[Any]:
    """Keras's stack of open scopes; an empty list where Keras is not there, or keeps none."""
    state = sys.modules.get("keras.src.backend.common.global_state")
    found = None if state is None else state.get_global_attribute("name_scope_stack")
    return [] if found is None else cast("list[Any]", found)
