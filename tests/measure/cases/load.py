"""All makers: importing the modules fills the registry."""

from importlib import import_module

from cases.registry import PAIRS, PATIENTS, REPORTS, WELL, Maker

MAKERS = (
    "architecture",
    "data",
    "floors",
    "history",
    "output",
    "pairs",
    "rates",
    "reports",
    "reports_of_data",
    "reports_of_rows",
    "state",
    "steps",
    "units",
    "unseen",
    "healthy",
    "healthy_as_published",
    "healthy_histories",
)


def load() -> None:
    """Fill the registry from every file of makers in this folder."""
    for name in MAKERS:
        import_module(f"cases.{name}")


def maker_of(name: str) -> Maker:
    """A maker by rule code, by the codes of a pair, or by its name."""
    load()
    return {**PATIENTS, **PAIRS, **REPORTS, **WELL}[name]
