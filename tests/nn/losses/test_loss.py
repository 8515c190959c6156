"""What targets a loss takes, and what it makes of them."""

import numpy as np
import pytest
from loss_cases import CASES, Case

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.losses.loss import ColumnValues, TargetKind, complaint
from mlpdoctor.nn.losses.registry import build


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_targets_drawn_for_a_loss_are_what_it_takes(case: Case) -> None:
    targets = case.targets(np.random.default_rng(0), 50, 3)
    assert targets.shape[1] == case.loss.columns(3)
    seen = ColumnValues(float(targets.min()), float(targets.max()), bool((targets == np.round(targets)).all()))
    assert complaint(case.loss.targets, seen, 3) is None
    assert case.loss.encode(targets, 3).shape == (50, 3)


@pytest.mark.parametrize(
    ("kind", "low", "high", "whole"),
    [
        (TargetKind.COUNT, -1, 5, True),
        (TargetKind.UNIT, 0, 9, True),
        (TargetKind.UNIT, -0.1, 1, False),
        (TargetKind.SIGN, -1, 1, False),
        (TargetKind.SIGN, 0, 2, True),
        (TargetKind.SIGN, -1, 0, True),
        (TargetKind.CLASS, 0, 3, True),
        (TargetKind.CLASS, 1, 3, True),
        (TargetKind.CLASS, 0, 1, False),
    ],
)
def test_other_targets_are_complained_about(kind: TargetKind, low: float, high: float, *, whole: bool) -> None:
    words = complaint(kind, ColumnValues(low, high, whole), 3)
    assert words is not None
    assert f"from {low:g} to {high:g}" in words


def test_class_numbers_become_ones_among_zeros() -> None:
    loss = build(LossConfig("sparse_categorical_crossentropy"))
    assert loss is not None
    encoded = loss.encode(np.array([[0.0], [2.0], [3.0], [-1.0], [0.5], [np.nan]]), 3)
    np.testing.assert_array_equal(encoded[:2], [[1, 0, 0], [0, 0, 1]])
    assert np.isnan(encoded[2:]).all()
    values = loss.values(encoded, np.full((6, 3), 1 / 3))
    np.testing.assert_array_equal(np.isnan(values[:, 0]), [False, False, True, True, True, True])


def test_rows_without_one_class_are_no_number_for_the_categorical_hinge() -> None:
    loss = build(LossConfig("categorical_hinge"))
    assert loss is not None
    encoded = loss.encode(np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.3, 0.7]]), 2)
    np.testing.assert_array_equal(np.isnan(encoded[:, 0]), [False, True, True, True])


def test_zeros_become_minus_ones_for_the_hinge() -> None:
    for name in ("hinge", "squared_hinge"):
        loss = build(LossConfig(name))
        assert loss is not None
        np.testing.assert_array_equal(loss.encode(np.array([[0.0], [1.0], [-1.0]]), 1), [[-1.0], [1.0], [-1.0]])


def test_smoothed_labels() -> None:
    one_hot, binary = np.eye(4), np.array([[0.0], [1.0]])
    for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy"):
        loss = build(LossConfig(name, {"label_smoothing": 0.2}))
        assert loss is not None
        np.testing.assert_allclose(loss.encode(one_hot, 4)[0], [0.85, 0.05, 0.05, 0.05])
    for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy"):
        loss = build(LossConfig(name, {"label_smoothing": 0.2}))
        assert loss is not None
        np.testing.assert_allclose(loss.encode(binary, 1), [[0.1], [0.9]])


OBSTACLES = [
    ("SparseCategoricalCrossentropy", {"ignore_class": 255}, "class 255"),
    ("CategoricalCrossentropy", {"axis": 0}, "axis 0"),
    ("CosineSimilarity", {"axis": 0}, "axis 0"),
    ("CategoricalFocalCrossentropy", {"axis": 2}, "axis 2"),
    ("CategoricalFocalCrossentropy", {"alpha": [0.5, -1.0]}, "negative weight"),
    ("BinaryFocalCrossentropy", {"gamma": -1.0}, "gamma"),
    ("BinaryFocalCrossentropy", {"alpha": 2.0, "apply_class_balancing": True}, "alpha of 2"),
    ("Huber", {"delta": 0.0}, "delta"),
]


@pytest.mark.parametrize(("name", "options", "word"), OBSTACLES)
def test_options_without_a_ladder_say_why(name: str, options: dict[str, object], word: str) -> None:
    plain, special = build(LossConfig(name)), build(LossConfig(name, options))
    assert plain is not None
    assert special is not None
    assert plain.obstacle() is None
    assert word in (special.obstacle() or "")


MISFITS: list[tuple[str, dict[str, object], str, float, str]] = [
    ("KLDivergence", {}, "sigmoid", 0.0, "distributions"),
    ("CategoricalCrossentropy", {}, "linear", -np.inf, "from_logits"),
    ("CategoricalFocalCrossentropy", {}, "tanh", -1.0, "from_logits"),
    ("BinaryFocalCrossentropy", {}, "softmax", 0.0, "softmax"),
    ("BinaryFocalCrossentropy", {}, "linear", -np.inf, "probabilities"),
]


@pytest.mark.parametrize(("name", "options", "activation", "low", "word"), MISFITS)
def test_activations_without_a_ladder_say_why(
    name: str, options: dict[str, object], activation: str, low: float, word: str
) -> None:
    loss = build(LossConfig(name, options))
    assert loss is not None
    assert word in (loss.misfit(activation, low) or "")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_usual_activation_fits(case: Case) -> None:
    usual = {"normal": ("linear", -np.inf), "positive": ("exponential", 0.0), "distributions": ("softmax", 0.0)}
    assert case.loss.misfit(*usual.get(case.outputs.__name__, ("sigmoid", 0.0))) is None
