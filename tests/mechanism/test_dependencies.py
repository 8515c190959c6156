"""Who may import whom: arrows go one way, so that a check can be read without knowing files, engines or screens."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "mlpdoctor"
RIM = (
    "readers",
    "engines",
    "report",
    "cli",
    "commands",
    "config",
    "plan",
    "baseline",
    "hidden",
    "output",
    "diagnose",
    "columns",
    "treatments",
    "trials",
)
PASS = ("stream", "passes", "collector", "forward")
FORBIDDEN = {
    "checks": (*RIM, "checks", "registry", "rank", "causes", "run_checks", "verdict", "summary"),
    "facts": (*RIM, "checks", "rank", "run_checks"),
    "statistics": (*RIM, "checks", "facts", "floors", *PASS, "resolve"),
    "floors": (*RIM, "checks", "facts", *PASS, "resolve"),
    "losses": (*RIM, "checks", "facts", "floors", "statistics", *PASS, "resolve"),
    "contract": (*RIM, "checks", "facts", "floors", *PASS, "resolve"),
    "layers": (
        *RIM,
        "checks",
        "facts",
        "floors",
        "statistics",
        "stream",
        "passes",
        "collector",
        "forward",
        "resolve",
        "losses",
    ),
    "engines": ("readers", "report", "cli", "output", "diagnose", "checks", "facts", "floors", "statistics", *PASS),
    "readers": ("report", "cli", "output", "diagnose", "checks", "facts", "floors", "statistics", *PASS, "engines"),
    "treatments": (
        *(part for part in RIM if part not in {"engines", "treatments"}),
        *PASS,
        "checks",
        "resolve",
    ),
    "trials": ("report", "cli", "commands", "config", "plan", "baseline", "hidden", "output", "checks", "rank"),
    "optimizers": tuple(
        sorted(
            {path.stem for path in SOURCE.iterdir() if path.stem[0] not in "_."}
            - {"layers", "lean", "network", "optimizers", "registry"}
        )
    ),
    "config": (
        *(part for part in RIM if part != "config"),
        *PASS,
        "checks",
        "facts",
        "floors",
        "losses",
        "statistics",
        "resolve",
    ),
    "report": tuple(
        sorted(
            {path.stem for path in SOURCE.iterdir() if path.stem[0] not in "_."}
            - {
                "catalogue",
                "check",
                "course",
                "finding",
                "fingerprint",
                "ladder",
                "lean",
                "logged",
                "report",
                "wording",
            }
        )
    ),
}
FRAMEWORKS = {"tensorflow", "keras", "torch", "jax"}


def imports(source: str) -> Iterator[str]:
    """Full names of all modules that a source text imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offences(source: str, forbidden: tuple[str, ...]) -> set[str]:
    """The forbidden parts of mlpdoctor that a source text imports."""
    parts = {name.split(".")[1] for name in imports(source) if name.startswith("mlpdoctor.")}
    return parts & set(forbidden)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_go_one_way(folder: str) -> None:
    files = list((SOURCE / folder).rglob("*.py"))
    assert len(files) > 1
    found = {path.name: bad for path in files if (bad := offences(path.read_text(), FORBIDDEN[folder]))}
    assert not found


def test_no_file_imports_a_framework() -> None:
    found = {
        path.name
        for path in SOURCE.rglob("*.py")
        if {name.partition(".")[0] for name in imports(path.read_text())} & FRAMEWORKS
    }
    assert not found


def test_the_test_sees_an_offence() -> None:
    bad = "def f():\n    from mlpdoctor.readers.model import read_network\n    import mlpdoctor.engines.numpy_engine\n"
    assert offences(bad, RIM) == {"readers", "engines"}
    assert "tensorflow" in {name.partition(".")[0] for name in imports("import tensorflow.keras as k")}
