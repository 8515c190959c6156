"""The rules that users read are the rules that run."""

import re
from graphlib import TopologicalSorter
from pathlib import Path
from string import Formatter

import pytest

from mlpdoctor import checks
from mlpdoctor.core.check import Check
from mlpdoctor.core.discovery import declared, modules
from mlpdoctor.report import catalogue

CHECKS = sorted(declared(checks, Check), key=lambda check: check.rule.code)
BY_NAME = {check.rule.name: check for check in CHECKS}


def test_the_catalogue_read_from_source_is_what_is_imported() -> None:
    assert list(catalogue.rules()) == [check.rule for check in CHECKS]


def test_the_codes_of_a_family_leave_no_gap() -> None:
    codes = [check.rule.code for check in CHECKS]
    for letter in sorted({code[0] for code in codes}):
        own = [code for code in codes if code[0] == letter]
        assert own == [f"{own[0][:2]}{number:02}" for number in range(1, len(own) + 1)]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_page_says_what_a_user_asks(name: str) -> None:
    page = BY_NAME[name].rule.page
    for heading in ("Why it matters", "How to fix it", "When it stays silent", "How sure"):
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
    rules = {check.rule.code: check.rule for check in CHECKS}
    causes = {
        code: {other.code for other in rules.values() if rule.brought_about_by(other)} for code, rule in rules.items()
    }
    assert {code for rule in rules.values() for code in rule.because} <= set(rules)
    assert sum(map(len, causes.values())) > len(rules)
    TopologicalSorter(causes).prepare()  # raises CycleError where a fault would bring itself about


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
