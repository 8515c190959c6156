"""D707: a rare class is spoken of when the model ignores it, and blamed only when it could be told apart."""

from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    stack,
    told,
    train,
)
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import cross_val_predict
from sklearn.utils.class_weight import compute_class_weight

from mlpdoctor.analysis.floors.ridge import found_out_of_sample
from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Status


def two(share: float, gap: float, rows: int = 2000, seed: int = 0, width: int = 4) -> tuple[Table, Table]:
    """Normal features; those of the rare class lie ``gap`` standard deviations further along the first."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(float)[:, None]
    x = rng.normal(size=(rows, width))
    x[:, :1] += gap * y
    return x, y


def timid(share: float, slope: float = 0.3, loss: str = "binary_crossentropy", width: int = 4) -> Model:
    """A model that leans the right way and never as far as one half."""
    activation = None if "logits" in loss else "sigmoid"
    chosen = keras.losses.BinaryCrossentropy(from_logits=True) if activation is None else loss
    model = compiled(stack(width, L.Dense(1, activation, name="out")), chosen)
    put(model.get_layer("out"), [[slope]] + [[0.0]] * (width - 1), [np.log(share / (1 - share)) - slope / 4])
    return model


def code(finding: Finding) -> str:
    assert finding.evidence.remedy is not None
    return finding.evidence.remedy.code or ""


@pytest.mark.parametrize("share", [0.01, 0.03, 0.08])
@pytest.mark.parametrize("loss", ["binary_crossentropy", "logits", "mse"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.series
def test_a_class_that_could_be_told_and_is_ignored(share: float, loss: str, seed: int, tmp_path: Path) -> None:
    x, y = two(share, 5.0, seed=seed)
    model = timid(share, loss=loss)
    finding = only(report := examined(tmp_path, model, x, y, rules=("D707",)), "D707")
    answers = predicted(model, x)[:, 0] > (0.0 if loss == "logits" else 0.5)
    assert number(finding, "recall_share") == recall_score(y[:, 0], answers, zero_division=0) <= 0.1
    assert number(finding, "class_share") == pytest.approx(y.mean())
    assert number(finding, "class_rows") == y.sum()
    assert finding.severity is Severity.WARNING, told(report)
    assert finding.evidence.certainty is Certainty.MEASURED
    assert "class 1" in finding.message
    weights = compute_class_weight("balanced", classes=np.array([0, 1]), y=y[:, 0].astype(int))
    assert code(finding) == f"model.fit(x, y, class_weight={{0: {weights[0]:.3g}, 1: {weights[1]:.3g}}})"


@pytest.mark.parametrize("one_hot", [False, True])
def test_the_rare_one_of_three_classes(one_hot: bool, tmp_path: Path) -> None:  # noqa: FBT001
    rng = np.random.default_rng(3)
    number_of = rng.choice(3, 3000, p=[0.6, 0.37, 0.03])
    x = rng.normal(size=(3000, 2)) + np.array([[4.0, 0], [-4, 0], [0, 7]])[number_of]
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model = compiled(stack(2, L.Dense(3, "softmax", name="out")), loss)
    put(model.get_layer("out"), [[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]], [0.0, 0.0, -3.0])
    y = np.eye(3)[number_of] if one_hot else number_of[:, None].astype(float)
    finding = only(report := examined(tmp_path, model, x, y, rules=("D707",)), "D707")
    recalls = recall_score(number_of, predicted(model, x).argmax(axis=1), average=None, zero_division=0)
    assert finding.evidence.numbers["recall"] == {str(k): recalls[k] for k in range(3)}
    assert finding.severity is Severity.WARNING, told(report)
    assert "class 2" in finding.message
    cost = -np.log(predicted(model, x)[np.arange(3000), number_of])
    assert number(finding, "loss_share") == pytest.approx(cost[number_of == 2].sum() / cost.sum(), rel=1e-4)


def test_a_label_of_several_is_named_as_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    y = (rng.random((2000, 3)) < [0.5, 0.04, 0.3]).astype(float)
    x = rng.normal(size=(2000, 3)) + 5 * y
    model = compiled(stack(3, L.Dense(3, "sigmoid", name="out")), "binary_crossentropy")
    put(model.get_layer("out"), np.diag([2.0, 0.3, 2.0]), [-5.0, -3.5, -5.0])
    finding = only(report := examined(tmp_path, model, x, y, rules=("D707",)), "D707")
    assert "label 1" in finding.message
    assert finding.severity is Severity.WARNING, told(report)
    assert "Focal" in code(finding)


@pytest.mark.parametrize("gap", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.series
def test_false_alarm_an_honest_model_of_classes_that_overlap(gap: float, seed: int, tmp_path: Path) -> None:
    x, y = two(0.03, gap, seed=seed)
    fit = LogisticRegression().fit(x, y[:, 0])
    model = compiled(stack(4, L.Dense(1, "sigmoid", name="out")), "binary_crossentropy")
    put(model.get_layer("out"), fit.coef_.T, fit.intercept_)
    finding = only(examined(tmp_path, model, x, y, rules=("D707",)), "D707")
    assert finding.severity is Severity.NOTE
    assert "rightly" in finding.evidence.why


@pytest.mark.parametrize("share", [0.02, 0.05])
@pytest.mark.series
def test_false_alarm_a_rare_class_that_the_model_finds(share: float, tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    x, y = two(share, 6.0)
    model = stack(4, L.Dense(8, "tanh"), L.Dense(1, "sigmoid"))
    model.compile("adam", "binary_crossentropy")
    assert quiet(examined(tmp_path, train(model, x, y, 30), x, y, rules=("D707",)), "D707")


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_false_alarm_mild_imbalance(share: float, tmp_path: Path) -> None:
    x, y = two(share, 5.0)
    assert quiet(examined(tmp_path, timid(share), x, y, rules=("D707",)), "D707")


def test_false_alarm_many_even_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    y = rng.integers(0, 20, (2000, 1)).astype(float)
    model = compiled(stack(2, L.Dense(20, "softmax")), "sparse_categorical_crossentropy")
    assert quiet(examined(tmp_path, model, rng.normal(size=(2000, 2)), y, rules=("D707",)), "D707")


def test_a_handful_of_rows_says_nothing(tmp_path: Path) -> None:
    x, y = two(0.0, 0.0)
    y[:7] = 1
    assert quiet(examined(tmp_path, timid(0.01), x, y, rules=("D707",)), "D707")


def test_before_training_it_is_a_note(tmp_path: Path) -> None:
    x, y = two(0.03, 5.0)
    model = compiled(stack(4, L.Dense(1, "sigmoid", name="out")), "binary_crossentropy", updates=0)
    put(model.get_layer("out"), np.zeros((4, 1)), [0.0])
    model.get_layer("out").kernel.assign([[0.0], [-0.1], [0.0], [0.0]])
    for finding in found(examined(tmp_path, model, x, y, rules=("D707",)), "D707"):
        assert finding.severity is Severity.NOTE


def test_a_model_at_the_constant_is_spoken_of_first(tmp_path: Path) -> None:
    x, y = two(0.04, 5.0)
    report = examined(tmp_path, timid(0.04, slope=1e-4), x, y)
    assert only(report, "D707").because_of == "L502", told(report)


def test_numbers_are_no_classes(tmp_path: Path) -> None:
    x, y = two(0.03, 5.0)
    model = compiled(stack(4, L.Dense(1)))
    assert (
        outcome(examined(tmp_path, model, x, y + 0.5 * x[:, 1:2], rules=("D707",)), "D707").status
        is Status.NOT_APPLICABLE
    )


@pytest.mark.parametrize("gap", [2.0, 3.0, 5.0])
@pytest.mark.parametrize("share", [0.02, 0.08])
def test_the_plain_fit_finds_what_scikit_learn_finds(gap: float, share: float) -> None:
    x, y = two(share, gap, rows=4000, seed=7)
    member = y[:, 0] > 0
    recall, precision = found_out_of_sample(x, member)
    other = cross_val_predict(LogisticRegression(), np.concatenate([x, x**2], axis=1), member, cv=3)
    assert recall == pytest.approx(recall_score(member, other), abs=0.12)
    assert precision > 0.5


def test_a_class_inside_the_others_is_found_by_squares() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, (4000, 2))
    recall, precision = found_out_of_sample(x, np.square(x).sum(axis=1) < 0.1)
    assert min(recall, precision) > 0.6


def test_breast_cancer_and_digits_trained_to_the_end_are_quiet(tmp_path: Path) -> None:
    keras.utils.set_random_seed(9)
    for k, load in enumerate((datasets.load_breast_cancer, datasets.load_digits)):
        x, y = load(return_X_y=True)
        x = (x - x.mean(axis=0)) / (x.std(axis=0) + (x.std(axis=0) == 0))
        model = stack(x.shape[1], L.Dense(16, "relu"), L.Dense(int(y.max()) + 1, "softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        (folder := tmp_path / str(k)).mkdir()
        assert quiet(
            examined(folder, train(model, x, y[:, None].astype(float), 20), x, y[:, None], rules=("D707",)), "D707"
        )


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, timid(0.1), rules=("D707",)), "D707")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
