"""Identical inputs with different targets, against a plain dictionary of rows."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors import conflicts
from mlpdoctor.analysis.floors.conflicts import Conflicts, find
from mlpdoctor.core.network import Array
from mlpdoctor.statistics import rows, views
from mlpdoctor.statistics.rows import RowHashes
from mlpdoctor.statistics.views import Rows


def reader(X: Array, Y: Array, block: int) -> Callable[[], Iterator[Rows]]:
    def reread() -> Iterator[Rows]:
        for start in range(0, len(X), block):
            end = min(start + block, len(X))
            yield Rows(X[start:end], Y[start:end], np.arange(start, end, dtype=np.float64))

    return reread


class Judge:
    """Squared and absolute errors, one for each column, worked out by NumPy alone."""

    def __init__(self, losses: tuple[str, ...]) -> None:
        self.losses = losses

    def best(self, groups: npt.NDArray[np.intp], columns: Array, weights: Array) -> Array:
        assert np.all(weights == 1)
        cost = np.zeros((int(groups.max()) + 1, len(self.losses)))
        for group in np.unique(groups):
            for k, loss in enumerate(self.losses):
                y = columns[groups == group, k]
                cost[group, k] = np.square(y - y.mean()).sum() if loss == "squares" else np.abs(y - np.median(y)).sum()
        return cost

    def perfect(self, columns: Array) -> Array:
        return np.zeros_like(columns)


def found_in(X: Array, Y: Array, losses: tuple[str, ...], block: int = 7) -> Conflicts:
    reread = reader(X, Y, block)
    hashes: RowHashes = reduce(add, [RowHashes.of(rows) for rows in reread()])
    return find(lambda choose: list(map(choose, reread())), hashes, len(X), Judge(losses), len(losses), X.shape[1])


def groups_of(X: Array) -> dict[tuple[float, ...], list[int]]:
    """Rows by their contents; Python, too, holds 0.0 and -0.0 for one key."""
    groups: defaultdict[tuple[float, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(X.tolist()):
        groups[tuple(row)].append(number)
    return groups


def differing(X: Array, Y: Array) -> list[list[int]]:
    return [members for members in groups_of(X).values() if len({tuple(row) for row in Y[members].tolist()}) > 1]


def cost(y: Array, loss: str) -> float:
    if loss == "squares":
        return float(np.square(y - y.mean()).sum())
    return min(float(np.abs(y - value).sum()) for value in y)


def agrees_with_the_dictionary(found: Conflicts, X: Array, Y: Array, losses: tuple[str, ...]) -> None:
    groups = differing(X, Y)
    assert (found.groups, found.rows) == (len(groups), sum(map(len, groups)))
    for k, loss in enumerate(losses):
        wanted = sum(cost(Y[members, k], loss) for members in groups) / len(X)
        assert found.floors[k] == pytest.approx(wanted, rel=1e-12, abs=1e-15)
    if groups:
        assert found.example is not None
        first, second = found.example
        assert first != second
        assert any({first, second} <= set(members) for members in groups)
    else:
        assert found.example is None


LOSSES = st.lists(st.sampled_from(["squares", "absolute"]), min_size=1, max_size=3).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Array, Array, tuple[str, ...]]:
    losses = draw(LOSSES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, width = draw(st.integers(1, 60)), draw(st.integers(1, 3))
    X = rng.choice([0.0, -0.0, 1.0, 0.1, -2.5][: draw(st.integers(1, 5))], size=(rows, width))
    Y = draw(st.sampled_from([0.0, 1e6])) + rng.integers(0, draw(st.integers(1, 4)), size=(rows, len(losses)))
    return X, Y.astype(float), losses


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(200))
@given(table=tables(), block=st.integers(1, 70))
def test_groups_and_floors_are_those_of_a_dictionary(table: tuple[Array, Array, tuple[str, ...]], block: int) -> None:
    X, Y, losses = table
    found = found_in(X, Y, losses, block)
    assert found.complete
    agrees_with_the_dictionary(found, X, Y, losses)


def all_alike(features: Array) -> npt.NDArray[np.uint64]:
    return np.full(len(features), 5, dtype=np.uint64)


@settings(deadline=None, max_examples=examples(60))
@given(table=tables(), block=st.integers(1, 70))
def test_rows_that_share_a_hash_by_chance_are_told_apart(
    table: tuple[Array, Array, tuple[str, ...]], block: int
) -> None:
    X, Y, losses = table
    with pytest.MonkeyPatch.context() as patch:
        for module in (views, conflicts):
            patch.setattr(module, "hash_rows", all_alike)
        agrees_with_the_dictionary(found_in(X, Y, losses, block), X, Y, losses)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(100))
@given(seed=st.integers(0, 2**32), most=st.integers(1, 200), kept=st.integers(1, 200))
def test_too_many_rows_give_a_lower_bound_and_say_so(seed: int, most: int, kept: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y = rng.integers(0, 60, size=(200, 1)).astype(float), rng.normal(size=(200, 2))
    losses = ("squares", "absolute")
    whole = found_in(X, Y, losses)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conflicts, "MOST_CELLS", most)
        patch.setattr(rows, "MOST_HASHES", kept)
        found = found_in(X, Y, losses)
    assert all(part <= all_ * (1 + 1e-12) for part, all_ in zip(found.floors, whole.floors, strict=True))
    assert found.groups <= whole.groups
    repeated = sum(len(members) for members in groups_of(X).values() if len(members) > 1)
    assert found.complete == (kept >= 200 and most // 4 >= repeated)
    assert found == whole or not found.complete


def test_both_zeros_are_the_same_input() -> None:
    found = found_in(np.array([[0.0], [-0.0]]), np.array([[0.0], [1.0]]), ("squares",))
    assert (found.groups, found.floors) == (1, (0.25,))


def test_a_target_that_agrees_within_the_groups_costs_nothing() -> None:
    X = np.array([[1.0], [1.0], [2.0]])
    found = found_in(X, np.array([[0.0, 5.0], [2.0, 5.0], [9.0, 7.0]]), ("absolute", "squares"))
    assert found.floors == (2 / 3, 0.0)


def test_repeated_rows_with_equal_targets_are_no_conflict() -> None:
    X = np.tile([[1.0], [2.0]], (5, 1))
    assert found_in(X, 3 * X, ("squares",)) == Conflicts((0.0,), 0, 0, complete=True, example=None)


def test_a_giant_common_offset_costs_no_digits() -> None:
    X, y = np.zeros((4, 1)), np.array([[0.0], [1.0], [2.0], [3.0]]) + 1e12
    assert found_in(X, y, ("squares",)).floors == (1.25,)


def test_no_function_of_the_inputs_goes_below() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.integers(0, 9, size=(300, 1)).astype(float), rng.normal(size=(300, 2))
    found = found_in(X, Y, ("squares", "absolute"))
    for _ in range(200):
        answers = rng.normal(scale=rng.choice([0.01, 0.3]), size=(9, 2))
        errors = answers[X[:, 0].astype(int)] - Y
        assert np.square(errors[:, 0]).mean() >= found.floors[0]
        assert np.abs(errors[:, 1]).mean() >= found.floors[1]
