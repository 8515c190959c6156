"""The fact of the gradient: means, moments, scatter, and how far a sample's gradient is from that of all rows."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from gradient_probe import fact, probe
from hand_built import Draft, Table, drawn, sequential
from paths import FIXTURES

from mlpdoctor.core.check import Absent
from mlpdoctor.core.network import Array, Network
from mlpdoctor.diagnosis.diagnose import examine
from mlpdoctor.engine.gradient import loss_gradient
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training import gradients as module
from mlpdoctor.facts.training.gradients import Gradients, batches, gradient_rows, gradients, norm
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.statistics.rows import RowSample

SEEDS = range(120)


def data(rows: int, seed: int, features: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    return x, np.sin(2 * x[:, :1]) + 0.3 * rng.normal(size=(rows, 1))


def by_hand(kernel: Array, bias: Array, x: Array, y: Array, part: slice) -> tuple[Array, Array]:
    """The gradient of the mean squared error of a line, row by row."""
    of_kernel, of_bias = np.zeros_like(kernel), np.zeros_like(bias)
    for row, target in zip(x[part], y[part], strict=True):
        miss = 2 * (row @ kernel + bias - target)
        of_kernel += np.outer(row, miss)
        of_bias += miss
    return of_kernel / len(x[part]), of_bias / len(x[part])


def order_of(x: Array, y: Array, network: Network) -> tuple[Array, Array]:
    """The rows in the order in which the sample holds them."""
    answers = examine(network, Table(x, y), [probe])
    sample = answers.get(RowSample)
    return sample.features, sample.targets


@pytest.mark.parametrize("rows", [1, 7, 23, 160, 1000])
def test_means_norms_and_scatter_are_those_of_a_plain_loop(rows: int) -> None:
    network = drawn(sequential(3, (1, None)), rows)
    x, y = data(rows, rows)
    found = fact(network, x, y)
    (layer,) = (layer for layer in network.layers if layer.weights)
    kernel, bias = layer.weights["kernel"], layer.weights["bias"]
    of_kernel, of_bias = by_hand(kernel, bias, x, y, slice(None))
    np.testing.assert_allclose(found.weights[layer.name, "kernel"], of_kernel, rtol=1e-9)
    np.testing.assert_allclose(found.weights[layer.name, "bias"], of_bias, rtol=1e-9)
    length = math.sqrt(np.square(of_kernel).sum() + np.square(of_bias).sum())
    assert found.norm == pytest.approx(length)
    assert found.of_layer(layer.name) == pytest.approx(length)
    assert found.loss == pytest.approx(np.square(x @ kernel + bias - y).mean())
    assert (found.rows, found.share, found.error) == (rows, 1.0, 0.0)

    sx, sy = order_of(x, y, network)
    cuts = np.array_split(np.arange(rows), module.parts(rows, found.batch))
    squared, weight = 0.0, 0.0
    for cut in cuts:
        part = slice(cut[0], cut[-1] + 1)
        one = by_hand(kernel, bias, sx, sy, part)
        distance = sum(np.square(a - b).sum() for a, b in zip(one, (of_kernel, of_bias), strict=True))
        squared, weight = squared + len(cut) * distance, weight + len(cut)
    expected = math.sqrt(squared / weight * len(cuts) / max(len(cuts) - 1, 1))
    assert found.scatter[layer.name] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rows", [40, 500])
def test_moments_of_units_are_of_the_loss_of_single_rows(rows: int) -> None:
    network = drawn(sequential(3, (4, "tanh"), (2, None)), rows)
    x, _ = data(rows, rows)
    y = np.random.default_rng(rows).normal(size=(rows, 2))
    found = fact(network, x, y)
    one, two = (layer for layer in network.layers if layer.weights)
    hidden = np.tanh(x @ one.weights["kernel"] + one.weights["bias"])
    at_answers = hidden @ two.weights["kernel"] + two.weights["bias"] - y  # 2 errors / 2 units
    at_hidden = (at_answers @ two.weights["kernel"].T) * (1 - np.square(hidden))
    for layer, expected in ((one, at_hidden), (two, at_answers)):
        moments = found.units[layer.name]
        assert moments.rows == rows
        np.testing.assert_allclose(moments.mean, expected.mean(axis=0), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(moments.deviation, expected.std(axis=0), rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [256, 1500])
@pytest.mark.parametrize("hidden", [(), ((4, "relu"),)])
def test_the_standard_error_tells_how_far_a_sample_is_from_the_truth(
    rows: int, hidden: tuple[tuple[int, str], ...]
) -> None:
    network = drawn(sequential(3, *hidden, (1, None)), 3)
    x, y = data(2000, 3)
    truth = fact(network, x, y)
    answers = examine(network, Table(x, y), [probe])
    objective, sample = answers.get(Objective), answers.get(RowSample)
    ratios = []
    for seed in SEEDS:
        chosen = np.random.default_rng(seed).permutation(len(x))[:rows]
        part = replace(sample, tickets=sample.tickets[chosen], features=x[chosen], targets=y[chosen])
        found = gradients.function(objective, part)
        assert isinstance(found, Gradients)
        assert found.share == pytest.approx(rows / len(x))
        miss = norm({key: values - truth.weights[key] for key, values in found.weights.items()})
        ratios.append(miss / found.error)
    assert np.mean(np.array(ratios) < 2) > 0.92
    assert 0.85 < math.sqrt(np.mean(np.square(ratios))) < 1.2


def test_sample_weights_count() -> None:
    rows = 50
    network = drawn(sequential(3, (1, None)), 1)
    x, y = data(rows, 1)
    weights = np.random.default_rng(1).exponential(size=rows)
    (layer,) = (layer for layer in network.layers if layer.weights)
    miss = 2 * (x @ layer.weights["kernel"] + layer.weights["bias"] - y) * weights[:, None]
    found = fact(network, x, y, weights)
    np.testing.assert_allclose(found.weights[layer.name, "kernel"], x.T @ miss / rows, rtol=1e-9)


def test_normalization_by_the_batch_is_by_the_batches_that_scatter_is_of() -> None:
    draft = Draft(3)
    normalized = draft.call("BatchNormalization", draft.dense(0, 4), name="norm", axis=-1, epsilon=1e-3)
    network = drawn(draft.network(draft.dense(normalized, 1, name="end")), 2)
    x, y = data(100, 2)
    found = fact(network, x, y)
    answers = examine(network, Table(x, y), [probe])
    engine = NumpyEngine(network, training=True)
    total: dict[tuple[str, str], Array] = {}
    for part in batches(gradient_rows(engine, answers.get(RowSample)), found.batch):
        one, _, _ = loss_gradient(engine, answers.get(Objective).heads, part)
        for key, values in one.weights.items():
            total[key] = total.get(key, np.zeros_like(values)) + values / len(x)
    assert set(found.weights) == set(total)
    assert ("norm", "moving_mean") not in found.weights
    for key, values in total.items():
        np.testing.assert_allclose(found.weights[key], values, rtol=1e-9, atol=1e-12)


def test_all_weights_frozen_leaves_nothing_to_say() -> None:
    network = sequential(3, (1, None))
    nodes = tuple(replace(node, layer=replace(node.layer, trainable=False)) for node in network.nodes)
    found = examine(replace(network, nodes=nodes), Table(*data(30, 0)), [probe]).get(Gradients)
    assert isinstance(found, Absent)
    assert not found.applicable


def test_weights_that_are_no_numbers_give_a_gradient_that_is_none() -> None:
    network = drawn(sequential(3, (2, "relu"), (1, None)), 0, size=np.inf)
    assert math.isnan(fact(network, *data(30, 0)).norm)


def test_of_large_networks_fewer_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    network = drawn(sequential(3, (8, "tanh"), (1, None)), 0)
    x, y = data(3000, 0)
    assert fact(network, x, y).share == 1.0
    monkeypatch.setattr(module, "MOST_PRODUCTS", 1)
    found = fact(network, x, y)
    assert found.rows == module.FEWEST_ROWS
    assert found.error > 0


def test_of_three_points_it_costs_next_to_nothing() -> None:
    network = read_network(str(FIXTURES / "three-points" / "model.keras"))
    x, y = np.hsplit(np.loadtxt(FIXTURES / "three-points" / "data.csv", delimiter=",", skiprows=1), 2)
    answers = examine(network, Table(x, y), [probe])
    objective, sample = answers.get(Objective), answers.get(RowSample)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        gradients.function(objective, sample)
        times.append(time.perf_counter() - start)
    assert min(times) < 5e-3
