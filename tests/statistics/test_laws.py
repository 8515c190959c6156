"""One law for every statistic: however rows are cut into blocks and merged, the summary is the same."""

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor import statistics
from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.discovery import modules
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.engine.forward_views import view_of
from mlpdoctor.nn.layers.activations import activation_of
from mlpdoctor.nn.layers.family import LINEAR
from mlpdoctor.statistics import views
from mlpdoctor.statistics.affine_factor import AffineFactor
from mlpdoctor.statistics.moments import Moments
from mlpdoctor.statistics.rows import RowHashes
from mlpdoctor.statistics.unit_activity import Firing, Flatness
from mlpdoctor.statistics.views import Statistic

EPSILON = float(np.finfo(np.float64).eps)
LAYER = Layer("dense", "Dense", {})
KINDS = ["normal", "ties", "constant", "duplicates", "offset", "tiny"]


@dataclasses.dataclass(frozen=True)
class Sheet:
    """Rows to be shown, block by block, through any view."""

    features: Array
    targets: Array
    activation: str

    @property
    def rows(self) -> int:
        return len(self.features)


def pre_activation(sheet: Sheet, rows: slice) -> views.PreActivation:
    function = activation_of(sheet.activation) or LINEAR
    return views.PreActivation(LAYER, function, sheet.features[rows], function.function(sheet.features[rows]))


def cells(sheet: Sheet, rows: slice) -> views.Cells:
    features, targets = sheet.features[rows].copy(), sheet.targets[rows].copy()
    features[np.abs(features) > 1.5] = np.nan
    targets[targets < -1.5] = np.inf
    return views.Cells(features, targets, rows.start)


BUILDERS: dict[type[Any], Callable[[Sheet, slice], Any]] = {
    views.Cells: cells,
    views.Targets: lambda sheet, rows: views.Targets(sheet.targets[rows]),
    views.Rows: lambda sheet, rows: views.Rows(
        sheet.features[rows], sheet.targets[rows], np.arange(rows.start, rows.stop, dtype=np.float64)
    ),
    views.Outputs: lambda sheet, rows: views.Outputs(sheet.features[rows], sheet.targets[rows]),
    views.RowLoss: lambda sheet, rows: views.RowLoss(np.square(sheet.targets[rows])),
    views.PerfectLoss: lambda sheet, rows: views.PerfectLoss(np.square(sheet.targets[rows])),
    views.Entering: lambda sheet, rows: views.Entering(LAYER, sheet.features[rows], sheet.targets[rows]),
    views.Normalising: lambda sheet, rows: views.Normalising(LAYER, sheet.features[rows]),
    views.PreActivation: pre_activation,
    views.Gradient: lambda sheet, rows: views.Gradient(LAYER, sheet.features[rows]),
    views.Activity: lambda sheet, rows: views.Activity(LAYER, sheet.features[rows]),
    views.Pieces: lambda sheet, rows: views.Pieces(np.digitize(sheet.features[rows], (-1.0, 0.0)).astype(np.uint8)),
}


