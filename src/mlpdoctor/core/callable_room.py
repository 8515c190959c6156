"""Rooms that have the name of a public function can be called as that function: ``mlpdoctor.treat(model, x, y)``."""

import importlib
import sys
from types import ModuleType
from typing import Any


def callable_as(room: str, module: str) -> None:
    """Let a package be called as the function of its own last name, which a module of it or beside it holds.

    Args:
        room: name of the package, ``mlpdoctor.treat``.
        module: where the function stands; imported when it is first called.
    """

    class Room(ModuleType):
        """A package that can be called."""

        def __call__(self, *args: Any, **given: Any) -> Any:  # noqa: ANN401  as the function takes and gives them
            return getattr(importlib.import_module(module), room.rpartition(".")[2])(*args, **given)

    sys.modules[room].__class__ = Room
