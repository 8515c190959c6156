"""The ladder for every loss: its rungs keep their order, nothing trained goes below, and references agree."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from effort import examples
from hand_built import examined
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CASES, UNITS, Case, network_for, table
from scipy.optimize import linprog, minimize
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from mlpdoctor.analysis.floors import convex, loss_passes
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Array, Network
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.nn.losses.convex import ConvexLoss

SLACK = 1e-9


def ladder_of(network: Network, X: Array, Y: Array, block: int = 50) -> Ladder:
    found = examined(network, X, Y, block).get(Ladder)
    assert isinstance(found, Ladder), found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@settings(deadline=None, max_examples=examples(10))
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(2, 40),
    features=st.integers(1, 3),
    kind=st.sampled_from(["plain", "repeated", "far", "collinear", "one"]),
    hidden=st.sampled_from([(), ((4, "tanh"),), ((2, None),), ((3, "relu"), (2, None))]),
    block=st.integers(1, 25),
)
def test_rungs_keep_their_order_whatever_the_order_of_rows(
    case: Case,
    seed: int,
    rows: int,
    features: int,
    kind: str,
    hidden: tuple[tuple[int, str | None], ...],
    block: int,
) -> None:
    X, Y = table(case, seed, rows, features, kind)
    network = network_for(case, features, hidden, seed)
    if case.loss.obstacle() is not None:
        return
    ladder = ladder_of(network, X, Y)
    rungs = {rung.name: rung for rung in ladder.rungs}
    if not np.isfinite(rungs["model"].value):  # an exponential that overflows
        return
    slack = SLACK * max(abs(rung.value) for rung in ladder.rungs) + 1e-6  # Keras keeps probabilities 1e-7 from 0 and 1
    lowest = [rungs[name] for name in ("data", "architecture", "readout", "model") if name in rungs]
    for below, above in pairwise(lowest):
        assert below.lower <= above.value + slack, (below, above)
    assert ladder.perfect <= rungs["data"].value + slack
    assert rungs["data"].value <= rungs["constant"].value + slack
    if "affine" in rungs:
        assert rungs["data"].lower <= rungs["affine"].value + slack
        assert rungs["affine"].value <= rungs["constant"].value + slack
    for rung in ladder.rungs:
        assert rung.lower <= rung.value
        assert np.isfinite([rung.value, rung.lower, *rung.per_part]).all(), rung
    order = np.random.default_rng(seed).permutation(rows)
    other = ladder_of(network, X[order], Y[order], block)
    assert [rung.name for rung in other.rungs] == list(rungs)
    for mine, theirs in zip(ladder.rungs, other.rungs, strict=True):
        doubt = max(slack, mine.value - mine.lower, theirs.value - theirs.lower)
        assert theirs.value == pytest.approx(mine.value, rel=1e-7, abs=doubt)


def affine(case: Case, X: Array, Y: Array) -> Any:  # noqa: ANN401
    """The fits of the affine rung, and the objective they belong to."""
    answers = examined(network_for(case, X.shape[1], (), 0), X, Y)
    found = answers.get(LinearFloor)
    assert isinstance(found, LinearFloor), found
    return found.fits, answers.get(Objective)


SMOOTH = [case for case in CASES if isinstance(case.loss, ConvexLoss) and "inge" not in case.name]


@pytest.mark.slow
@pytest.mark.parametrize("case", SMOOTH, ids=str)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_predictor_that_scipy_finds_is_better(case: Case, seed: int) -> None:
    X, Y = table(case, seed, 120, 3, "plain")
    fits, objective = affine(case, X, Y)
    design = np.column_stack([np.ones(len(X)), X])
    for part, fit in zip(objective.parts, fits, strict=True):
        targets = part.loss.frame(part.targets(Y))
        free = targets.shape[1] - part.loss.reference

        def mean(flat: Array, part: Any = part, targets: Array = targets, free: int = free) -> float:  # noqa: ANN401
            z = design @ flat.reshape(4, free)
            z = np.concatenate([z, np.zeros((len(z), 1))], axis=1) if part.loss.reference else z
            return float(part.loss.at(targets, z).mean())

        found = minimize(mean, np.zeros(4 * free), method="BFGS", options={"gtol": 1e-9})
        assert fit.value <= found.fun + 1e-9
        assert fit.value == pytest.approx(found.fun, rel=1e-5, abs=1e-7)
        # Keras's epsilon lets these two end lower than their formula, by its surprise for each share that is no target.
        epsilon = {"Poisson": 2.02e-7, "KLDivergence": 1.62e-6 * targets.shape[1]}.get(case.name, 0.0)
        assert 0 <= fit.value - fit.lower <= 1e-9 * max(abs(fit.value), 1) + epsilon
        if fit.attained:
            best = np.array(fit.coefficients).T
            assert mean(best.ravel()) == pytest.approx(fit.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_logistic_and_softmax_regression_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 4)) * [1, 10, 0.1, 1] + 5
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (standard @ rng.normal(size=(4, 3)) + rng.gumbel(size=(300, 3))).argmax(axis=1).astype(float)[:, None]
    (fit,), _ = affine(next(case for case in CASES if str(case) == "SparseCategoricalCrossentropy()"), X, y)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000).fit(standard, y[:, 0])
    reference = -model.predict_log_proba(standard)[np.arange(300), y[:, 0].astype(int)].mean()
    assert fit.value == pytest.approx(reference, rel=1e-6)
    assert fit.value - fit.lower < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_poisson_regression_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    y = rng.poisson(np.exp(X @ [0.5, -0.3, 0.2] + 0.4)).astype(float)
    fits, _ = affine(next(case for case in CASES if case.name == "Poisson"), X, np.repeat(y[:, None], UNITS, axis=1))
    rate = PoissonRegressor(alpha=0, tol=1e-10, max_iter=5000).fit(X, y).predict(X)
    assert fits[0].value == pytest.approx((rate - y * np.log(rate)).mean(), rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_linear_classifier_by_hinge_loss_is_that_of_a_linear_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2))
    y = np.sign(X @ [1.0, -1.0] + rng.normal(size=80))
    fits, _ = affine(next(case for case in CASES if str(case) == "Hinge()"), X, np.repeat(y[:, None], UNITS, axis=1))
    design = y[:, None] * np.column_stack([np.ones(80), X])
    found = linprog(
        np.concatenate([np.zeros(3), np.full(80, 1 / 80)]),
        A_ub=-np.concatenate([design, np.eye(80)], axis=1),
        b_ub=-np.ones(80),
        bounds=[(None, None)] * 3 + [(0, None)] * 80,
    )
    assert fits[0].lower - 1e-12 <= found.fun <= fits[0].value + 1e-12
    assert fits[0].value - fits[0].lower <= 1e-4 * fits[0].value


@pytest.mark.parametrize("name", ["BinaryCrossentropy()", "Huber()", "Poisson()", "SparseCategoricalCrossentropy()"])
def test_rows_that_do_not_fit_into_memory_lead_to_the_same_rungs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES if str(case) == name)
    X, Y = table(case, 5, 2000, 3, "plain")
    exact, _ = affine(case, X, Y)
    monkeypatch.setattr(convex, "KEPT_CELLS", 2000)
    found, _ = affine(case, X, Y)
    for mine, theirs in zip(exact, found, strict=True):
        assert theirs.value == pytest.approx(mine.value, rel=1e-9)
        assert theirs.value - theirs.lower < (2e-7 if case.loss.capped else 1e-8)  # an epsilon of Keras's


@pytest.mark.parametrize("case", [case for case in CASES if case.loss.linear == "convex"], ids=str)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.series
def test_without_second_derivatives_the_optimum_is_bracketed_all_the_same(
    case: Case, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for pictures in ten classes; here with few coefficients, so that Newton's method has the answer."""
    X, Y = table(case, seed, 200, 3, "plain")
    exact, _ = affine(case, X, Y)
    flat = examined(network_for(case, 3, (), 0), X, Y).get(ConstantFloor)
    assert isinstance(flat, ConstantFloor)
    monkeypatch.setattr(convex, "MOST_WORK", 0.0)
    found, _ = affine(case, X, Y)
    for mine, theirs, constant in zip(found, exact, flat.fits, strict=True):
        assert mine.lower <= theirs.value + 1e-9
        assert theirs.lower <= mine.value + 1e-9
        assert mine.value - mine.lower <= 1e-2 * abs(constant.value) + 1e-9


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy()", "BinaryCrossentropy()", "Poisson()", "Huber()"])
def test_a_dual_point_of_which_few_rows_are_moved_proves_no_more_than_is_true(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in CASES if str(case) == name)
    X, Y = table(case, seed, 200, 3, "plain")
    exact, _ = affine(case, X, Y)
    monkeypatch.setattr(convex, "MOST_WORK", 0.0)
    monkeypatch.setattr(loss_passes, "FEW_CELLS", 0)
    found, _ = affine(case, X, Y)
    for mine, theirs in zip(found, exact, strict=True):
        assert mine.lower <= theirs.value * (1 + 1e-9)
        assert mine.lower >= 0.99 * theirs.value
        assert mine.value >= theirs.lower * (1 - 1e-9)


