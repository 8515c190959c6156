"""Treatments, which are changes of a model as data, and trials: training with and without them."""

# The room has the name of a public function, so it can be called: mlpdoctor.treat(model, x, y).

import importlib
import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A module that can be called as the function of its name."""

    def __call__(self, *args: Any, **given: Any) -> Any:  # noqa: ANN401  as the function takes and gives them
        return importlib.import_module("mlpdoctor.api.treat").treat(*args, **given)


sys.modules[__name__].__class__ = _Room
