"""Finds what is declared in a folder: dropping a file into it is all there is to adding a check, a fact or a loss."""

import importlib
import inspect
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


@cache
def modules(package: ModuleType) -> tuple[ModuleType, ...]:
    """All modules below a package, imported, in alphabetical order of their paths."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return tuple(importlib.import_module(info.name) for info in sorted(found, key=lambda info: info.name))


def declared(package: ModuleType, kind: type[T]) -> tuple[T, ...]:
    """All objects of a type at the top of a package's modules, each once."""
    found = {id(value): value for m in modules(package) for value in vars(m).values() if isinstance(value, kind)}
    return tuple(found.values())


def subclasses(package: ModuleType, base: type[T]) -> tuple[type[T], ...]:
    """All concrete subclasses of a class that a package's modules define."""
    return tuple(
        value
        for module in modules(package)
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, base)
        and not inspect.isabstract(value)
        and value.__module__ == module.__name__
    )
