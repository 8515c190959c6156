"""The table of what a billion rows cost is that of the script, and the script computes."""

import dataclasses
import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from billion_rows import BILLION, FEATURES, GROUP, MEASURED, lines, stretches
from paths import SOURCE

from mlpdoctor.engine import cluster


def test_the_manual_holds_the_table_of_the_script() -> None:
    assert "\n".join(lines(MEASURED)) in (SOURCE / "docs" / "scale.md").read_text(encoding="utf-8")


def test_what_costs_twice_as_much_is_told_so() -> None:
    told, twice = (list(lines(one)) for one in (MEASURED, dataclasses.replace(MEASURED, whole=2 * MEASURED.whole)))
    assert told[2] != twice[2]
    assert told[:2] == twice[:2]
    assert told[4:] == twice[4:]


@pytest.mark.parametrize("workers", [1, 3, 16, 100, 1000])
def test_every_worker_has_some_stretches_and_not_many(workers: int) -> None:
    found = stretches(workers)
    assert cluster.PARTS_A_WORKER * workers <= found <= 2 * cluster.PARTS_A_WORKER * workers + 1
    assert math.ceil(BILLION / found) > GROUP / FEATURES
