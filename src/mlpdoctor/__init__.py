"""Says why a neural network's loss is stuck: ``mlpdoctor.check(model, x, y)``.

Each name is imported when it is first used, so that ``import mlpdoctor`` costs nothing. All else is private.
"""

TYPE_CHECKING = False  # as type checkers know it; importing it would cost more than all the rest
if TYPE_CHECKING:
    from mlpdoctor.api.callback import Callback as Callback
    from mlpdoctor.api.check import check as check
    from mlpdoctor.api.check import curve as curve
    from mlpdoctor.api.explain import explain as explain
    from mlpdoctor.api.gradcheck import gradcheck as gradcheck
    from mlpdoctor.api.report import Report as Report
    from mlpdoctor.api.treat import treat as treat
    from mlpdoctor.core.errors import InputError as InputError

__version__ = "0.1.0"
PUBLIC = {
    "Callback": "mlpdoctor.api.callback",
    "InputError": "mlpdoctor.core.errors",
    "Report": "mlpdoctor.api.report",
    "check": "mlpdoctor.api.check",
    "curve": "mlpdoctor.api.check",
    "explain": "mlpdoctor.api.explain",
}
"""Where each public name stands. ``gradcheck`` and ``treat`` are the rooms of those names, which can be called."""
__all__ = ["Callback", "InputError", "Report", "__version__", "check", "curve", "explain", "gradcheck", "treat"]


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for."""
    import importlib

    if name in ("gradcheck", "treat", "testing"):
        return importlib.import_module(f"mlpdoctor.{name}")
    if name not in PUBLIC:
        raise AttributeError(f"module 'mlpdoctor' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(PUBLIC[name]), name)
    return found


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
