"""The fourteen rooms of the package, what each may import, and the one reader of imports that tests share."""

import ast
from collections.abc import Mapping
from functools import cache

from paths import SOURCE

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "core": (),
    "nn": ("core",),
    "statistics": ("core", "nn"),
    "analysis": ("core", "nn", "statistics"),
    "readers": ("core", "nn"),
    "engine": ("core", "nn", "statistics", "readers"),
    "facts": ("core", "nn", "statistics", "analysis", "engine"),
    "checks": ("core", "nn", "statistics", "analysis", "engine", "facts"),
    "diagnosis": ("core", "nn", "statistics", "analysis", "readers", "engine", "facts", "checks"),
    "gradcheck": ("core", "nn", "engine"),
    "report": ("core",),
    "treat": ("core", "nn", "statistics", "readers", "engine", "facts", "diagnosis"),
    "cli": ("core", "engine", "diagnosis", "gradcheck", "report", "treat"),
    "api": ("core", "nn", "readers", "engine", "facts", "diagnosis", "gradcheck", "report", "treat", "cli"),
}
"""The rooms from left to right, and what each may import: what is not listed is forbidden."""


@cache
def imports(source: str) -> tuple[str, ...]:
    """Full names of all modules and members that a source text imports, wherever in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def package() -> dict[str, str]:
    """The source of every module that is no ``__init__``, by full name."""
    paths = [path for path in SOURCE.rglob("*.py") if path.name != "__init__.py"]
    return {
        ".".join(("mlpdoctor", *path.relative_to(SOURCE).with_suffix("").parts)): path.read_text(encoding="utf-8")
        for path in paths
    }


def arrows(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """For each module the others of the package that it imports, lazily or not; from full names to source texts."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, source in modules.items():
        for imported in imports(source):
            target = imported if imported in modules else imported.rpartition(".")[0]
            if target in modules:
                graph[name].add(target)
    return graph
