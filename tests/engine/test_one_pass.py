"""The one pass over the data: which rows are shown, in which blocks, and what is not computed when nobody asks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_built import Draft, Table, drawn, sequential

from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine import passes
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.passes import Passes, block_rows
from mlpdoctor.engine.stream import collect
from mlpdoctor.facts.outputs.heads import heads
from mlpdoctor.statistics.affine_factor import OutputFactor, TargetFactor
from mlpdoctor.statistics.losses_and_targets import LossSums
from mlpdoctor.statistics.moments import CellCounts, EnteringMoments, FirstSums, OutputMoments, TargetMoments
from mlpdoctor.statistics.unit_activity import Firing, PiecePatterns

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 2)), RNG.normal(size=(50, 1))


class Counting(NumpyEngine):
    """An engine that counts its passes."""

    passes = 0

    def forward(self, features: Array, see: Callable[[int, Array, Array], None] | None = None) -> list[Array]:
        self.passes += 1
        return super().forward(features, see)


def collected(network: Network, features: Array, targets: Array, *kinds: type[Any], block: int = 7) -> Any:  # noqa: ANN401
    return collect(Table(features, targets, block), NumpyEngine(network), heads.function(network), kinds)


def test_rows_with_a_bad_cell_are_counted_but_not_used() -> None:
    features, targets = X.copy(), Y.copy()
    features[3, 1], targets[11, 0], features[12] = np.nan, np.inf, -np.inf
    network = drawn(sequential(2, (3, "relu"), (1, None)), 0)
    found = collected(network, features, targets, CellCounts, TargetMoments, OutputMoments, LossSums, Firing)
    assert (found[CellCounts, None].rows, found[CellCounts, None].bad_rows) == (50, 3)
    good = np.delete(np.arange(50), [3, 11, 12])
    assert found[TargetMoments, None].rows == found[LossSums, None].rows == found[Firing, "dense_1"].rows == 47
    np.testing.assert_allclose(found[TargetMoments, None].mean, Y[good].mean(axis=0))
    (outputs,) = NumpyEngine(network).forward(X[good])
    np.testing.assert_allclose(found[OutputMoments, None].mean, outputs.mean(axis=0))
    np.testing.assert_allclose(found[LossSums, None].mean, np.square(outputs - Y[good]).mean(axis=0))


def test_usable_rows_keep_their_numbers_in_every_pass() -> None:
    features = X.copy()
    features[[0, 8, 9, 10, 11, 12, 13, 14, 49]] = np.nan
    passes = Passes(Table(features, Y, 7))
    for _ in range(2):
        numbers = np.concatenate([rows.numbers for rows in passes.rows()])
        assert numbers.tolist() == [k for k in range(50) if k not in {0, 8, 9, 10, 11, 12, 13, 14, 49}]
        assert all(len(rows.features) for rows in passes.rows())


def test_data_without_a_complete_row_leave_nothing_but_counts() -> None:
    network = sequential(2, (1, None))
    found = collected(network, np.full((9, 2), np.nan), np.ones((9, 1)), CellCounts, TargetMoments, OutputMoments)
    assert set(found) == {(CellCounts, None)}


def test_the_network_is_not_run_for_the_data_alone() -> None:
    engine = Counting(sequential(2, (1, None)))
    collect(Table(X, Y, 7), engine, None, [TargetFactor, CellCounts])
    assert engine.passes == 0
    collect(Table(X, Y, 7), engine, None, [TargetFactor, OutputFactor])
    assert engine.passes == 8


def test_without_losses_or_with_targets_of_another_width_no_loss_is_shown() -> None:
    network = sequential(2, (2, None))
    assert collected(network, X, Y, LossSums) == {}
    assert collect(Table(X, X), NumpyEngine(network), None, [LossSums]) == {}
    assert set(collected(network, X, X, LossSums)) == {(LossSums, None)}


def test_layers_show_themselves_by_name_and_only_where_there_is_something_to_see() -> None:
    draft = Draft(2)
    gate = draft.dense(draft.dense(0, 3, "relu", name="gate"), 4, "tanh", name="curve")
    network = drawn(draft.network(draft.dense(gate, 1, name="top")), 1)
    found = collected(network, X, Y, Firing, EnteringMoments, FirstSums)
    assert set(found) == {(Firing, "gate"), (EnteringMoments, "gate"), (FirstSums, "gate")}
    np.testing.assert_allclose(found[EnteringMoments, "gate"].mean, X.mean(axis=0))
    kernel, bias = (network.layers[1].weights[name] for name in ("kernel", "bias"))
    sums = X @ kernel + bias
    np.testing.assert_allclose(found[FirstSums, "gate"].root_mean_square, np.sqrt(np.square(sums).mean(axis=0)))
    assert found[Firing, "gate"].fired.tolist() == (sums > 0).sum(axis=0).tolist()


def test_pieces_are_shown_for_networks_of_straight_pieces_alone() -> None:
    bent = drawn(sequential(2, (3, "relu"), (4, "relu"), (1, None)), 2)
    patterns = collected(bent, X, Y, PiecePatterns)[PiecePatterns, None].patterns
    hidden = np.maximum(X @ bent.layers[1].weights["kernel"] + bent.layers[1].weights["bias"], 0)
    second = hidden @ bent.layers[2].weights["kernel"] + bent.layers[2].weights["bias"]
    signs = np.concatenate([hidden > 0, second > 0], axis=1).astype(np.uint8)
    assert patterns == {bytes(row) for row in signs.tolist()}
    assert collected(sequential(2, (3, "relu"), (3, "tanh"), (1, None)), X, Y, PiecePatterns) == {}


def test_outputs_stand_side_by_side() -> None:
    draft = Draft(2)
    network = drawn(draft.network(draft.dense(0, 2), draft.dense(0, 1)), 3)
    first, second = NumpyEngine(network).forward(X)
    found = collected(network, X, np.zeros((50, 3)), OutputMoments)
    np.testing.assert_allclose(found[OutputMoments, None].mean, np.hstack([first, second]).mean(axis=0))


def test_progress_is_told_after_each_block() -> None:
    told: list[tuple[int, int | None]] = []
    collect(Table(X, Y, 20), None, None, [CellCounts], lambda rows, about: told.append((rows, about)))
    assert told == [(20, 50), (40, 50), (50, 50)]


@pytest.mark.parametrize(
    ("units", "rows"), [(1, passes.MOST_BLOCK_ROWS), (1024, 1024), (10**4, passes.LEAST_BLOCK_ROWS), (10**6, 8)]
)
def test_wide_layers_get_fewer_rows_at_a_time(units: int, rows: int) -> None:
    network = sequential(2, (1, None))
    wide = replace(network, nodes=(network.nodes[0], replace(network.nodes[1], shape=(units,))))
    assert block_rows(wide, Table(X, Y)) == rows
    assert block_rows(None, Table(X, Y)) == passes.MOST_BLOCK_ROWS
