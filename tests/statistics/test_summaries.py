"""Each statistic against the same thing counted by other means."""

from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.core.network import Array, Layer
from mlpdoctor.nn.layers.activations import activation_of
from mlpdoctor.statistics import unit_activity
from mlpdoctor.statistics.losses_and_targets import LossSums
from mlpdoctor.statistics.moments import NEVER, CellCounts, OutputMoments, TargetMoments
from mlpdoctor.statistics.unit_activity import FLAT, Firing, Flatness, PiecePatterns
from mlpdoctor.statistics.views import Cells, Outputs, Pieces, PreActivation, RowLoss, Targets


def view(name: str, sums: Array) -> PreActivation:
    function = activation_of(name)
    assert function is not None
    return PreActivation(Layer("dense", "Dense", {}), function, sums, function.function(sums))


def shown(pieces: npt.NDArray[np.uint8]) -> Pieces:
    """What the stream shows: small integers, though the view's annotation says float64."""
    return Pieces(cast("Array", pieces))


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_moments_are_those_of_numpy(offset: float) -> None:
    rng = np.random.default_rng(3)
    values = offset + rng.normal(size=(500, 3)) * [1.0, 10.0, 100.0]
    blocks = np.array_split(values, [1, 7, 100, 300])
    found = TargetMoments.of(Targets(blocks[0]))
    for block in blocks[1:]:
        found += TargetMoments.of(Targets(block))
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-14)
    digits_lost = np.finfo(np.float64).eps * abs(offset)
    np.testing.assert_allclose(found.deviation, values.std(axis=0), rtol=1e-12 + digits_lost)
    np.testing.assert_allclose(found.root_mean_square, np.sqrt(np.square(values).mean(axis=0)), rtol=1e-12)
    np.testing.assert_array_equal([found.low, found.high], [values.min(axis=0), values.max(axis=0)])


def test_moments_of_far_off_integers_are_keep_their_digits() -> None:
    """The textbook sum of squares would have lost all of them: 1e18 + 1876 is 1e18 in float64."""
    values = [10**9 + k for k in (1, 4, 9, 16, 25, 36, 49)]
    mean = Fraction(sum(values), len(values))
    exact = float(sum((value - mean) ** 2 for value in values))
    parts = [TargetMoments.of(Targets(np.array([[float(value)]]))) for value in values]
    merged = parts[0]
    for part in parts[1:]:
        merged += part
    assert merged.squared[0] == pytest.approx(exact, rel=1e-8)


def test_a_constant_column_has_no_deviation_at_all() -> None:
    merged = OutputMoments.of(Outputs(np.ones((3, 1)), np.full((3, 1), 0.1)))
    merged += OutputMoments.of(Outputs(np.ones((4, 1)), np.full((4, 1), 0.1)))
    assert merged.squared[0] == pytest.approx(0.0, abs=1e-32)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 30), first=st.integers(0, 1000))
def test_cells_are_counted_as_one_by_one(seed: int, rows: int, first: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.choice([1.0, 1e39, np.nan, np.inf, -np.inf], size=(rows, 4), p=[0.7, 0.1, 0.1, 0.05, 0.05])
    found = CellCounts.of(Cells(table[:, :2], table[:, 2:3], first, table[:, 3]))
    assert found.rows == rows
    assert found.bad_rows == sum(any(not abs(cell) < 1e38 for cell in row) for row in table)
    for k, column in enumerate(table.T):
        assert found.missing[k] == sum(cell != cell for cell in column)  # noqa: PLR0124  what NaN means
        assert found.infinite[k] == sum(abs(cell) == np.inf for cell in column)
        assert found.too_large[k] == sum(cell == 1e39 for cell in column)
        bad = [first + place for place, cell in enumerate(column) if not abs(cell) < 1e38]
        assert found.first_bad[k] == (bad[0] if bad else NEVER)


@pytest.mark.parametrize("name", ["relu", "relu6", "hard_sigmoid"])
def test_firing_counts_rows_on_which_a_unit_is_not_zero(name: str) -> None:
    sums = np.random.default_rng(4).normal(-2.5, 1.5, size=(200, 6))
    sums[:, 0] = -5.0
    sums[:, 1] = 0.0
    found = Firing.of(view(name, sums))
    assert found is not None
    outputs = view(name, sums).outputs
    assert found.fired.tolist() == [sum(value != 0 for value in unit) for unit in outputs.T]
    assert found.dead.tolist() == [not any(unit) for unit in outputs.T]
    assert found.dead[0]


def test_a_relu_at_exactly_zero_does_not_fire() -> None:
    found = Firing.of(view("relu", np.array([[0.0, -0.0, 1e-300]])))
    assert found is not None
    assert found.dead.tolist() == [True, True, False]


def test_flat_units_are_those_beyond_the_documented_distance() -> None:
    edge = np.arctanh(np.sqrt(1 - FLAT))  # 1 - tanh(z)^2 = FLAT
    sums = np.array([[edge - 1e-6, edge + 1e-6, -edge - 1e-6, 0.0]])
    found = Flatness.of(view("tanh", sums))
    assert found is not None
    assert found.flat.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(found.slope, 1 - np.tanh(sums[0]) ** 2, rtol=1e-9)
    assert edge == pytest.approx(2.2, abs=0.05)


def test_the_slope_of_a_sigmoid_is_taken_relative_to_its_steepest() -> None:
    sums = np.random.default_rng(5).normal(0, 4, size=(50, 3))
    found = Flatness.of(view("sigmoid", sums))
    assert found is not None
    shown = 1 / (1 + np.exp(-sums))
    relative = 4 * shown * (1 - shown)
    assert found.flat.tolist() == (relative < FLAT).sum(axis=0).tolist()
    np.testing.assert_allclose(found.slope, relative.sum(axis=0), rtol=1e-9)


def test_loss_sums_average_over_all_rows() -> None:
    losses = np.random.default_rng(6).exponential(size=(11, 2))
    found = LossSums.of(RowLoss(losses[:4])) + LossSums.of(RowLoss(losses[4:]))
    np.testing.assert_allclose(found.mean, losses.mean(axis=0), rtol=1e-14)


def test_patterns_are_the_distinct_rows_of_pieces() -> None:
    pieces = np.random.default_rng(7).integers(0, 3, size=(300, 3)).astype(np.uint8)
    found = PiecePatterns.of(shown(pieces))
    assert found.patterns == {bytes(row) for row in pieces.tolist()}
    assert not found.overflow


def test_too_many_patterns_are_given_up_in_one_block_and_in_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_activity, "MOST_PATTERNS", 5)
    pieces = np.arange(6, dtype=np.uint8)[:, None]
    gone = PiecePatterns(frozenset(), overflow=True)
    assert PiecePatterns.of(shown(pieces)) == gone
    assert PiecePatterns.of(shown(pieces[:3])) + PiecePatterns.of(shown(pieces[3:])) == gone
    assert gone + PiecePatterns.of(shown(pieces[:1])) == gone
    assert len(PiecePatterns.of(shown(pieces[:5])).patterns) == 5
