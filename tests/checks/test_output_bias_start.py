"""O209: a first loss that the last bias alone would bring down."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, initializers, quiet, stack, told, train


def fresh(units: int, activation: str | None, loss: Any, width: int = 4) -> Any:  # noqa: ANN401
    made = stack(width, L.Dense(16, activation="relu"), L.Dense(units, activation=activation, name="out"))
    made.compile("adam", loss)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("case", ["standard", "even", "three", "unscaled inputs"])
def test_a_start_near_the_constant_is_left_alone(tmp_path: Path, case: str, seed: int) -> None:
    """Named false alarm: unscaled inputs make the first answers huge, and no bias helps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 4)) * (300 if case == "unscaled inputs" else 1)
    units, activation, loss, y = {
        "standard": (1, None, "mse", x[:, :1]),
        "even": (1, "sigmoid", "binary_crossentropy", (rng.random((400, 1)) < 0.4).astype(float)),
        "three": (3, "softmax", "sparse_categorical_crossentropy", rng.choice(3, (400, 1), p=[0.6, 0.3, 0.1])),
        "unscaled inputs": (1, None, "mse", x[:, :1] / 300),
    }[case]
    report = examined(tmp_path, fresh(units, activation, loss), x, y.astype(float), rules=("O209",))
    assert quiet(report, "O209"), told(report)


def test_a_model_past_its_start_is_left_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    y = 40 + x[:, :1]
    trained = train(compiled(fresh(1, None, "mse"), updates=0), x, y, 40, rate=0.05)
    assert quiet(examined(tmp_path, trained, x, y, rules=("O209",)), "O209")


def test_a_model_that_starts_from_the_right_bias_is_left_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    start = initializers.Constant(200.0)
    model = stack(4, L.Dense(16, activation="relu"), L.Dense(1, bias_initializer=start))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, model, x, 200 + x[:, :1], rules=("O209",)), "O209")
