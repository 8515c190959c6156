"""U403, with Keras: a nonlinear network none of whose bends lies among the data."""

from pathlib import Path

import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    least_squares,
    number,
    only,
    predicted,
    put,
    stack,
)


def curve(rows: int, width: int = 1, seed: int = 0) -> tuple[Table, Table]:
    """Features between 0 and 1, and a target that bends among them."""
    x = np.random.default_rng(seed).uniform(0, 1, (rows, width))
    return x, np.sin(5 * x[:, :1]) + x[:, -1:]


def bent_share(model: Model, x: Table) -> float:
    """The part of the spread of Keras's own answers that no line follows."""
    answers = predicted(model, x)
    return least_squares(x, answers) / float(answers.var(axis=0).mean())


def test_the_bent_share_is_that_of_the_answers_of_keras(tmp_path: Path) -> None:
    x, y = curve(400, 1, seed=5)
    model = compiled(stack(1, L.Dense(3, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[0.12, 0.1, -0.08]], [0.2, 0.0, 0.1])
    put(model.get_layer("out"), [[2.0], [1.0], [1.0]], [0.1])
    share = number(only(examined(tmp_path, model, x, y, rules=("U403",)), "U403"), "bent_share")
    assert share == pytest.approx(bent_share(model, x), rel=1e-3)
