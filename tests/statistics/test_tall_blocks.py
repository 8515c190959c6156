"""Blocks with more rows than the laws' small sheets: what is summed in groups or factored in pieces is the same."""

import numpy as np
import pytest

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.dataset import FLOAT32_MAX, all_usable, usable
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.nn.layers.activations import activation_of
from mlpdoctor.statistics import affine_factor
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.moments import CellCounts
from mlpdoctor.statistics.rows import RowHashes, WholeRowHashes
from mlpdoctor.statistics.unit_activity import BYTE_ROWS, Firing
from mlpdoctor.statistics.views import Cells, PreActivation, Rows, hash_on, hash_rows

RELU = activation_of("relu")


@pytest.mark.parametrize("rows", [1, BYTE_ROWS - 1, BYTE_ROWS, BYTE_ROWS + 1, 255, 256, 257, 5 * BYTE_ROWS, 70_001])
def test_units_that_always_fire_are_counted_on_every_row(rows: int) -> None:
    assert RELU is not None
    values = np.random.default_rng(rows).normal(size=(rows, 3)) + np.array([0.0, 10.0, -10.0])
    seen = Firing.of(PreActivation(Layer("dense", "Dense", {}), RELU, values, RELU.function(values)))
    assert seen is not None
    assert seen.fired.tolist() == np.count_nonzero(values > 0, axis=0).tolist()
    assert seen.fired[1] == rows
    assert seen.dead.tolist() == [not (values[:, 0] > 0).any(), False, True]


@pytest.mark.parametrize("rows", [2, 500, 1_035, 1_036, 1_037, 20_000])
@pytest.mark.parametrize("kind", ["plain", "collinear", "offset", "weighted"])
def test_the_triangle_of_pieces_is_that_of_the_whole(rows: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(rows)
    features = rng.normal(size=(rows, 4))
    if kind == "collinear":
        features[:, 3] = features[:, 0] - 2 * features[:, 1]
    if kind == "offset":
        features += 1e7
    targets = features[:, :1] - features[:, 1:2] + 0.1 * rng.normal(size=(rows, 1))
    view = Rows(features, targets, np.arange(float(rows)), rng.random(rows) if kind == "weighted" else None)
    pieces = TargetFactor.of(view)
    monkeypatch.setattr(affine_factor, "PIECE_ROWS", 1 << 30)
    whole = TargetFactor.of(view)
    assert pieces.triangle.shape == whole.triangle.shape == (min(rows, 6), 6)
    assert np.array_equal(pieces.triangle, np.triu(pieces.triangle))
    size = np.linalg.norm(whole.triangle, axis=0)
    gram = pieces.triangle.T @ pieces.triangle - whole.triangle.T @ whole.triangle
    assert (np.abs(gram) <= 1e-13 * np.outer(size, size) + 1e-300).all()
    (found,), (wanted,) = least_squares.fit(pieces), least_squares.fit(whole)
    assert found.value == pytest.approx(wanted.value, rel=1e-9, abs=1e-18 * float(size[-1] ** 2))


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, FLOAT32_MAX, -FLOAT32_MAX, 2 * FLOAT32_MAX, -2 * FLOAT32_MAX, np.nan, np.inf, -np.inf]
)
@pytest.mark.parametrize("place", [0, 17, 39])
def test_a_glance_at_the_extremes_sees_every_bad_cell(value: float, place: int) -> None:
    cells = np.random.default_rng(place).normal(size=(10, 4))
    cells.flat[place] = value
    assert all_usable(cells) == bool(usable(cells).all())
    found = CellCounts.of(Cells(cells[:, :3], cells[:, 3:], 100))
    bad = ~usable(cells)
    assert found.bad_rows == bad.any(axis=1).sum()
    assert (found.missing + found.infinite + found.too_large).tolist() == bad.sum(axis=0).tolist()
    assert all_usable(np.zeros((0, 3)))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_hash_goes_on_where_another_ended(order: str) -> None:
    table: Array = np.asarray(np.random.default_rng(0).normal(size=(300, 5)), order=order)  # type: ignore[call-overload]
    for cut in range(5):
        np.testing.assert_array_equal(hash_on(hash_rows(table[:, :cut]), table[:, cut:]), hash_rows(table))
    view = Rows(table[:, :3], table[:, 3:], np.arange(300.0))
    np.testing.assert_array_equal(WholeRowHashes.of(view).hashes, hash_rows(table))
    np.testing.assert_array_equal(RowHashes.of(view).hashes, hash_rows(table[:, :3]))
