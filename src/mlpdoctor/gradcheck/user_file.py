"""The user's own Python file, run because they asked for it."""

import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.gradient_report import GradientReport
from mlpdoctor.engine.keras_start import stdout_apart
from mlpdoctor.gradcheck.check import gradcheck

MODULE = "_mlpdoctor_gradcheck"
NEEDED = ("parameters", "loss")
OPTIONAL = ("gradients", "update", "learning_rate", "layers", "x", "y", "masks")
CAPITALS = {"x": "X", "y": "Y"}
TEMPLATE = "'mlpdoctor gradcheck --example > net.py' writes a file that shows what is needed"


def check_file(path: str) -> GradientReport:
    """Run a Python file and check the gradient it defines; what it prints goes to standard error.

    Args:
        path: the file, which defines ``parameters``, ``loss``, ``gradients`` or ``update`` with ``learning_rate``, and
            may define ``layers``, ``x`` and ``y``.

    Raises:
        UsageError: there is no such file, or it cannot be run, or it lacks something.
        InputError: the gradient cannot be checked.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{path}: no such file; {TEMPLATE}")
    with stdout_apart(), _found_beside(file):
        defined = _run(file, path)
        missing = [name for name in NEEDED if name not in defined]
        if missing:
            raise UsageError(f"{path} defines no {' and no '.join(missing)}; {TEMPLATE}")
        given = {name: defined[name] for name in (*NEEDED, *OPTIONAL) if name in defined}
        for name, capital in CAPITALS.items():
            if name not in given and capital in defined:
                given[name] = defined[capital]
        return gradcheck(**given)


@contextmanager
def _found_beside(file: Path) -> Iterator[None]:
    """Modules beside the file are found meanwhile, as a script finds them."""
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _run(file: Path, path: str) -> Mapping[str, Any]:
    spec = importlib.util.spec_from_loader(MODULE, None)
    assert spec is not None  # noqa: S101  it is None for a loader that cannot say whether it is a package
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(file)
    sys.modules[MODULE] = module
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # noqa: S102  that is what they asked for
    except SystemExit as fault:
        raise UsageError(f"{path} ends itself with sys.exit(); define the functions and let the file end") from fault
    except (OSError, SyntaxError, ValueError) as fault:
        line = f" (line {fault.lineno})" if isinstance(fault, SyntaxError) else _line(fault, file)
        raise UsageError(f"{path} cannot be run: {type(fault).__name__}: {_reason(fault)}{line}") from fault
    except Exception as fault:
        raise UsageError(
            f"{path} cannot be run: {type(fault).__name__}: {_reason(fault)}{_line(fault, file)}"
        ) from fault
    return vars(module)


def _reason(fault: Exception) -> str:
    text = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    return " ".join(text.split())[:200]


def _line(fault: Exception, file: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(file)]
    return f" (line {lines[-1]})" if lines else ""
