"""Python files of the user's own, run because they were named: the one way in which mlpdoctor runs code."""

import importlib.util
import inspect
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.engine.keras_start import start, stdout_apart

PREPROCESS_MODULE = "_mlpdoctor_preprocess"


def run_file(file: Path, name: str, option: str) -> ModuleType:
    """Import a file under a name of its own; what it prints goes to standard error.

    Args:
        file: with Python code.
        name: of the module that it becomes.
        option: what named it, to begin the message with.

    Raises:
        UsageError: it cannot be imported.
    """
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{option} {file}: this is no Python file")
    module = importlib.util.module_from_spec(spec)
    beside = str(file.resolve().parent)
    sys.modules[name] = module
    sys.path.insert(0, beside)  # as a script finds the modules beside it
    try:
        with stdout_apart():
            spec.loader.exec_module(module)
    except Exception as fault:
        reason = " ".join(str(fault).split())[:200]
        raise UsageError(f"{option} {file}: cannot be imported: {type(fault).__name__}: {reason}") from fault
    finally:
        sys.path.remove(beside)
    return module


@cache
def object_in(text: str, option: str) -> object:
    """What a Python file defines under a name; the file is run.

    Args:
        text: ``FILE:NAME``.
        option: what it was given to, to begin the message with.

    Raises:
        UsageError: there is no such file or name, or the file cannot be run.
    """
    path, colon, name = text.rpartition(":")
    if not (path and colon and name.isidentifier()):
        raise UsageError(f"{option} {text}: expected FILE:NAME, such as prepare.py:scaler")
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{option} {text}: no such file: {path}")
    module = run_file(file, PREPROCESS_MODULE, option)
    if not hasattr(module, name):
        known = [one for one in vars(module) if not one.startswith("_")]
        raise UsageError(f"{option} {text}: {path} defines no {name}{closest(name, known)}")
    found: object = getattr(module, name)
    return found


OPTION = "--custom-objects"
OBJECTS_MODULE = "_mlpdoctor_custom_objects"
LIBRARIES = ("keras", "tensorflow", "numpy", "builtins")


@cache
def custom_objects(path: str | None) -> dict[str, Any]:
    """Everything in a Python file that a saved model may be made of, by name and by registered name.

    Args:
        path: a Python file, which is run; None for nothing.

    Raises:
        UsageError: there is no such file, or it cannot be run.
    """
    if path is None:
        return {}
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{OPTION} {path}: no such file; give the Python file that defines the model's own layers")
    keras = start(f"{OPTION} {path}")
    module = run_file(file, OBJECTS_MODULE, OPTION)
    found: dict[str, Any] = {}
    for name, member in vars(module).items():
        if name.startswith("_") or isinstance(member, ModuleType) or not callable(member):
            continue
        if str(getattr(member, "__module__", OBJECTS_MODULE)).partition(".")[0] in (
            "keras",
            "tensorflow",
            "numpy",
            "builtins",
        ):
            continue
        found[name] = member
        if inspect.isclass(member) or inspect.isfunction(member):
            found[str(keras.saving.get_registered_name(member))] = member
    return found
