"""``validation=`` and ``split=``: rows in memory that a model was not trained on, of every kind that ``fit`` takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from memorised import checked, codes, fitted, rows
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import mlpdoctor
from mlpdoctor.core.errors import InputError


def test_a_split_of_the_rows_is_the_same_as_the_parts() -> None:
    x, y = rows(150, 0)
    trained, other, wanted, unseen = train_test_split(x, y, test_size=0.4, random_state=3)
    weights = fitted(trained, wanted, 80)
    by_split = checked(weights, x, y, split="0.4:3")
    by_parts = checked(weights, trained, wanted, validation=(other, unseen))
    assert by_split.verdict == by_parts.verdict
    assert codes(by_split)["L509"] == codes(by_parts)["L509"]
    gaps = [report.to_dict()["unseen"]["gap"] for report in (by_split, by_parts)]
    assert gaps[0] == pytest.approx(gaps[1], rel=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_labels_of_a_classifier_of_scikit_learn_are_numbered_alike() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    words = np.array(["ant", "bee", "cat"])[np.digitize(x[:, 0], [-0.4, 0.4])]
    model = MLPClassifier((8,), max_iter=60, random_state=0).fit(x[:200], words[:200])
    kept = np.flatnonzero(words[200:] != "ant") + 200
    report = mlpdoctor.check(model, x[:200], words[:200], validation=(x[kept], words[kept]))
    found = {rung["name"]: rung["value"] for rung in report.to_dict()["unseen"]["ladder"]["rungs"]}
    expected = log_loss(words[kept], model.predict_proba(x[kept]), labels=model.classes_)
    assert found["model"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": 1.5}, "split"),
        ({"split": "0.2:x"}, "split"),
        ({"validation": 3}, "expected a path, (x, y) or (x, y, sample_weight)"),
        ({"validation": (np.zeros((5, 4)),)}, "expected a path"),
        ({"validation": (np.zeros((5, 4)), np.zeros(4))}, "rows"),
        ({"validation": (np.zeros((5, 3)), np.zeros(5))}, "3 columns"),
        ({"validation": (np.zeros((5, 4)), np.zeros((5, 2)))}, "2 targets"),
        ({"validation": (np.zeros((5, 4)), np.zeros(5)), "split": 0.2}, "leave split out"),
        ({"validation": "none.csv"}, "none.csv: there is no such file"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(options: dict[str, Any], said: str) -> None:
    x, y = rows(60, 1)
    with pytest.raises(InputError) as refused:
        checked(fitted(x, y, 5), x, y, **options)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_rows_without_the_rows_trained_on_are_refused() -> None:
    x, y = rows(60, 1)
    with pytest.raises(InputError, match="rows trained on"):
        mlpdoctor.check(fitted(x, y, 5), layers="tanh,linear", loss="mse", validation=(x, y))


def test_a_file_beside_rows_in_memory(tmp_path: Path) -> None:
    (x, y), (other, unseen) = rows(80, 2), rows(60, 3)
    np.savez(tmp_path / "val.npz", x=other, y=unseen)
    weights = fitted(x, y, 60)
    by_path = checked(weights, x, y, validation=tmp_path / "val.npz")
    by_parts = checked(weights, x, y, validation=(other, unseen))
    assert by_path.to_dict()["unseen"]["gap"] == by_parts.to_dict()["unseen"]["gap"]
