"""Models asked about the same data share what the data alone tell: one reading, and the very reports of each alone."""

import inspect
import itertools
import json
import pickle
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpdoctor import facts as fact_package
from mlpdoctor.core.check import Fact
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import ArrayOptions, LossConfig
from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.resolve import asked, fact_types, kind_of
from mlpdoctor.diagnosis.shared_data import Sharing
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.engine.forward_views import OF_THE_DATA, view_of
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.facts.ladder.swings import Ids
from mlpdoctor.nn.losses.registry import build, known
from mlpdoctor.readers.tables import kept_rows
from mlpdoctor.readers.tables.table import TableDataset
from mlpdoctor.report.json.report import as_object

ROWS = 120
RULES = tuple(one for one in all_checks() if one.rule.code[0] in "DL")
"""Rules of the data and of the ladder: they ask for all that is shared, and train nothing."""
MODELS: tuple[tuple[str, str, int], ...] = (
    ("relu,linear", "mse", 8),
    ("tanh,linear", "mse", 5),
    ("relu,linear", "mae", 8),
    ("relu,sigmoid", "binary_crossentropy", 4),
    ("sigmoid,sigmoid", "binary_crossentropy", 6),
    ("relu,softplus", "mse", 300),
)
"""Activations, loss and hidden units: pairs share all, a loss, or the data alone; the last one takes smaller blocks."""


@pytest.fixture
def questions(tmp_path: Path) -> list[Question]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 2))
    x[1] = x[0]
    x[:, 1] = np.abs(x[:, 1])
    y = (x[:, 0] + np.sin(3 * x[:, 1]) + rng.normal(size=ROWS) > 0).astype(float)
    data = tmp_path / "data.csv"
    np.savetxt(data, np.column_stack([x, y]), delimiter=",", header="a,b,y", comments="", fmt="%.6g")
    found = []
    for number, (layers, loss, units) in enumerate(MODELS):
        model = tmp_path / f"{number}.npz"
        np.savez(
            model, W1=rng.normal(size=(2, units)), b1=np.zeros(units), W2=rng.normal(size=(units, 1)) / units**0.5,
            b2=np.zeros(1),
        )  # fmt: skip
        found.append(Question(str(model), str(data), loss=loss, arrays=ArrayOptions(layers, "adam")))
    return found


def reports(questions: Sequence[Question], sharing: Sharing | None) -> Iterator[dict[str, Any]]:
    for question in questions:
        told = as_object(diagnose(question, checks=RULES, sharing=sharing))
        del told["timing"]
        yield json.loads(json.dumps(told))


