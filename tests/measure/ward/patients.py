"""All makers: importing the modules fills the registry."""

from importlib import import_module

MODULES = ("patients_architecture", "patients_output", "patients_state", "patients_data", "patients_floors", "healthy")


def load() -> None:
    """Fill the registry."""
    for name in MODULES:
        import_module(f"ward.{name}")
