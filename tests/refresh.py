"""Writes every text again that is generated from the code: ``python tests/refresh.py``.

These are the golden reports of the tests, the map of the rooms, and in README and the manual the table and the pages
of rules, the help and the quoted outputs. Read the difference before you commit it: what changed there, changed for
users too.
"""

import inspect
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
OPTION = "--update-golden"


class Approving:
    """Leaves of all tests those that compare with an approved text: they ask for ``request`` to see the option."""

    @staticmethod
    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        """Drop the others."""
        items[:] = [
            item
            for item in items
            if isinstance(item, pytest.Function) and "request" in inspect.signature(item.function).parameters
        ]


def files() -> list[Path]:
    """The test files in which the option does something."""
    return [path for path in sorted(TESTS.rglob("test_*.py")) if f'getoption("{OPTION}")' in path.read_text("utf-8")]


def main() -> int:
    """Write all of them; the status is 0 when each one then is what it should be."""
    return int(pytest.main(["-q", OPTION, *map(str, files())], plugins=[Approving()]))


if __name__ == "__main__":
    sys.exit(main())
