"""Penalties beside the ladder: what they add up to, how they are told, and where they have no number."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, Model, Table, compiled, examined, regularizers, rungs, stack
from hand_built import examined as examined_by_hand
from hand_built import sequential
from rich.console import Console

from mlpdoctor.core.check import Absent
from mlpdoctor.core.ladder import Ladder, Penalty
from mlpdoctor.core.network import Network
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.model_loss import penalties as fact
from mlpdoctor.report.json.report import as_object
from mlpdoctor.report.terminal.ladder_chart import draw

R = regularizers
ROWS = 90


def rows() -> tuple[Table, Table]:
    rng = np.random.default_rng(5)
    x = np.round(4 * rng.uniform(size=(ROWS, 3)))
    return x, np.sin(x[:, :1]) + x[:, 1:2]


def penalised() -> Model:
    return stack(3, L.Dense(4, "tanh", kernel_regularizer=R.L1L2(0.1, 0.2)), L.Dense(1))


def report_on(folder: Path, model: Model) -> tuple[Report, Model]:
    x, y = rows()
    return examined(folder, compiled(model), x, y, rules=()), model


def penalty_of(report: Report) -> Penalty:
    assert report.ladder is not None
    assert report.ladder.penalty is not None
    return report.ladder.penalty


def test_rungs_do_not_move_when_penalties_come_in(tmp_path: Path) -> None:
    plain = stack(3, L.Dense(4, "tanh"), L.Dense(1))
    with_l2 = stack(3, L.Dense(4, "tanh", kernel_regularizer=R.L2(5.0)), L.Dense(1))
    with_l2.set_weights(plain.get_weights())
    assert rungs(report_on(tmp_path, plain)[0]) == rungs(report_on(tmp_path, with_l2)[0])


def test_parts_are_phrases_and_the_largest_comes_first(tmp_path: Path) -> None:
    model = stack(
        3,
        L.Dense(4, "tanh", name="small", kernel_regularizer=R.L2(1e-6)),
        L.Dense(1, name="large", kernel_regularizer=R.L1(3.0), activity_regularizer=R.L1(1e-9)),
    )
    penalty = penalty_of(report_on(tmp_path, model)[0])
    heads = [part.rpartition(" ")[0] for part in penalty.parts]
    assert heads == ["l1 of large.kernel", "l2 of small.kernel", "l1 of large's output"]
    assert float(penalty.parts[0].rpartition(" ")[2]) == pytest.approx(penalty.total, rel=1e-3)


def test_without_regularisers_there_is_nothing_to_say(tmp_path: Path) -> None:
    report, _ = report_on(tmp_path, stack(3, L.Dense(1, kernel_regularizer=R.L2(0.0))))
    assert report.ladder is not None
    assert report.ladder.penalty is None
    assert as_object(report)["ladder"]["penalty"] is None
    found = fact.function(sequential(2, (1, None)), None)
    assert isinstance(found, Absent)
    assert not found.applicable


def test_the_json_report_gives_penalties_parts_and_the_perfect_loss(tmp_path: Path) -> None:
    ladder = as_object(report_on(tmp_path, penalised())[0])["ladder"]
    assert ladder["penalty"]["total"] > 0
    assert ladder["penalty"]["parts"][0].startswith("l1_l2 of dense")
    assert ladder["penalty"]["unknown"] == ()
    assert ladder["perfect"] == 0
    assert len(ladder["parts"]) == len(ladder["rungs"][0]["per_part"]) == 1


def with_config(**config: object) -> Network:
    """A network of one Dense whose kernel is all ones, with more in its configuration."""
    network = sequential(2, (1, None))
    layer = network.nodes[1].layer
    changed = replace(layer, config={**layer.config, **config}, weights={"kernel": np.ones((2, 1))})
    return replace(network, nodes=(network.nodes[0], replace(network.nodes[1], layer=changed)))


def test_penalties_without_a_number_are_named() -> None:
    custom = {"class_name": "my_package>Shrink", "config": {}}
    network = with_config(kernel_regularizer=custom, activity_regularizer="l2")
    penalty = fact.function(network, None)
    name = network.nodes[1].layer.name
    assert penalty == Penalty(
        0, (), (f"Shrink of {name}.kernel", f"l2 of {name}'s output (needs the model to run on data)")
    )
    orthogonal = with_config(activity_regularizer="orthogonal_regularizer", kernel_regularizer="l2")
    penalty = fact.function(orthogonal, None)
    assert penalty.total == pytest.approx(0.02)
    assert penalty.unknown == (f"orthogonal of {name}'s output (it changes with the batch)",)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_activity_does_not_depend_on_the_blocks_it_is_read_in(block: int) -> None:
    network = with_config(activity_regularizer={"class_name": "L1L2", "config": {"l1": 1.0, "l2": 2.0}})
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(50, 2)), rng.normal(size=(50, 1))
    ladder = examined_by_hand(network, features, targets, block).get(Ladder)
    assert isinstance(ladder, Ladder)
    assert ladder.penalty is not None
    answers = features.sum(axis=1)
    assert ladder.penalty.total == pytest.approx(np.abs(answers).mean() + 2 * np.square(answers).mean())


def test_the_json_ladder_has_the_same_keys_whether_there_is_one_or_not(tmp_path: Path) -> None:
    model = compiled(penalised())
    full, empty = (as_object(report)["ladder"] for report in (report_on(tmp_path, model)[0], examined(tmp_path, model)))
    assert list(full) == list(empty) == ["loss", "parts", "rungs", "plateau", "perfect", "penalty", "reason"]
    assert empty["penalty"] is empty["perfect"] is None
    assert empty["reason"]


def test_the_sentence_below_the_chart_adds_up_to_the_number_in_the_log(tmp_path: Path) -> None:
    report, _ = report_on(tmp_path, penalised())
    ladder, penalty = report.ladder, penalty_of(report)
    assert ladder is not None
    model = rungs(report)["model"]
    sums = f"{short(model)} + {short(penalty.total)} = {short(model + penalty.total)} ({penalty.parts[0]})"
    assert f"The loss is logged with penalties: {sums}" in notes(ladder)
    without = replace(ladder, rungs=ladder.rungs[:1])
    assert f"The logged loss holds penalties: {short(penalty.total)} ({penalty.parts[0]})" in notes(without)
    unknown = replace(ladder, penalty=Penalty(0, (), ("Shrink of a.kernel",)))
    assert "The logged loss holds penalties; not counted: Shrink of a.kernel" in notes(unknown)


def notes(ladder: Ladder) -> str:
    console = Console(width=1000, file=io.StringIO(), color_system=None)
    with console.capture() as shown:
        for part in draw(ladder, "#", 1000):
            console.print(part)
    return " ".join(shown.get().split())
