"""Rows that are too many for memory are drawn fairly, the same ones for the same seed."""

import numpy as np
from hand_built import Table
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.treat.trials.memorise import FEW, few
from mlpdoctor.treat.trials.rows import Rows, draw


def table(rows: int, *, block: int = 7, weighted: bool = False) -> Table:
    numbers = np.arange(rows, dtype=float)
    return Table(numbers[:, None], -numbers[:, None], block, weights=numbers + 1 if weighted else None)


@given(st.integers(1, 60), st.integers(1, 80), st.integers(0, 3), st.booleans())
def test_as_many_as_fit_are_drawn_each_once_and_whole(
    rows: int,
    room: int,
    seed: int,
    weighted: bool,  # noqa: FBT001  Hypothesis gives it by position
) -> None:
    drawn = draw(table(rows, weighted=weighted), rows, seed, most=2 * room)
    assert drawn.count == min(rows, room)
    assert drawn.of == rows
    numbers = drawn.features[:, 0]
    assert len(set(numbers)) == drawn.count
    assert np.array_equal(drawn.targets[:, 0], -numbers)
    if weighted:
        assert drawn.weights is not None
        assert np.array_equal(drawn.weights, numbers + 1)


@given(st.integers(20, 60), st.integers(1, 9), st.integers(1, 9))
def test_the_draw_hangs_on_the_seed_and_not_on_the_blocks(rows: int, block: int, other: int) -> None:
    one, two = (draw(table(rows, block=size), rows, 5, most=20) for size in (block, other))
    assert np.array_equal(one.features, two.features)
    third = draw(table(rows, block=block), rows, 6, most=20)
    assert third.count == one.count


def test_rows_that_cannot_be_used_are_left_out() -> None:
    holes = table(10)
    holes.features[3] = np.nan
    drawn = draw(holes, 9, 0)
    assert drawn.count == drawn.of == 9
    assert 3 not in drawn.features


@given(st.integers(1, 50), st.integers(0, 3))
def test_few_rows_are_all_different(rows: int, seed: int) -> None:
    x = np.repeat(np.arange(rows, dtype=float), 2)[:, None]
    chosen = few(Rows(x, x, None, len(x)), seed)
    assert chosen.count == min(rows, FEW)
    assert len(np.unique(chosen.features)) == chosen.count
