"""The user's own layers and functions, from a Python file of theirs: the one way in which mlpdoctor runs code."""

import importlib.util
import inspect
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from mlpdoctor.core.errors import UsageError
from mlpdoctor.engine.keras_start import start, stdout_apart

OPTION = "--custom-objects"
NAME = "_mlpdoctor_custom_objects"


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
    module = _run(file)
    found: dict[str, Any] = {}
    for name, member in vars(module).items():
        if name.startswith("_") or isinstance(member, ModuleType) or not callable(member):
            continue
        if str(getattr(member, "__module__", NAME)).partition(".")[0] in ("keras", "tensorflow", "numpy", "builtins"):
            continue
        found[name] = member
        if inspect.isclass(member) or inspect.isfunction(member):
            found[str(keras.saving.get_registered_name(member))] = member
    return found


def _run(file: Path) -> ModuleType:
    """Import a file under a name of its own; what it prints goes to standard error."""
    spec = importlib.util.spec_from_file_location(NAME, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{OPTION} {file}: this is no Python file")
    module = importlib.util.module_from_spec(spec)
    beside = str(file.resolve().parent)
    sys.modules[NAME] = module
    sys.path.insert(0, beside)  # as a script finds the modules beside it
    try:
        with stdout_apart():
            spec.loader.exec_module(module)
    except Exception as fault:
        reason = " ".join(str(fault).split())[:200]
        raise UsageError(f"{OPTION} {file}: cannot be imported: {type(fault).__name__}: {reason}") from fault
    finally:
        sys.path.remove(beside)
    return module
