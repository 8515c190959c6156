"""W307: penalties, weight decay and constraints that hold the weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, compiled, examined, number, only, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Severity

R = keras.regularizers


def data(seed: int, rows: int = 300) -> tuple[Any, Any]:
    x, y = waves(rows, 3, seed)
    return x, (y - y.mean()) / y.std()


def trained(seed: int, epochs: int = 60, optimizer: Any = "adam", **options: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
    x, y = data(seed)
    keras.utils.set_random_seed(seed)
    layers = [L.Dense(16, "tanh", **options), L.Dense(16, "tanh", **options), L.Dense(1, **options)]
    return train(compiled(stack(3, *layers), updates=0, optimizer=optimizer), x, y, epochs), x, y


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("penalty", [R.L2(1.0), R.L1(0.1), R.L1L2(0.1, 0.1)], ids=["l2", "l1", "both"])
@pytest.mark.series
def test_a_penalty_that_shrinks_the_weights_to_nothing_is_an_error(tmp_path: Path, penalty: Any, seed: int) -> None:  # noqa: ANN401
    model, x, y = trained(seed, kernel_regularizer=penalty)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "W307")
    # L1 leaves the weights that save most, so that the model may come half the way.
    grave = (Severity.ERROR, Severity.WARNING) if isinstance(penalty, R.L1 | R.L1L2) else (Severity.ERROR,)
    assert finding.severity in grave, told(report)
    assert report.findings[0] is finding, told(report)
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    least = min(np.sqrt(np.square(k).mean()) / np.sqrt(2 / sum(k.shape)) for k in kernels)
    assert number(finding, "shrunk") == pytest.approx(float(least), rel=1e-5)
    assert "kernel_regularizer=None" in str(finding.evidence.remedy)


def test_without_data_it_speaks_of_weights_that_are_gone(tmp_path: Path) -> None:
    model, _, _ = trained(0, epochs=150, kernel_regularizer=R.L2(3.0))
    assert only(examined(tmp_path, model, rules=("W307",)), "W307").severity is Severity.WARNING


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_regularizer": R.L2(1e-5)},
        {"kernel_regularizer": R.L1(1e-6)},
        {"kernel_constraint": keras.constraints.MaxNorm(4.0)},
        {"activity_regularizer": R.L2(1e-6)},
    ],
    ids=["l2", "l1", "norm", "activity"],
)
@pytest.mark.series
def test_a_mild_one_is_left_alone(tmp_path: Path, options: dict[str, Any], seed: int) -> None:
    model, x, y = trained(seed, epochs=150, **options)
    report = examined(tmp_path, model, x, y, rules=("W307",))
    assert quiet(report, "W307"), told(report)
    assert quiet(examined(tmp_path, model, rules=("W307",)), "W307")


def test_small_weights_without_a_penalty_are_another_matter(tmp_path: Path) -> None:
    x, y = data(0)
    model = compiled(
        stack(3, L.Dense(8, "tanh", kernel_initializer=keras.initializers.RandomNormal(stddev=1e-4)), L.Dense(1))
    )
    assert quiet(examined(tmp_path, model, x, y, rules=("W307",)), "W307")


def test_an_untrained_model_with_a_large_penalty_is_left_alone(tmp_path: Path) -> None:
    x, y = data(0)
    model = stack(3, L.Dense(8, "tanh", kernel_regularizer=R.L2(1.0)), L.Dense(1))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, model, x, y, rules=("W307",)), "W307")


@pytest.mark.parametrize("seed", [0, 1])
def test_a_norm_limit_that_all_units_sit_on_is_a_warning(tmp_path: Path, seed: int) -> None:
    model, x, y = trained(seed, kernel_constraint=keras.constraints.MaxNorm(0.05))
    finding = only(examined(tmp_path, model, x, y, rules=("W307",)), "W307")
    assert "MaxNorm(0.05)" in finding.message
    assert "kernel_constraint=None" in str(finding.evidence.remedy)


def test_weight_decay_is_named_with_its_number(tmp_path: Path) -> None:
    # Keras multiplies the decay by the rate, so that it takes a large one to hold the weights.
    model, x, y = trained(0, optimizer=keras.optimizers.AdamW(0.01, weight_decay=60.0))
    finding = only(examined(tmp_path, model, x, y, rules=("W307",)), "W307")
    assert "the weight decay of 60" in finding.message
    assert "weight_decay=1e-4" in str(finding.evidence.remedy)
