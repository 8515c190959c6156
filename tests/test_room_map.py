"""The map of the rooms is true: its tables are those of today's imports, and every name in it exists."""

import re
from importlib import import_module
from importlib.util import find_spec

import pytest
from paths import ROOT
from room_map import MAP, PART, counted, fresh, refresh
from rooms import ALLOWED

NAME = re.compile(rf"`((?:{'|'.join(ALLOWED)})(?:\.\w+)+)`")
PATH = re.compile(r"`((?:src|tests|\.github)/[\w./]+)`")


def text() -> str:
    return MAP.read_text(encoding="utf-8")


def exists(name: str) -> bool:
    """Whether a dotted name below the package is a module, or something that a module defines."""
    parts = ["mlpdoctor", *name.split(".")]
    for length in range(len(parts), 1, -1):
        module = ".".join(parts[:length])
        try:
            spec = find_spec(module)
        except ModuleNotFoundError:
            continue
        if spec is not None:
            here: object = import_module(module)
            for part in parts[length:]:
                here = getattr(here, part, None)
            return here is not None
    return False


def test_the_map_is_fresh(request: pytest.FixtureRequest) -> None:
    """Update with ``python tests/refresh.py``."""
    if request.config.getoption("--update-golden"):
        refresh()
    assert sorted(name for _, name, _ in PART.findall(text())) == ["arrows", "rooms"]
    assert text() == fresh(text())


def test_what_is_stale_is_noticed() -> None:
    stale = text().replace("| [`core`](core) |", "| [`kernel`](kernel) |")
    assert stale != text()
    assert fresh(stale) == text()


def test_arrows_are_counted_by_module_and_not_by_name() -> None:
    modules = {
        "mlpdoctor.core.a": "X, Y = 1, 2",
        "mlpdoctor.nn.b": "from mlpdoctor.core.a import X, Y\nimport os",
        "mlpdoctor.nn.c": "def f():\n    from mlpdoctor.core import a\n    import mlpdoctor.nn.b",
    }
    assert counted(modules) == {("nn", "core"): 2, ("nn", "nn"): 1}


@pytest.mark.parametrize("name", sorted(set(NAME.findall(text()))))
def test_every_name_on_the_way_exists(name: str) -> None:
    assert exists(name)


def test_a_name_that_is_gone_is_noticed() -> None:
    assert not exists("core.network.Netwerk")
    assert not exists("core.netwerk")


def test_both_ways_lead_through_the_rooms_that_do_the_work() -> None:
    row, file = (part.partition("\n## ")[0] for part in text().split("\n## The way of a ")[1:])
    assert {name.split(".")[0] for name in NAME.findall(row)} >= {
        "readers",
        "engine",
        "statistics",
        "facts",
        "checks",
        "diagnosis",
        "report",
        "cli",
    }
    assert {name.split(".")[0] for name in NAME.findall(file)} >= {"readers", "nn", "core", "engine", "treat"}


def test_every_path_it_names_exists() -> None:
    paths = PATH.findall(text())
    assert ".github/CONTRIBUTING.md" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
