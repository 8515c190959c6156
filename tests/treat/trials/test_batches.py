"""Both sides of a trial see the same rows in the same order, and every row once an epoch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.treat.trials.rows import Batches

ROWS = st.integers(1, 60)


@given(ROWS, st.integers(1, 70), st.integers(0, 5), st.integers(0, 30))
def test_the_same_seed_gives_the_same_batches(rows: int, size: int, seed: int, updates: int) -> None:
    one, other = (Batches(rows, min(size, rows), seed).take(updates) for _ in range(2))
    assert one.shape == (updates, min(size, rows))
    assert np.array_equal(one, other)


@given(ROWS, st.integers(1, 70), st.integers(0, 5), st.lists(st.integers(0, 9), max_size=6))
def test_it_does_not_matter_how_many_are_taken_at_a_time(rows: int, size: int, seed: int, pieces: list[int]) -> None:
    whole, parts = (Batches(rows, min(size, rows), seed) for _ in range(2))
    once = whole.take(sum(pieces))
    taken = [parts.take(piece) for piece in pieces]
    assert np.array_equal(once, np.concatenate([np.empty((0, once.shape[1]), np.int32), *taken]))


@given(ROWS, st.integers(1, 20), st.integers(0, 5))
def test_every_row_comes_once_an_epoch(rows: int, size: int, seed: int) -> None:
    size = min(size, rows)
    updates = rows * 3
    seen = Batches(rows, size, seed).take(updates).ravel()[: 3 * rows]
    assert np.array_equal(np.bincount(seen, minlength=rows), np.full(rows, 3))


def test_seeds_differ() -> None:
    assert not np.array_equal(Batches(50, 10, 0).take(5), Batches(50, 10, 1).take(5))


@given(st.integers(0, 40), st.integers(1, 9))
def test_blocks_are_the_updates_in_order(updates: int, most: int) -> None:
    blocks = list(Batches(11, 4, 0).blocks(updates, most))
    assert all(1 <= len(block) <= most for block in blocks)
    whole = Batches(11, 4, 0).take(updates)
    assert np.array_equal(np.concatenate([np.empty((0, 4), np.int32), *blocks]), whole)
