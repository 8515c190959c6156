"""What the search for the best linear predictor, and the proof that it is best, take for granted of convex losses."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CONVEX, Case

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

UNITS = 3
ROWS = 6
SHARP = 1e-2
"""Temperature of a soft maximum whose corner differences of slopes cannot resolve."""
seeds = st.integers(0, 2**32 - 1)
spreads = st.sampled_from([0.1, 1.0, 5.0, 20.0])
each_convex_loss = pytest.mark.parametrize("case", CONVEX, ids=str)


def drawn(case: Case, seed: int, spread: float) -> tuple[ConvexLoss, np.random.Generator, Array, Array]:
    rng = np.random.default_rng(seed)
    loss = case.convex
    targets = case.encoded(rng, ROWS, UNITS)
    framed = loss.frame(targets if loss.joint else targets[:, :1])
    return loss, rng, framed, predictors(loss, rng, framed.shape, spread)


def predictors(loss: ConvexLoss, rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Array:
    z = rng.normal(0, min(spread, 3.0) if loss.link == "log" else spread, shape)
    if loss.reference:
        z[:, -1] = 0.0
    return z


def some_slopes(loss: ConvexLoss, rng: np.random.Generator, targets: Array) -> Array:
    """Slopes that the loss has somewhere: between those at two places."""
    one, other = (loss.slope(targets, predictors(loss, rng, targets.shape, 3.0)) for _ in range(2))
    share = rng.random((len(targets), 1))
    return share * one + (1 - share) * other


@each_convex_loss
@settings(max_examples=examples(20), deadline=None)
@given(seed=seeds, spread=spreads)
def test_the_slope_and_the_curvature_are_derivatives(case: Case, seed: int, spread: float) -> None:
    whole, rng, targets, z = drawn(case, seed, spread)
    step = 1e-5
    for loss in {whole, *(stage for stage in whole.stages() if not getattr(stage, "secant", False))}:
        way = rng.normal(size=z.shape)
        ahead, behind = loss.at(targets, z + step * way), loss.at(targets, z - step * way)
        turn = loss.slope(targets, z + step * way) - loss.slope(targets, z - step * way)
        along = (loss.slope(targets, z) * way).sum(axis=1)
        error = np.abs((ahead - behind) / (2 * step) - along)
        # The chord of a convex function is as steep as the function somewhere in between.
        assert (error <= 1e-6 * (1 + np.abs(along)) + np.abs((turn * way).sum(axis=1))).all()
        if getattr(loss, "temperature", 1.0) < SHARP:
            continue  # bends within a step
        diagonal, factor = loss.curvature(targets, z)
        bent = diagonal * way - (0 if factor is None else factor * (factor * way).sum(axis=1, keepdims=True))
        there, here = (loss.curvature(targets, z + side * way * step)[0] for side in (1, -1))
        smooth = (np.abs(there - here) <= 1e-2 * (1e-3 + np.abs(diagonal))).all(axis=1)
        np.testing.assert_allclose(turn[smooth] / (2 * step), bent[smooth], rtol=5e-3, atol=1e-4)


@each_convex_loss
@settings(max_examples=examples(30), deadline=None)
@given(seed=seeds, spread=spreads)
def test_the_gap_obeys_the_inequality_of_fenchel_and_young(case: Case, seed: int, spread: float) -> None:
    loss, rng, targets, z = drawn(case, seed, spread)
    elsewhere = predictors(loss, rng, z.shape, spread)
    at, there = loss.at(targets, z), loss.at(targets, elsewhere)
    digits = 1e-9 * (1 + np.abs(at) + np.abs(there) + np.abs(z).max() * (1 + np.abs(targets).max()))
    own = loss.gap(targets, z, loss.slope(targets, z))
    assert (own >= 0).all()
    assert (own <= digits).all()
    slopes = some_slopes(loss, rng, targets)
    gap = loss.gap(targets, z, slopes)
    assert (gap >= 0).all()
    assert np.isfinite(gap).all()
    assert (there >= at - gap + (slopes * (elsewhere - z)).sum(axis=1) - digits).all()


@each_convex_loss
def test_the_gap_is_infinite_for_slopes_the_loss_never_has(case: Case) -> None:
    loss, _, targets, z = drawn(case, 0, 1.0)
    if case.name in {"SquaredHinge", "Poisson"}:  # steep without bounds on one side
        wrong = targets if case.name == "SquaredHinge" else -targets - 1
    else:
        wrong = np.full_like(z, -50.0)
    assert np.isposinf(loss.gap(targets, z, wrong)).all()


@each_convex_loss
@settings(max_examples=examples(20), deadline=None)
@given(seed=seeds)
def test_the_gap_is_no_larger_than_it_has_to_be(case: Case, seed: int) -> None:
    """At the point that has the slope the lower bound touches the loss."""
    loss, rng, targets, z = drawn(case, seed, 2.0)
    touching = predictors(loss, rng, z.shape, 2.0)
    slopes = loss.slope(targets, touching)
    bound = loss.at(targets, z) - loss.gap(targets, z, slopes) + (slopes * (touching - z)).sum(axis=1)
    np.testing.assert_allclose(bound, loss.at(targets, touching), rtol=1e-9, atol=1e-8)


@each_convex_loss
@settings(max_examples=examples(20), deadline=None)
@given(seed=seeds)
def test_the_loss_of_a_predictor_is_that_of_the_answer_it_stands_for(case: Case, seed: int) -> None:
    loss, rng, targets, z = drawn(case, seed, 1.0)
    if case.name == "CategoricalHinge":
        unframed, answers = targets[:, :-1], z[:, :-1]
    else:
        from_logits = bool(getattr(loss, "from_logits", False))
        unframed, answers = targets, z if from_logits else loss.answer(z)
    if case.name == "KLDivergence":  # whose frame leaves out the classes at the epsilon
        unframed = loss.encode(targets, targets.shape[1])
    del rng
    found = loss.values(unframed, answers)[:, 0]
    np.testing.assert_allclose(found, loss.at(targets, z), rtol=1e-5, atol=5e-6)  # but for Keras's epsilon


@each_convex_loss
@settings(max_examples=examples(20), deadline=None)
@given(seed=seeds, spread=spreads)
def test_the_last_stand_in_is_close_and_judges_by_the_true_loss(case: Case, seed: int, spread: float) -> None:
    loss, rng, targets, z = drawn(case, seed, spread)
    last = loss.stages()[-1]
    np.testing.assert_allclose(last.at(targets, z), loss.at(targets, z), atol=1e-5)
    slopes = some_slopes(last, rng, targets)
    np.testing.assert_array_equal(last.gap(targets, z, slopes), loss.gap(targets, z, slopes))


@each_convex_loss
@settings(max_examples=examples(20), deadline=None)
@given(seed=seeds)
def test_rows_with_a_margin_cost_nothing_when_predictors_are_scaled_up(case: Case, seed: int) -> None:
    loss, _, targets, z = drawn(case, seed, 1.0)
    margin = loss.margin(targets, z)
    if margin is None:
        return
    assert margin.shape == (ROWS,)
    kept = np.logical_not(margin > 0)
    scaled = loss.at(targets, 1e7 * z)[np.logical_not(kept)]
    np.testing.assert_allclose(scaled, 0.0, atol=1e-6)
    away = loss.at(targets, 1e7 * z)[kept]
    assert (away > 1e-3).all()


@each_convex_loss
def test_the_search_can_start_anywhere(case: Case) -> None:
    """Where nothing bends, Newton's method does not move."""
    loss, _, targets, _ = drawn(case, 0, 1.0)
    far = 100.0 if loss.link == "identity" and not loss.reference and case.name in {"Huber", "LogCosh"} else 0.0
    diagonal, _ = loss.stages()[0].curvature(targets, np.full(targets.shape, far))
    assert (diagonal.sum(axis=1)[targets.any(axis=1)] > 1e-3).all()


@each_convex_loss
def test_huge_predictors_give_no_noise(case: Case) -> None:
    loss, _, targets, z = drawn(case, 1, 1.0)
    for huge in (1e4 * z, -1e4 * z):
        loss.at(targets, huge)
        loss.slope(targets, huge)
        loss.curvature(targets, huge)
        loss.gap(targets, z, some_slopes(loss, np.random.default_rng(0), targets))
        loss.answer(huge)
