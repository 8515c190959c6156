"""O209, with Keras: a first loss that the last bias alone would bring down."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_cases import L, examined, number, only, stack

from mlpdoctor.core.finding import Severity


def fresh(units: int, activation: str | None, loss: Any, width: int = 4) -> Any:  # noqa: ANN401
    made = stack(width, L.Dense(16, activation="relu"), L.Dense(units, activation=activation, name="out"))
    made.compile("adam", loss)
    return made


def loss_with(model: Any, bias: Any, x: Any, y: Any) -> float:  # noqa: ANN401
    """Keras's own loss once the last bias is set."""
    model.get_layer("out").bias.assign(np.asarray(bias, np.float32))
    return float(model.evaluate(x.astype(np.float32), y.astype(np.float32), verbose=0, batch_size=len(x)))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", ["price", "rare", "classes", "counts"])
@pytest.mark.series
def test_the_bias_that_is_told_makes_the_first_loss_that_is_told(tmp_path: Path, case: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(600, 4))
    units, activation, loss, y = {
        "price": (1, None, "mse", 300 + 5 * x[:, :1]),
        "rare": (1, "sigmoid", "binary_crossentropy", (rng.random((600, 1)) < 0.02).astype(float)),
        "classes": (3, "softmax", "sparse_categorical_crossentropy", rng.choice(3, (600, 1), p=[0.98, 0.01, 0.01])),
        "counts": (1, "exponential", "poisson", rng.poisson(60.0, (600, 1)).astype(float)),
    }[case]
    model = fresh(units, activation, loss)
    report = examined(tmp_path, model, x, y.astype(float), rules=("O209",))
    finding = only(report, "O209")
    biases = finding.evidence.numbers["biases"]
    assert number(finding, "after") == pytest.approx(loss_with(model, biases, x, y), rel=1e-4)
    if case == "price":
        assert biases[0] == pytest.approx(y.mean(), rel=1e-6)  # type: ignore[index]
        assert finding.severity is Severity.WARNING
    if case == "rare":
        share = y.mean()
        assert biases[0] == pytest.approx(np.log(share / (1 - share)), rel=1e-5)  # type: ignore[index]
