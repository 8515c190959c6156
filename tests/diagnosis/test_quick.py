"""What can take long is told after a while, left out on request, and too little memory for it is no crash."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawn_cases import L, compiled, examined, stack, waves

from mlpdoctor import facts as fact_package
from mlpdoctor.core.check import Absent, Fact, dear_fact, fact
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.report_model import Status
from mlpdoctor.core.whole_file import listening
from mlpdoctor.diagnosis import resolve
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types


@dataclass(frozen=True)
class Told:
    """What the facts below say."""

    words: str


def resolver(one: Fact, *, quick: bool = False) -> FactResolver:
    network = compiled(stack(1, L.Dense(1))).network()
    return FactResolver(network, fact_types([one]), quick=quick)


def answer() -> Told:
    return Told("done")


def hungry() -> Told:
    raise MemoryError("Unable to allocate 3 TiB")


def test_a_dear_fact_is_left_out_of_a_quick_run_and_says_so() -> None:
    one = dear_fact("fitting something")(answer)
    assert resolver(one).get(Told) == Told("done")
    assert resolver(one, quick=True).get(Told) == Absent("--quick leaves out fitting something")
    assert resolver(fact(answer), quick=True).get(Told) == Told("done")


@pytest.mark.parametrize("declare", [fact, dear_fact("fitting something")])
def test_too_little_memory_is_a_reason_and_no_crash(declare: Callable[[Any], Fact]) -> None:
    assert resolver(declare(hungry)).get(Told) == Absent("there is not enough memory for it")


def test_what_takes_long_is_told_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "SLOW", 0.01)
    said: list[str] = []

    def slow() -> Told:
        while not said:
            time.sleep(0.01)
        return Told("done")

    with listening(said.append):
        resolver(dear_fact("fitting something")(slow)).get(Told)
    assert said == ["still fitting something; check --quick leaves that out"]


@pytest.mark.slow
def test_a_quick_run_keeps_the_ladder_of_lines_and_names_what_it_left_out(tmp_path: Path) -> None:
    x, y = waves(200, 2, 0)
    model = compiled(stack(2, L.Dense(8, "relu"), L.Dense(1)))
    whole, quick = examined(tmp_path, model, x, y), examined(tmp_path, model, x, y, quick=True)
    assert whole.ladder is not None
    assert quick.ladder is not None
    values = {rung.name: rung.value for rung in quick.ladder.rungs}
    assert {rung.name for rung in whole.ladder.rungs} > values.keys()
    assert values.keys() >= {"constant", "affine", "model"}
    assert all(values[rung.name] == rung.value for rung in whole.ladder.rungs if rung.name in values)
    left = [one for one in quick.outcomes if one.reason is not None and "--quick leaves out" in one.reason]
    assert left
    assert all(one.status is Status.SKIPPED for one in left)


def test_every_dear_fact_says_what_it_does() -> None:
    dear = [one.dear for one in declared(fact_package, Fact) if one.dear]
    assert len(dear) > 5
    assert all(words.split()[0].endswith("ing") for words in dear)
