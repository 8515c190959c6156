"""Says why a neural network's loss is stuck."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """``mlpdoctor.gradcheck(...)``, imported when it is first asked for."""
    if name != "gradcheck":
        raise AttributeError(f"module 'mlpdoctor' has no attribute {name!r}")
    import importlib

    return importlib.import_module("mlpdoctor.gradcheck")
