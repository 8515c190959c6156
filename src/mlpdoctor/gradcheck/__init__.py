"""Hand-written networks: whether the gradient in the code is that of its loss, and if not, by which mistake.

The room has the name of the public function: ``mlpdoctor.gradcheck(parameters=…, loss=…, gradients=…)`` calls it, see
``mlpdoctor.gradcheck.check``.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A module that can be called as the function of its name."""

    def __call__(self, *args: Any, **given: Any) -> Any:  # noqa: ANN401  as the function takes and gives them
        return importlib.import_module("mlpdoctor.gradcheck.check").gradcheck(*args, **given)


sys.modules[__name__].__class__ = _Room
