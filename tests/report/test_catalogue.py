"""The rules that users read are the rules that run."""

import re
from pathlib import Path
from string import Formatter

import pytest

from mlpdoctor import checks
from mlpdoctor.core.check import Check
from mlpdoctor.core.discovery import declared, modules
from mlpdoctor.diagnosis.causes import CAUSES
from mlpdoctor.report import catalogue

CHECKS = sorted(declared(checks, Check), key=lambda check: check.rule.code)
BY_NAME = {check.rule.name: check for check in CHECKS}


def test_the_catalogue_read_from_source_is_what_is_imported() -> None:
    assert list(catalogue.rules()) == [check.rule for check in CHECKS]


def test_the_rules_of_these_families_are_all_there() -> None:
    wanted = [f"A10{k}" for k in range(1, 8)] + [f"D7{k:02}" for k in range(1, 15)]
    wanted += [f"G60{k}" for k in range(1, 9)] + [f"H80{k}" for k in range(1, 9)] + [f"L50{k}" for k in range(1, 9)]
    wanted += [f"O20{k}" for k in range(1, 10)] + [f"U40{k}" for k in range(1, 6)] + [f"W30{k}" for k in range(1, 9)]
    assert [check.rule.code for check in CHECKS] == wanted


@pytest.mark.parametrize("name", BY_NAME)
def test_every_page_says_what_a_user_asks(name: str) -> None:
    page = BY_NAME[name].rule.page
    for heading in ("Why it matters", "Remedy", "Stays quiet on", "Certainty"):
        assert re.search(rf"^{heading}\n {{4}}\S", page, re.MULTILINE), heading
    assert BY_NAME[name].rule.summary.endswith(".")


@pytest.mark.parametrize("module", [m.__name__ for m in modules(checks) if not hasattr(m, "__path__")])
def test_a_file_holds_one_check_of_its_own_name(module: str) -> None:
    own = [check for check in CHECKS if check.function.__module__ == module]
    assert [check.function.__name__ for check in own] == [module.rpartition(".")[2]]


@pytest.mark.parametrize("name", BY_NAME)
def test_messages_are_filled_by_name_alone(name: str) -> None:
    fields = [field for _, field, _, _ in Formatter().parse(BY_NAME[name].rule.message) if field is not None]
    assert fields
    assert all(field.isidentifier() for field in fields)


def test_causes_are_known_rules_and_lead_in_no_circle() -> None:
    codes = {check.rule.code for check in CHECKS}
    assert set(CAUSES) == codes
    assert {cause for causes in CAUSES.values() for cause in causes} <= codes

    def reachable(code: str, seen: frozenset[str]) -> None:
        assert code not in seen, f"{code} would cause itself"
        for cause in CAUSES[code]:
            reachable(cause, seen | {code})

    for code in codes:
        reachable(code, frozenset())


def test_checks_lie_in_folders_by_family() -> None:
    families = {
        "A": "architecture",
        "W": "state",
        "U": "units",
        "L": "floors",
        "D": "data",
        "O": "output",
        "G": "steps",
        "H": "history",
    }
    for check in CHECKS:
        folder = Path(*check.function.__module__.split(".")).parent.name
        assert folder == families[check.rule.code[0]]
