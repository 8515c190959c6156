"""Who may import whom: the rooms stand in one row, arrows go to the left, and no modules go round in a circle."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import pytest
from paths import SOURCE
from rooms import ALLOWED, arrows, imports, package

AT_THE_TOP = {"__init__.py", "__main__.py", "testing.py", "py.typed", "README.md", "docs"}
FRAMEWORKS = {"tensorflow", "keras", "torch", "jax"}


def offences(source: str, room: str) -> set[str]:
    """The rooms that a source text in a room imports and may not."""
    parts = {name.split(".")[1] for name in imports(source) if name.startswith("mlpdoctor.")}
    return (parts & set(ALLOWED)) - {room, *ALLOWED[room]}


def circle(modules: Mapping[str, str]) -> list[str]:
    """Modules that import one another in a circle, lazily or not, if there are; from full names to source texts."""
    try:
        TopologicalSorter(arrows(modules)).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def test_the_top_holds_the_rooms_and_nothing_else() -> None:
    found = {path.name for path in SOURCE.iterdir() if path.name != "__pycache__"}
    assert found - AT_THE_TOP == set(ALLOWED)


def test_the_rooms_stand_in_one_row() -> None:
    order = list(ALLOWED)
    assert all(order.index(other) < order.index(room) for room, others in ALLOWED.items() for other in others)


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_go_to_the_left(room: str) -> None:
    files = list((SOURCE / room).rglob("*.py"))
    assert len(files) > 1
    found = {str(path.relative_to(SOURCE)): bad for path in files if (bad := offences(path.read_text(), room))}
    assert not found


@pytest.mark.parametrize("room", ALLOWED)
def test_the_list_allows_no_more_than_there_is(room: str) -> None:
    used = {
        name.split(".")[1]
        for path in (SOURCE / room).rglob("*.py")
        for name in imports(path.read_text())
        if name.startswith("mlpdoctor.")
    }
    assert set(ALLOWED[room]) <= used


def test_no_modules_go_round_in_a_circle() -> None:
    assert circle(package()) == []


def test_no_file_imports_a_framework() -> None:
    found = {
        path.name
        for path in SOURCE.rglob("*.py")
        if {name.partition(".")[0] for name in imports(path.read_text())} & FRAMEWORKS
    }
    assert not found


def test_the_tests_see_an_offence() -> None:
    bad = "def f():\n    from mlpdoctor.readers.models.model import read_network\n    import mlpdoctor.engine.tape\n"
    assert offences(bad, "statistics") == {"readers", "engine"}
    assert offences(bad, "diagnosis") == set()
    assert "tensorflow" in {name.partition(".")[0] for name in imports("import tensorflow.keras as k")}
    lazily = {"mlpdoctor.a": "from mlpdoctor.b import x", "mlpdoctor.b": "def f():\n    from mlpdoctor import a"}
    assert set(circle(lazily)) == set(lazily)
    assert circle({"mlpdoctor.a": "from mlpdoctor.b import x", "mlpdoctor.b": "import os"}) == []
