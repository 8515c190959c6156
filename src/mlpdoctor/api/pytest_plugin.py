"""For pytest: the fixture ``assert_trainable``, and ``--mlpdoctor-report DIR``, which keeps the reports of all tests.

Nothing of mlpdoctor is imported before a test asks for the fixture, or the option is given.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

OPTION = "--mlpdoctor-report"
NOT_IN_A_NAME = re.compile(r"[^\w.=-]+")
LONGEST = 120
"""Characters of a file's name that are taken from the test's."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option."""
    parser.getgroup("mlpdoctor").addoption(
        OPTION, metavar="DIR", help="keep the report of every assert_trainable in this folder, as JSON and Markdown"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep reports where that is asked for, in each worker of xdist as well."""
    folder = config.getoption(OPTION)
    if folder is not None:
        config.pluginmanager.register(_Keeper(Path(config.invocation_params.dir, folder)), "mlpdoctor-reports")


@pytest.fixture
def assert_trainable() -> Callable[..., Any]:
    """``mlpdoctor.testing.assert_trainable``."""
    from mlpdoctor.testing import assert_trainable as function

    return function


class _Keeper:
    """Writes each report under the name of its test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._test = ""
        self._made = Counter[str]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Know whose report it is."""
        from mlpdoctor.api.trainable import LISTENERS

        self._test = NOT_IN_A_NAME.sub("-", item.nodeid)[-LONGEST:].strip("-")
        LISTENERS.append(self._keep)
        try:
            return (yield)
        finally:
            LISTENERS.remove(self._keep)

    def _keep(self, report: Any) -> None:  # noqa: ANN401  a report, whose class is not imported here
        self._made[self._test] += 1
        number = self._made[self._test]
        name = self._test if number == 1 else f"{self._test}-{number}"
        self._folder.mkdir(parents=True, exist_ok=True)
        for suffix in (".json", ".md"):
            report.save(self._folder / f"{name}{suffix}")