def test_sure_answers_of_shares_that_are_none_reach_what_is_proved() -> None:
    """Keras clips the answers: a class that is no target costs nothing from 1e-7 down, however sure its answer is."""
    case = next(case for case in CASES if str(case) == "KLDivergence()one-hot")
    X = np.array([[0.0], [1.0], [2.0]])
    Y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    fits, objective = affine(case, X, Y)
    assert isinstance(case.loss, ConvexLoss)
    answers = case.loss.answer(np.concatenate([X * 400 - 200, X * 700 - 600, np.zeros_like(X)], axis=1)[:, [2, 0, 1]])
    reached = case.loss.values(objective.parts[0].targets(Y), answers).mean()
    assert reached == pytest.approx(0, abs=1e-12)
    assert fits[0].lower <= reached + 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_points_that_are_bright_in_a_few_pictures_alone_prove_no_more_than_is_true(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some classes are never bright there, and their loss only falls towards its least: where nothing is proved, 0."""
    case = next(case for case in CASES if str(case) == "SparseCategoricalCrossentropy()")
    rng = np.random.default_rng(seed)
    Y = rng.integers(UNITS, size=(300, 1)).astype(np.float64)
    kinds = rng.random((UNITS, 6))
    X = np.maximum(kinds[Y[:, 0].astype(int)] + rng.normal(size=(300, 6)), 0)
    X[:, 3:] *= rng.random((300, 3)) < (0.02, 0.05, 0.3)
    X[:, 4] *= Y[:, 0] == 0
    exact, _ = affine(case, X, Y)
    monkeypatch.setattr(convex, "MOST_WORK", 0.0)
    monkeypatch.setattr(loss_passes, "FEW_CELLS", 0)
    (mine,), (theirs,) = affine(case, X, Y)[0], exact
    assert theirs.lower >= 0.9 * theirs.value > 0
    assert 0 <= mine.lower <= theirs.value * (1 + 1e-9)
    assert theirs.lower * (1 - 1e-9) <= mine.value <= 1.05 * theirs.value


def test_classes_that_a_plane_tells_apart_have_a_floor_of_zero_that_is_not_reached() -> None:
    case = next(case for case in CASES if str(case) == "SparseCategoricalCrossentropy()")
    X = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [20.0]])
    Y = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [2.0]])
    (fit,), _ = affine(case, X, Y)
    assert (fit.value, fit.lower, fit.attained) == (0.0, 0.0, False)
    ladder = ladder_of(network_for(case, 1, (), 0), X, Y)
    rung = ladder.rung("affine")
    assert rung is not None
    assert "never reached" in rung.witness


def test_soft_labels_keep_their_entropy_in_every_rung() -> None:
    case = next(case for case in CASES if case.name == "KLDivergence" and not case.note)
    smooth = Case("CategoricalCrossentropy", case.targets, case.outputs)
    X, Y = table(smooth, 7, 50, 2, "plain")
    entropy = float(-(Y * np.log(np.maximum(Y, 1e-300))).sum(axis=1).mean())
    found = ladder_of(network_for(smooth, 2, (), 0), X, Y)
    assert found.perfect == pytest.approx(entropy, rel=1e-9)
    assert found.value("data") == pytest.approx(entropy, rel=1e-9)
    divergence = ladder_of(network_for(case, 2, (), 0), X, Y)
    assert divergence.perfect == pytest.approx(0.0, abs=1e-6)
    for name in ("constant", "affine"):
        assert (found.value(name) or 0) - entropy == pytest.approx(divergence.value(name), abs=1e-6)


SPOILT: dict[str, Any] = {
    "scales of 1e-8 and 1e8": lambda X: X * [1e-8, 1e8, 1.0],
    "an offset of 1e9": lambda X: np.round(X * 2**20) / 2**20 + [1e9, 0.0, -1e9],
    "a constant column": lambda X: np.column_stack([X, np.full(len(X), 7.0)]),
    "a column that is a sum of others": lambda X: np.column_stack([X, X[:, 0] - 2 * X[:, 1]]),
    "a column twice": lambda X: np.column_stack([X, X[:, :1]]),
}


@pytest.mark.slow
@pytest.mark.parametrize("spoil", sorted(SPOILT))
@pytest.mark.parametrize("case", [case for case in CASES if case.loss.linear is not None], ids=str)
def test_no_scale_offset_or_dependence_of_columns_changes_the_best_predictor(case: Case, spoil: str) -> None:
    X, Y = table(case, 11, 60, 3, "plain")
    X = np.round(X * 2**20) / 2**20  # so that the offset leaves the values what they are
    plain, _ = affine(case, X, Y)
    spoilt, _ = affine(case, SPOILT[spoil](X), Y)
    for mine, theirs in zip(plain, spoilt, strict=True):
        doubt = mine.value - mine.lower + theirs.value - theirs.lower
        assert theirs.value == pytest.approx(mine.value, rel=1e-6, abs=doubt + 1e-9)
        assert theirs.lower <= mine.value + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("rows", [1, 2, 4])
def test_fewer_rows_than_coefficients_are_fitted_as_well_as_can_be(case: Case, rows: int) -> None:
    X, Y = table(case, 12, rows, 3, "plain")
    if case.loss.obstacle() is not None:
        return
    ladder = ladder_of(network_for(case, 3, (), 1), X, Y)
    affine_rung, data = ladder.value("affine"), ladder.value("data") or 0.0
    if affine_rung is not None:  # a plane goes through any four points
        assert affine_rung == pytest.approx(data, abs=2e-6 + 1e-6 * abs(data))
