"""Hashes and samples of rows: nothing missed, nothing favoured, nothing that depends on how rows were cut."""

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from mlpdoctor.core.network import Array
from mlpdoctor.statistics import rows as row_statistics
from mlpdoctor.statistics.rows import RowHashes, RowSample
from mlpdoctor.statistics.views import Rows, hash_rows


def rows(features: Array, first: int = 0) -> Rows:
    return Rows(features, features[:, :1], np.arange(first, first + len(features), dtype=np.float64))


@pytest.fixture
def few_hashes(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda most: monkeypatch.setattr(row_statistics, "MOST_HASHES", most)


def test_equal_rows_have_equal_hashes_and_others_do_not() -> None:
    table = np.random.default_rng(0).normal(size=(20_000, 3))
    hashes = hash_rows(np.concatenate([table, table[::-1]]))
    np.testing.assert_array_equal(hashes[:20_000], hashes[20_000:][::-1])
    assert len(np.unique(hashes)) == 20_000


def test_both_zeros_are_one_number() -> None:
    np.testing.assert_array_equal(hash_rows(np.array([[0.0, 1.0]])), hash_rows(np.array([[-0.0, 1.0]])))


def test_the_order_of_columns_matters() -> None:
    assert len(np.unique(hash_rows(np.array([[1.0, 2.0], [2.0, 1.0]])))) == 2


@pytest.mark.parametrize("scale", [1.0, 2.0**-30, 2.0**40])
def test_hashes_of_small_integers_share_no_bits(scale: float) -> None:
    """Whole numbers have mostly zero bits; their hashes must not, or levels and samples would favour some."""
    grid = np.stack(np.meshgrid(np.arange(100.0), np.arange(100.0)), axis=-1).reshape(-1, 2) * scale
    hashes = hash_rows(grid)
    assert len(np.unique(hashes)) == len(grid)
    set_bits = np.array([((hashes >> np.uint64(bit)) & np.uint64(1)).mean() for bit in range(64)])
    np.testing.assert_allclose(set_bits, 0.5, atol=6 * 0.5 / np.sqrt(len(grid)))


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
def test_no_row_has_a_hash_that_outlives_every_level(value: float) -> None:
    """A row of zeros is common; with the hash 0 no level would ever give it up."""
    for width in (1, 2, 7):
        (found,) = hash_rows(np.full((1, width), value))
        assert found % np.uint64(1 << 32) != 0


def test_a_table_of_nothing_but_zeros_fits_into_few_hashes(few_hashes: Callable[[int], None]) -> None:
    few_hashes(4)
    assert len(RowHashes.of(rows(np.zeros((50, 2)))).hashes) <= 4


@settings(deadline=None, max_examples=examples(60))
@given(seed=st.integers(0, 2**32), most=st.integers(4, 60), blocks=st.integers(1, 6))
def test_beyond_the_limit_a_row_is_kept_with_all_its_copies_or_not_at_all(seed: int, most: int, blocks: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 40, size=(150, 1)).astype(np.float64)
    every = hash_rows(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_statistics, "MOST_HASHES", most)
        parts = [RowHashes.of(rows(part)) for part in np.array_split(table, blocks)]
        found: RowHashes = reduce(add, parts)
        whole = RowHashes.of(rows(table))
    assert found.level == whole.level > 0
    np.testing.assert_array_equal(np.sort(found.hashes), np.sort(whole.hashes))
    assert len(found.hashes) <= most
    kept = np.isin(every, found.hashes)
    assert kept.sum() == len(found.hashes)
    last_bits = np.uint64((1 << found.level) - 1)
    np.testing.assert_array_equal(kept, every & last_bits == 0)


def test_repeated_hashes_are_those_of_rows_that_occur_twice() -> None:
    table = np.array([[1.0], [2.0], [1.0], [3.0], [2.0], [1.0]])
    np.testing.assert_array_equal(RowHashes.of(rows(table)).repeated, np.sort(hash_rows(np.array([[1.0], [2.0]]))))


def sample(table: Array, cuts: list[int]) -> RowSample:
    edges = [0, *cuts, len(table)]
    parts = [RowSample.of(rows(table[a:b], a)) for a, b in pairwise(edges)]
    merged: RowSample = reduce(add, parts[::-1])
    return merged


def test_the_sample_does_not_depend_on_how_rows_were_cut() -> None:
    table = np.random.default_rng(1).normal(size=(90_000, 2))
    whole = sample(table, [])
    assert len(whole.features) == row_statistics.MOST_ROWS
    np.testing.assert_array_equal(whole.few.features, whole.features[: row_statistics.FEW_ROWS])
    for cuts in ([1], [89_999], [500, 501, 70_000], list(range(10_000, 90_000, 10_000))):
        found = sample(table, cuts)
        np.testing.assert_array_equal(found.tickets, whole.tickets)
        np.testing.assert_array_equal(found.features, whole.features)
        np.testing.assert_array_equal(found.targets, whole.targets)


def test_the_sample_is_spread_evenly_over_the_file_whatever_the_values() -> None:
    numbers = np.arange(200_000.0)
    found = sample(numbers[:, None], [])
    assert len(np.unique(found.features)) == row_statistics.MOST_ROWS
    assert kstest(found.features[:, 0] / 200_000, "uniform").pvalue > 1e-3
    assert abs(float((found.features % 2).mean()) - 0.5) < 4 * 0.5 / np.sqrt(row_statistics.MOST_ROWS)


def test_few_rows_are_all_in_the_sample_with_their_own_targets() -> None:
    table = np.random.default_rng(2).normal(size=(30, 2))
    found = sample(table, [11])
    assert sorted(map(tuple, found.features)) == sorted(map(tuple, table))
    np.testing.assert_array_equal(found.targets[:, 0], found.features[:, 0])
