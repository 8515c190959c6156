"""Python files of the user's own, which are run because they were named: the one way in which mlpdoctor runs code."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.suggest import closest
from mlpdoctor.engine.keras_start import stdout_apart

NAME = "_mlpdoctor_preprocess"


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
    module = run_file(file, NAME, option)
    if not hasattr(module, name):
        known = [one for one in vars(module) if not one.startswith("_")]
        raise UsageError(f"{option} {text}: {path} defines no {name}{closest(name, known)}")
    found: object = getattr(module, name)
    return found
