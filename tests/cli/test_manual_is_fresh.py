"""What the tool writes into README and the manual is what it prints today; ``--update-golden`` writes it again."""

from pathlib import Path

import manual
import pytest


@pytest.mark.parametrize("page", manual.pages(), ids=lambda page: page.stem)
def test_generated_parts_are_fresh(page: Path, request: pytest.FixtureRequest) -> None:
    """Update with ``python tests/refresh.py`` and read the difference before committing it."""
    text = manual.read(page)
    if request.config.getoption("--update-golden"):
        page.write_text(text := manual.fresh(text), encoding="utf-8")
    assert text == manual.fresh(text)