def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever the rows are parsed."""
    parsed: list[int] = []
    plain = TableDataset.batches

    def counted(self: TableDataset, rows: int) -> Any:  # noqa: ANN401
        parsed.append(rows)
        return plain(self, rows)

    monkeypatch.setattr(TableDataset, "batches", counted)
    return parsed


@pytest.mark.slow
def test_the_reports_are_those_of_each_model_alone_and_the_rows_are_parsed_once(
    questions: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = read(monkeypatch)
    alone = list(reports(questions, None))
    each = len(parsed)
    assert each > len(questions)
    sharing = Sharing(questions)
    assert list(reports(questions, sharing)) == alone
    assert len(parsed) == each + 1
    # In another order others work out what is shared.
    assert list(reports(questions[::-1], Sharing(questions)))[::-1] == alone


@pytest.mark.slow
def test_all_that_is_shared_travels_to_another_process(questions: list[Question]) -> None:
    sharing = Sharing(questions)
    alone = list(reports(questions, sharing))
    there = pickle.loads(pickle.dumps(sharing))  # noqa: S301  our own
    assert list(reports(questions, there)) == alone


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["no room", "a full disk"])
def test_rows_that_find_no_room_are_parsed_for_each_model(
    questions: list[Question], monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    alone = list(reports(questions[:2], None))
    if trouble == "no room":
        monkeypatch.setattr(kept_rows, "MOST_BYTES", 10)
    else:
        monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "wb"))
    parsed = read(monkeypatch)
    assert list(reports(questions[:2], Sharing(questions[:2]))) == alone
    assert len(parsed) > 1


def test_a_row_that_cannot_be_read_is_told_for_each_model(questions: list[Question]) -> None:
    with Path(questions[0].data or "").open("a") as stream:
        stream.write("1,2\n")
    sharing = Sharing(questions)
    for question in questions[:2]:
        with pytest.raises(DataFileError, match="122"):
            diagnose(question, checks=RULES, sharing=sharing)


@pytest.mark.slow
def test_data_that_change_between_two_models_are_read_again(
    questions: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing = Sharing(questions[:2])
    diagnose(questions[0], checks=RULES, sharing=sharing)
    file = Path(questions[0].data or "")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:100]))
    parsed = read(monkeypatch)
    assert diagnose(questions[1], checks=RULES, sharing=sharing).data == diagnose(questions[1], checks=RULES).data
    assert parsed


def test_what_only_one_model_asks_about_is_not_kept(questions: list[Question]) -> None:
    dataset = opened(questions[0]).dataset
    assert Sharing(questions[:1]).of(questions[0], dataset) is None
    assert Sharing([Question("m", "-")] * 2).of(Question("m", "-"), dataset) is None
    code = Question("m", questions[0].data, preprocess=lambda rows: rows)
    assert Sharing([code] * 2).of(code, dataset) is None


OTHERWISE = (
    {"target": ("a",)},
    {"drop": ("b",)},
    {"sample_weight": "b"},
    {"split": "0.2:3"},
    {"seed": 4},
)


@pytest.mark.parametrize("options", OTHERWISE, ids=lambda options: next(iter(options)))
def test_the_same_file_read_otherwise_is_another_matter(questions: list[Question], options: dict[str, Any]) -> None:
    narrow = "drop" in options or "sample_weight" in options
    first = questions[0]
    model = Path(first.model or "").with_name("narrow.npz")
    with np.load(str(first.model)) as arrays:
        np.savez(model, **{**arrays, "W1": arrays["W1"][:1]})
    other = Question(str(model) if narrow else first.model, first.data, loss="mse", arrays=first.arrays, **options)
    sharing = Sharing([first, other])
    list(reports([first], sharing))
    assert list(reports([other], sharing)) == list(reports([other], None))


def test_facts_of_the_data_ask_for_nothing_else() -> None:
    """A fact that is shared and asks for the network would tell each model what it told the first."""
    facts = fact_types(declared(fact_package, Fact))
    shared = {kind: one for kind, one in facts.items() if one.of_data}
    assert len(shared) > 5
    for one in shared.values():
        for annotation in asked(one.function).values():
            kind, _ = kind_of(annotation)
            ours = kind in shared or kind in (Objective, Ids, Perfection)
            assert ours or view_of(kind) in OF_THE_DATA, f"{one.function.__name__} asks for {kind.__name__}"


def test_facts_of_the_data_are_given_nothing_that_runs_a_network(questions: list[Question]) -> None:
    seen: list[Objective] = []

    plain = inspect.getattr_static(Objective, "of_data").fget

    def watched(objective: Objective) -> Objective:
        seen.append(plain(objective))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objective, "of_data", property(watched))
        list(reports([questions[0], questions[-1]], None))
    assert len(seen) > 5
    assert all(one.passes.engine is None for one in seen)
    assert len({one.passes.block_rows for one in seen}) == 1


def test_equal_losses_are_told_from_others() -> None:
    found = [build(LossConfig(kind.names[0], {})) for kind in known()]
    again = [build(LossConfig(kind.names[0], {})) for kind in known()]
    assert len(found) > 15
    assert dict.fromkeys(found, 0) == dict.fromkeys(again, 0)
    assert all(one != other for one, other in itertools.combinations(found, 2))
    huber = [build(LossConfig("Huber", {"delta": delta})) for delta in (1.0, 2.0)]
    assert huber[0] != huber[1]
