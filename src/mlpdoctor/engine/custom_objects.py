"""The user's own layers and functions, from a Python file of theirs."""

import inspect
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from mlpdoctor.core.errors import UsageError
from mlpdoctor.engine.keras_start import start
from mlpdoctor.engine.user_code import run_file

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
    module = run_file(file, NAME, OPTION)
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
