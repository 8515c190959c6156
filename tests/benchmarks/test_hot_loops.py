"""The inner loops against bare NumPy. Run as tests they only compare results; timed they print both sides by group.

pytest tests/benchmarks --benchmark-enable
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mlpdoctor.analysis.floors import least_absolute, least_squares
from mlpdoctor.core.network import Array, Layer, Network, Node
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.views import Rows

pytestmark = pytest.mark.slow  # large inputs

Benchmark = Callable[..., Any]
ROWS, WIDTHS = 8_192, (20, 128, 128, 1)


@pytest.fixture(scope="module")
def kernels() -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) / 10 for shape in pairwise(WIDTHS)]


@pytest.fixture(scope="module")
def rows() -> Rows:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(ROWS, WIDTHS[0]))
    return Rows(features, features[:, :1] + rng.normal(size=(ROWS, 1)), np.arange(float(ROWS)))


def network(kernels: list[Array]) -> Network:
    nodes = [Node(Layer("input", "InputLayer", {"batch_shape": [None, WIDTHS[0]]}), (), (WIDTHS[0],))]
    for position, kernel in enumerate(kernels):
        activation = "linear" if position == len(kernels) - 1 else "relu"
        config = {"units": kernel.shape[1], "activation": activation}
        weights = {"kernel": kernel, "bias": np.zeros(kernel.shape[1])}
        nodes.append(Node(Layer(f"dense_{position}", "Dense", config, weights), (position,), (kernel.shape[1],)))
    last = len(nodes) - 1
    return Network("net", tuple(nodes), (0,), (last,), ("out",), (None,), (1.0,), None, "net.keras", "test")


def bare(kernels: list[Array], features: Array) -> Array:
    biases = [np.zeros(kernel.shape[1]) for kernel in kernels]
    for kernel, bias in zip(kernels[:-1], biases, strict=False):
        features = np.maximum(features @ kernel + bias, 0.0)
    return features @ kernels[-1] + biases[-1]


@pytest.mark.benchmark(group="forward pass, at most 1.5 x")
def test_forward_by_the_engine(benchmark: Benchmark, kernels: list[Array], rows: Rows) -> None:
    engine = NumpyEngine(network(kernels))
    (answers,) = benchmark(engine.forward, rows.features)
    np.testing.assert_allclose(answers, bare(kernels, rows.features))


@pytest.mark.benchmark(group="forward pass, at most 1.5 x")
def test_forward_by_bare_numpy(benchmark: Benchmark, kernels: list[Array], rows: Rows) -> None:
    assert benchmark(bare, kernels, rows.features).shape == (ROWS, 1)


@pytest.mark.benchmark(group="least squares")
def test_least_squares_from_the_triangle(benchmark: Benchmark, rows: Rows) -> None:
    (fit,) = benchmark(lambda: least_squares.fit(TargetFactor.of(rows)))
    design = np.column_stack([np.ones(ROWS), rows.features])
    residual = np.linalg.lstsq(design, rows.targets, rcond=None)[1]
    assert fit.value == pytest.approx(float(residual[0]) / ROWS)


@pytest.mark.benchmark(group="least squares")
def test_least_squares_by_lstsq(benchmark: Benchmark, rows: Rows) -> None:
    design = np.column_stack([np.ones(ROWS), rows.features])
    assert benchmark(np.linalg.lstsq, design, rows.targets, rcond=None)[0].shape == (21, 1)


@pytest.mark.benchmark(group="least absolute deviations")
def test_least_absolute_by_the_interior_point_method(benchmark: Benchmark, rows: Rows) -> None:
    (fit,) = benchmark(least_absolute.fit, rows.features, rows.targets)
    assert fit.lower == pytest.approx(fit.value, rel=1e-9)