def discovered() -> list[type[Any]]:
    classes = [
        value
        for module in modules(statistics)
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return [one for one in classes if hasattr(one, "of") and hasattr(one, "__add__") and one is not Statistic]


STATISTICS = discovered()


def close(found: Any, wanted: Any, slack: Any) -> None:  # noqa: ANN401
    np.testing.assert_array_less(np.abs(np.asarray(found) - wanted), np.asarray(slack) + np.finfo(np.float64).tiny)


def same_moments(found: Moments, whole: Moments) -> None:
    assert found.rows == whole.rows
    np.testing.assert_array_equal(found.low, whole.low)
    np.testing.assert_array_equal(found.high, whole.high)
    size = np.maximum(np.abs(whole.low), np.abs(whole.high))
    close(found.mean, whole.mean, 32 * EPSILON * size)
    rounding = EPSILON * size
    slack = 64 * whole.rows * (rounding * (whole.high - whole.low) + rounding**2) + 64 * EPSILON * whole.squared
    close(found.squared, whole.squared, slack)


def same_factor(found: AffineFactor, whole: AffineFactor) -> None:
    assert (found.rows, found.features) == (whole.rows, whole.features)
    moved = found.triangle.copy()
    moved[:, 1:] += moved[:, :1] * (found.origin - whole.origin)
    size = np.maximum(np.linalg.norm(whole.triangle, axis=0), np.linalg.norm(found.triangle, axis=0))
    slack = 256 * EPSILON * np.outer(size, size)
    close(moved.T @ moved, whole.triangle.T @ whole.triangle, slack)
    for merged, direct, power in zip(
        least_squares.fit(found), least_squares.fit(whole), size[1 + whole.features :], strict=True
    ):
        close(merged.value, direct.value, 1e-9 * direct.value + 1e-11 * power**2 / whole.rows)


def same_hashes(found: RowHashes, whole: RowHashes) -> None:
    assert found.level == whole.level
    np.testing.assert_array_equal(np.sort(found.hashes), np.sort(whole.hashes))


def same_fields(found: Any, whole: Any) -> None:  # noqa: ANN401
    """For all others: counts and codes to the digit, sums of numbers up to rounding."""
    for field in dataclasses.fields(whole):
        mine, wanted = getattr(found, field.name), getattr(whole, field.name)
        if isinstance(wanted, np.ndarray) and wanted.dtype.kind == "f" and field.name not in EXACT:
            np.testing.assert_allclose(mine, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max(initial=0.0))
        elif isinstance(wanted, np.ndarray):
            np.testing.assert_array_equal(mine, wanted)
        else:
            assert mine == wanted


EXACT = ("features", "targets")
"""Numbers that are handed through, not summed."""
COMPARED: dict[type[Any], Callable[[Any, Any], None]] = {
    Moments: same_moments,
    AffineFactor: same_factor,
    RowHashes: same_hashes,
}


def agree(found: Any, whole: Any) -> None:  # noqa: ANN401
    special = next((compare for kind, compare in COMPARED.items() if isinstance(whole, kind)), same_fields)
    special(found, whole)


def column(kind: str, rows: int, rng: np.random.Generator) -> Array:
    normal = rng.normal(size=rows)
    return {
        "normal": normal,
        "ties": np.round(normal),
        "constant": np.full(rows, normal[0]),
        "duplicates": normal[rng.integers(0, 1 + rows // 3, size=rows)],
        "offset": 1e9 + normal,
        "tiny": 1e-8 * normal,
    }[kind]


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.one_of(st.integers(1, 6), st.integers(7, 60)))
    kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)
    features, targets = (np.stack([column(k, rows, rng) for k in draw(kinds)], axis=1) for _ in range(2))
    if draw(st.booleans()):
        features = features[rng.integers(0, rows, size=rows)]
    return Sheet(features, targets, draw(st.sampled_from(["relu", "tanh", "sigmoid", "relu6", "elu"])))


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Sheet, list[slice], list[int]]:
    """A sheet, its blocks in any order, and numbers that say which two summaries merge next."""
    sheet = draw(sheets())
    inner = sorted(draw(st.sets(st.integers(1, sheet.rows), max_size=6)) - {sheet.rows})
    ends = [0, *inner, sheet.rows]
    blocks = draw(st.permutations([slice(a, b) for a, b in pairwise(ends)]))
    return sheet, blocks, draw(st.lists(st.integers(0, 99), min_size=2 * len(blocks), max_size=2 * len(blocks)))


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.__name__)
def test_every_statistic_reads_a_view_this_harness_can_build(statistic: type[Any]) -> None:
    assert view_of(statistic) in BUILDERS, f"{statistic.__name__}: add a builder for {view_of(statistic).__name__}"


def test_the_statistics_are_discovered() -> None:
    assert len(STATISTICS) >= 12
    assert {Firing, Flatness, RowHashes} <= set(STATISTICS)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.__name__)
@settings(deadline=None, max_examples=examples(60))
@given(cut=cuts())
def test_any_split_and_any_order_of_merging_give_the_summary_of_the_whole(
    statistic: type[Any], cut: tuple[Sheet, list[slice], list[int]]
) -> None:
    sheet, blocks, choices = cut
    show = BUILDERS[view_of(statistic)]
    whole = statistic.of(show(sheet, slice(0, sheet.rows)))
    parts = [statistic.of(show(sheet, block)) for block in blocks]
    assert [part is None for part in parts] == [whole is None] * len(parts)
    if whole is None:
        return
    while len(parts) > 1:
        first = parts.pop(choices.pop() % len(parts))
        second = parts.pop(choices.pop() % len(parts))
        parts.append(first + second)
    agree(parts[0], whole)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.__name__)
def test_the_law_can_fail(statistic: type[Any]) -> None:
    """A summary with rows counted twice, or of other rows, is told from the true one."""
    rng = np.random.default_rng(0)
    sheet = Sheet(rng.normal(size=(40, 2)), rng.normal(size=(40, 2)), "relu6")
    show = BUILDERS[view_of(statistic)]
    whole = statistic.of(show(sheet, slice(0, 40)))
    with pytest.raises(AssertionError):
        agree(statistic.of(show(sheet, slice(0, 3))), whole)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.__name__)
def test_merging_leaves_both_parts_as_they_were(statistic: type[Any]) -> None:
    rng = np.random.default_rng(1)
    sheet = Sheet(rng.normal(size=(9, 2)), rng.normal(size=(9, 2)), "relu6")
    show = BUILDERS[view_of(statistic)]
    first, second = (statistic.of(show(sheet, rows)) for rows in (slice(0, 4), slice(4, 9)))
    again = [statistic.of(show(sheet, rows)) for rows in (slice(0, 4), slice(4, 9))]
    assert first + second is not None
    for used, fresh in zip((first, second), again, strict=True):
        for field in dataclasses.fields(fresh):
            np.testing.assert_array_equal(getattr(used, field.name), getattr(fresh, field.name))


@pytest.mark.parametrize(("statistic", "name"), [(Firing, "tanh"), (Flatness, "relu"), (Flatness, "softmax")])
def test_a_view_with_nothing_of_the_kind_leaves_nothing(statistic: type[Statistic], name: str) -> None:
    sheet = Sheet(np.ones((3, 2)), np.ones((3, 1)), name)
    assert statistic.of(pre_activation(sheet, slice(0, 3))) is None
