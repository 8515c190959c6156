"""All makers: importing the modules fills the registry."""

from importlib import import_module

MAKERS = (
    "architecture",
    "data",
    "floors",
    "history",
    "output",
    "pairs",
    "rates",
    "state",
    "steps",
    "units",
    "unseen",
    "healthy",
    "healthy_histories",
)


def load() -> None:
    """Fill the registry from every file of makers in this folder."""
    for name in MAKERS:
        import_module(f"cases.{name}")
