"""What holds of every vector-Jacobian product: it is linear, and it is the transpose of the directional derivative."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from drawn_cases import Functional, Input, L
from effort import examples
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from layer_cases import SEVERAL, SINGLE

from mlpdoctor.core.network import Array
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.tape import Cotangents, LayerGradients

NAMES = sorted({*SINGLE, *SEVERAL, "batch normalization in training"})
STEP = 1e-6
few = settings(max_examples=examples(6), deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])


@cache
def engine(name: str) -> NumpyEngine:
    """A network of two outputs with one layer of the kind, between layers with weights wherever these fit."""
    training = name == "batch normalization in training"
    plain = "batch normalization" if training else name
    shapes, make = SEVERAL[plain] if plain in SEVERAL else ([SINGLE[plain][0]], SINGLE[plain][1])
    inputs = [Input(shape) for shape in shapes]
    first = [L.Dense(shape[-1], "tanh")(entry) for shape, entry in zip(shapes, inputs, strict=True)]
    tensor = make(L)(first)
    return NumpyEngine(Functional(inputs, [tensor, L.Dense(2, "sigmoid")(tensor)]).network(), training=training)


def drawn(one: NumpyEngine, rng: np.random.Generator) -> tuple[NumpyEngine, Array]:
    """The engine at random weights, and rows."""
    weights = {key: rng.uniform(0.2, 1.5, values.shape) for key, values in one.weights.items()}
    return one.at(weights), rng.normal(size=(6, one.network.input_width or 0))


def cotangents(one: NumpyEngine, rows: Array, rng: np.random.Generator) -> Cotangents:
    shown = one.record(rows)
    return Cotangents(after={node: rng.normal(size=shown.after[node].shape) for node in one.network.outputs})


def arrays(gradients: LayerGradients) -> Iterator[Array]:
    yield from gradients.weights.values()
    yield from (values for values in gradients.features if values is not None)


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=st.integers(0, 2**32), factor=st.floats(-3, 3))
def test_it_is_linear(name: str, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    one, rows = drawn(engine(name), rng)
    tape = one.record(rows)
    left, right = cotangents(one, rows, rng), cotangents(one, rows, rng)
    mixed = Cotangents(after={node: factor * left.after[node] + right.after[node] for node in left.after})
    parts = zip(*(arrays(one.pull(tape, which)) for which in (left, right, mixed)), strict=True)
    for of_left, of_right, of_mixed in parts:
        np.testing.assert_allclose(of_mixed, factor * of_left + of_right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=st.integers(0, 2**32))
def test_it_is_the_transpose_of_the_directional_derivative(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, rows = drawn(engine(name), rng)
    back = cotangents(one, rows, rng)
    pulled = one.pull(one.record(rows), back)
    way = {key: rng.normal(size=values.shape) for key, values in one.weights.items()}
    sideways = rng.normal(size=rows.shape)

    def along(step: float) -> float:
        moved = one.at({key: values + step * way[key] for key, values in one.weights.items()})
        shown = moved.record(rows + step * sideways)
        return sum(float(np.vdot(back.after[node], shown.after[node])) for node in back.after)

    measured = (along(STEP) - along(-STEP)) / (2 * STEP)
    flat = np.concatenate([np.asarray(part).reshape(len(rows), -1) for part in pulled.features], axis=1)
    promised = float(np.vdot(flat, sideways)) + sum(float(np.vdot(pulled.weights[key], way[key])) for key in way)
    assert promised == pytest.approx(measured, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"batch normalization in training"}))
@few
@given(seed=st.integers(0, 2**32), cut=st.integers(1, 5))
def test_blocks_of_rows_add_up(name: str, seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    one, rows = drawn(engine(name), rng)
    back = cotangents(one, rows, rng)
    whole = one.pull(one.record(rows), back)
    parts = [
        one.pull(one.record(rows[part]), Cotangents(after={node: c[part] for node, c in back.after.items()}))
        for part in (slice(cut), slice(cut, None))
    ]
    for key, values in whole.weights.items():
        np.testing.assert_allclose(sum(part.weights[key] for part in parts), values, rtol=1e-10, atol=1e-10)
    for mine, *theirs in zip(whole.features, *(part.features for part in parts), strict=True):
        assert mine is not None
        np.testing.assert_allclose(np.concatenate([np.asarray(one) for one in theirs]), mine, rtol=1e-10, atol=1e-10)
