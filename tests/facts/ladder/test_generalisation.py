"""The ladder on unseen rows: what a reader works out by hand with the coefficients of the rows trained on."""

import numpy as np
import pytest
from memorised import checked, fitted, rows
from sklearn.linear_model import LogisticRegression

import mlpdoctor
from mlpdoctor.core.network import Array


def of_unseen(report: mlpdoctor.Report) -> dict[str, dict[str, float]]:
    return {rung["name"]: rung for rung in report.to_dict()["unseen"]["ladder"]["rungs"]}


def test_mean_line_and_network_of_the_rows_trained_on_are_judged_on_the_others() -> None:
    (x, y), (u, v) = rows(120, 0), rows(70, 1)
    weights = fitted(x, y, 20)
    report = checked(weights, x, y, validation=(u, v))
    found = of_unseen(report)
    design = np.concatenate([np.ones((120, 1)), x], axis=1)
    line = np.linalg.lstsq(design, y, rcond=None)[0]
    kernel, bias, last, start = weights
    model = (np.tanh(u @ kernel + bias) @ last + start)[:, 0]
    for name, answer in (("constant", y.mean()), ("affine", line[0] + u @ line[1:]), ("model", model)):
        losses = (answer - v) ** 2
        assert found[name]["value"] == pytest.approx(losses.mean(), rel=1e-9)
        assert found[name]["error"] == pytest.approx(losses.std(ddof=1) / np.sqrt(70), rel=1e-9)
    unseen = report.to_dict()["unseen"]
    assert unseen["rows"] == 70
    assert unseen["gap"] == pytest.approx(found["model"]["value"] - report.ladder["model"].value)


LOSSES = ["mse", "mae", "huber", "log_cosh"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_rows_trained_on_have_one_ladder_as_unseen_rows_too(loss: str, *, weighted: bool) -> None:
    x, y = rows(90, 2)
    weight = np.linspace(0.1, 3, 90) if weighted else None
    again = (x.copy(), y.copy()) if weight is None else (x.copy(), y.copy(), weight)
    report = checked(fitted(x, y, 12), x, y, loss, sample_weight=weight, validation=again)
    found = of_unseen(report)
    assert set(found) == {"constant", "affine", "model"}
    for name, rung in found.items():
        assert rung["value"] == pytest.approx(report.ladder[name].value, rel=1e-6)
    assert report.to_dict()["unseen"]["gap"] == pytest.approx(0, abs=1e-9)


def test_units_with_targets_of_their_own_add_up_as_in_the_first_ladder() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    weights = [np.eye(3), np.zeros(3), rng.normal(size=(3, 2)), np.array([0.1, 0.2])]
    report = checked(weights, x, y, validation=(x.copy(), y.copy()))
    for name, rung in of_unseen(report).items():
        assert rung["value"] == pytest.approx(report.ladder[name].value, rel=1e-9)


def classes(number: int, seed: int, kinds: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(number, 3))
    scores = x @ np.random.default_rng(9).normal(size=(3, kinds)) + 0.8 * rng.gumbel(size=(number, kinds))
    return x, scores.argmax(axis=1)


@pytest.mark.parametrize(("kinds", "loss"), [(2, "binary_crossentropy"), (3, "sparse_categorical_crossentropy")])
def test_classes_are_judged_by_the_logistic_regression_of_the_rows_trained_on(kinds: int, loss: str) -> None:
    (x, y), (u, v) = classes(300, 0, kinds), classes(150, 1, kinds)
    units = 1 if kinds == 2 else kinds
    weights = [np.eye(3), np.zeros(3), np.random.default_rng(0).normal(size=(3, units)), np.full(units, 0.1)]
    last = "sigmoid" if units == 1 else "softmax"
    report = mlpdoctor.check(weights, x, y, layers=f"tanh,{last}", loss=loss, validation=(u, v))
    found = of_unseen(report)
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000).fit(x, y)
    expected = -np.log(line.predict_proba(u)[np.arange(150), v])
    assert found["affine"]["value"] == pytest.approx(expected.mean(), rel=1e-4)
    shares = np.bincount(y) / len(y)
    assert found["constant"]["value"] == pytest.approx(-np.log(shares[v]).mean(), rel=1e-6)


def test_labels_that_the_loss_does_not_take_leave_the_ladder_out() -> None:
    x, y = classes(100, 0, 3)
    weights = [np.eye(3), np.zeros(3), np.ones((3, 3)) * 0.1, np.full(3, 0.1)]
    u, v = classes(50, 1, 3)
    report = mlpdoctor.check(
        weights, x, y, layers="tanh,softmax", loss="sparse_categorical_crossentropy", validation=(u, v + 1)
    )
    assert report.to_dict()["unseen"] is None
    reasons = {one["code"]: one["reason"] for one in report.to_dict()["checks"]}
    assert "class numbers from 0 to 2" in (reasons["L509"] or "")
