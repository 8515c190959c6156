"""On networks that nobody chose, both engines answer alike and pull the same gradients back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from two_engines import engines_agree, read, scattered

L = keras.layers
ACTIVATIONS = (
    None,
    "celu",
    "elu",
    "exponential",
    "hard_sigmoid",
    "hard_tanh",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
)
"""Those whose constants TensorFlow keeps in float64; tests/engines/test_keras_engine.py has the others."""
BLOCKS = ("dense", "dense", "twice", "normal", "noise", "skip", "join", "nested")
ROUNDED = 1e-8
"""Sums of many layers add up their rounding."""
WIDTHS = st.integers(1, 6)
NAMES = st.sampled_from(ACTIVATIONS)


def multilayer_perceptron(draw: Any) -> tuple[Any, int]:  # noqa: ANN401  as Hypothesis draws
    """A model of up to six blocks with skips, joins, shared layers, one or two inputs and outputs; and its features."""
    entries = [keras.Input((draw(WIDTHS),)) for _ in range(draw(st.integers(1, 2)))]
    ends: list[Any] = list(entries)
    for _ in range(draw(st.integers(1, 6))):
        ends.append(block(draw, draw(st.sampled_from(ends)), ends))
    outputs = [dense(draw)(x) for x in ends[-draw(st.integers(1, 2)) :]]
    joined = L.Concatenate()([outputs[0], *entries])  # no input may hang in the air
    model = keras.Model(entries, [L.Dense(draw(WIDTHS))(joined), *outputs[1:]])
    return model, sum(entry.shape[1] for entry in entries)


def dense(draw: Any) -> Any:  # noqa: ANN401
    return L.Dense(draw(WIDTHS), draw(NAMES), use_bias=draw(st.booleans()))


def block(draw: Any, x: Any, ends: list[Any]) -> Any:  # noqa: ANN401
    kind, width = draw(st.sampled_from(BLOCKS)), x.shape[1]
    if kind == "normal":
        return draw(st.sampled_from([L.BatchNormalization, L.LayerNormalization, L.UnitNormalization]))()(x)
    if kind == "noise":
        return draw(st.sampled_from([L.Dropout, L.GaussianNoise, L.AlphaDropout]))(0.4)(x)
    if kind == "skip":
        merge = draw(st.sampled_from([L.Add, L.Multiply, L.Maximum, L.Average]))
        return merge()([x, L.Dense(width, draw(NAMES))(x)])
    if kind == "join":
        return L.Concatenate()([x, draw(st.sampled_from(ends))])
    if kind == "nested":
        entry = keras.Input((width,))
        return keras.Model(entry, dense(draw)(L.Dense(3, "tanh")(entry)))(x)
    if kind == "twice":
        shared = L.Dense(width, draw(NAMES))
        return shared(shared(x))
    return dense(draw)(x)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), training=st.booleans(), seed=st.integers(0, 1000))
def test_numpy_and_keras_agree(data: st.DataObject, *, training: bool, seed: int) -> None:
    model, features = multilayer_perceptron(data.draw)
    x = np.random.default_rng(seed).normal(size=(7, features))
    with TemporaryDirectory() as folder:
        engines_agree(read(scattered(model, seed), Path(folder) / "m.keras"), x, ROUNDED, training=training)
