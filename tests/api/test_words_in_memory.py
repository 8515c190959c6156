"""What is in memory is not called a file: neither a live model nor arrays, whatever a report says of them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from paths import SOURCE

import mlpdoctor
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.library_words import without_files

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (120, 2))
SMOOTH = np.cos(3 * X[:, :1])
CLASSES = np.repeat([0, 1, 2], 40)
WEIGHTS = [RNG.normal(size=(2, 6)), np.zeros(6), RNG.normal(size=(6, 1)), np.zeros(1)]
FILE = re.compile(r"\b(?:the|this) file\b(?! name)", re.IGNORECASE)


def texts(value: object) -> Iterator[str]:
    """All texts in the JSON of a report."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


@cache
def said() -> list[str]:
    """Every text in the rooms that make a report's sentences and says "the file", a format's holes filled with 1."""
    found = []
    for room in ("checks", "facts", "nn"):
        for path in (SOURCE / room).rglob("*.py"):
            if not FILE.search(source := path.read_text("utf-8")):
                continue  # a look that is a hundred times quicker than parsing
            tree = ast.parse(source)
            docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
            pages = {id(part) for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg == "untreatable"
                     for part in ast.walk(one.value)}  # fmt: skip
            for one in ast.walk(tree):
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs | pages:
                    found += [one.value] if FILE.search(one.value) else []
    return found


@pytest.fixture(scope="module")
def report() -> Report:
    """Of anything: its words are put in."""
    checked = mlpdoctor.check(WEIGHTS, X, SMOOTH, layers="tanh,linear", loss="mse", quick=True)
    return checked._diagnosis  # noqa: SLF001  the report as the rooms before have it


def test_there_is_something_to_say_otherwise() -> None:
    assert len(said()) > 5


@pytest.mark.parametrize("text", said())
def test_no_sentence_of_the_rules_keeps_its_file(text: str, report: Report) -> None:
    changed = without_files(Report(**{**vars_of(report), "verdict": text}), model=True, data=True)
    assert not FILE.search(changed.verdict), changed.verdict


def vars_of(report: Report) -> dict[str, Any]:
    """The parts of a report by name."""
    return {name: getattr(report, name) for name in Report.__dataclass_fields__}


@pytest.mark.parametrize(
    ("x", "y", "asked"),
    [
        (X, SMOOTH, {"loss": "mse"}),
        (X, SMOOTH, {}),
        (X[np.argsort(SMOOTH[:, 0])], np.sort(SMOOTH, axis=0), {"loss": "mse", "optimizer": "adam"}),
        (1000 * X, SMOOTH, {"loss": "mse", "optimizer": "sgd", "learning_rate": 1e-4}),
        (np.vstack([X, [[np.nan, 1.0]]]), np.vstack([SMOOTH, [[1.0]]]), {"loss": "mse"}),
        (X, CLASSES, {"loss": "mse"}),
    ],
)
def test_no_report_on_arrays_speaks_of_a_file(x: Any, y: Any, asked: dict[str, Any]) -> None:  # noqa: ANN401
    report = mlpdoctor.check(WEIGHTS, x, y, layers="tanh,linear", quick=True, **asked)
    for text in (str(report), *texts(report.to_dict())):
        assert not FILE.search(text), text


def test_a_model_in_a_file_keeps_its_name_beside_arrays(report: Report) -> None:
    told = Report(**{**vars_of(report), "verdict": "The file holds no loss. The place in the file alone explains it."})
    assert without_files(told, model=False, data=True).verdict == (
        "The file holds no loss. The place in the data alone explains it."
    )
    assert without_files(told, model=True, data=False).verdict == (
        "The model holds no loss. The place in the file alone explains it."
    )
