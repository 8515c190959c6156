"""How many threads the linear algebra library uses: all for large products, one for everything else.

OpenBLAS spreads a factorisation of a few columns over all cores, whose threads then wait for each other by spinning:
no faster on an idle machine, and ten times slower on a busy one, as continuous integration is.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def _library() -> tuple[Any, int]:
    """The control over the loaded libraries, and the threads they would use by themselves."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    control = ThreadpoolController()
    return control, max((library["num_threads"] for library in control.info()), default=1)


def one() -> AbstractContextManager[Any]:
    """One thread while it lasts."""
    limit: AbstractContextManager[Any] = _library()[0].limit(limits=1)
    return limit


def all_of_them() -> AbstractContextManager[Any]:
    """As many threads as the library would use by itself, while it lasts."""
    control, most = _library()
    limit: AbstractContextManager[Any] = control.limit(limits=most)
    return limit
