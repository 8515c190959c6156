"""L503, with Keras: the floor of equal inputs with different targets, against brute force."""

from pathlib import Path

import numpy as np
import pytest
from model_cases import (
    L,
    Table,
    compiled,
    examined,
    number,
    only,
    stack,
)


def brute_force(x: Table, y: Table, loss: str) -> tuple[float, int, int]:
    """Floor, groups and rows of conflicting inputs, by a dictionary of rows."""
    groups: dict[tuple[float, ...], list[Table]] = {}
    for row, target in zip(x, y, strict=True):
        groups.setdefault(tuple(row + 0.0), []).append(target)
    total, number_of, rows = 0.0, 0, 0
    for targets in (np.array(group) for group in groups.values()):
        best = targets.mean(axis=0) if loss == "mse" else np.median(targets, axis=0)
        errors = targets - best
        total += float((np.square(errors) if loss == "mse" else np.abs(errors)).sum()) / y.shape[1]
        if np.ptp(targets, axis=0).any():
            number_of, rows = number_of + 1, rows + len(targets)
    return total / len(x), number_of, rows


def gridded(rows: int, width: int, levels: int, outputs: int, seed: int) -> tuple[Table, Table]:
    """Features on a coarse grid, so that many rows coincide, and noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-levels, levels + 1, (rows, width)) / levels
    return x, np.sin(3 * x.sum(axis=1, keepdims=True)) + rng.normal(size=(rows, outputs))


def test_a_network_that_cannot_be_run_still_gets_the_floor_of_its_data(tmp_path: Path) -> None:
    x, y = gridded(200, 4, 1, 1, seed=7)
    model = compiled(stack(4, L.Reshape((4, 1)), L.Conv1D(3, 2), L.Flatten(), L.Dense(1)))
    finding = only(examined(tmp_path, model, x, y, rules=("L503",)), "L503")
    assert number(finding, "floor") == pytest.approx(brute_force(x, y, "mse")[0], rel=1e-9)
