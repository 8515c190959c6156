"""All makers: importing the modules fills the registry."""

from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def load() -> None:
    """Fill the registry from every file of makers in this folder."""
    for path in (*sorted(HERE.glob("patients_*.py")), HERE / "healthy.py", HERE / "healthy_histories.py"):
        import_module(f"ward.{path.stem}")
