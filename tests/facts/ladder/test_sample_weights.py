"""Weighted rows: a weight of two is the same row twice, a weight of zero is no row."""

import numpy as np
import pytest
from effort import examples
from hand_built import drawn, examined, sequential
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CASES, Case, network_for, table

from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Array, Network

NAMED = ("constant", "affine", "model", "readout", "architecture", "data")


def ladder_of(network: Network, X: Array, Y: Array, weights: Array | None = None) -> Ladder:
    found = examined(network, X, Y, 7, weights).get(Ladder)
    assert isinstance(found, Ladder), found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
@settings(deadline=None, max_examples=examples(8))
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(3, 30),
    kind=st.sampled_from(["plain", "repeated"]),
    hidden=st.sampled_from([(), ((2, None),), ((3, "tanh"),)]),
)
def test_a_weight_counts_as_so_many_rows(
    case: Case, seed: int, rows: int, kind: str, hidden: tuple[tuple[int, str | None], ...]
) -> None:
    X, Y = table(case, seed, rows, 2, kind)
    weights = np.random.default_rng(seed).integers(0, 4, rows).astype(float)
    weights[0] = 1.0
    times = np.repeat(np.arange(rows), weights.astype(int))
    network = network_for(case, 2, hidden, seed)
    weighted, repeated = ladder_of(network, X, Y, weights), ladder_of(network, X[times], Y[times])
    for name in NAMED:
        mine, theirs = weighted.rung(name), repeated.rung(name)
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            # Keras divides by the number of rows, not by the sum of their weights.
            doubt = 2 * (theirs.value - theirs.lower + mine.value - mine.lower) + 1e-7
            assert mine.value * rows == pytest.approx(theirs.value * len(times), rel=1e-7, abs=rows * doubt)


def test_weights_change_what_is_best() -> None:
    """Two points that contradict each other: the heavier one draws the mean."""
    X, Y, weights = np.zeros((2, 1)), np.array([[0.0], [1.0]]), np.array([3.0, 1.0])
    ladder = ladder_of(drawn(sequential(1, (1, None)), 0), X, Y, weights)
    # At 1/4 the squares are 3 * 1/16 + 9/16, over two rows.
    assert ladder.value("constant") == pytest.approx(0.375)
    assert ladder.value("data") == pytest.approx(0.375)
    constant = ladder.rung("constant")
    assert constant is not None
    assert constant.coefficients[0][0] == pytest.approx(0.25)
