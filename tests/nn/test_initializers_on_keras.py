"""Weights drawn as Keras draws them: moments, bounds and fans against Keras's own."""

from typing import Any

import keras
import numpy as np
import pytest

from mlpdoctor.nn.initializers import draw, fans

I = keras.initializers  # noqa: E741
SHAPE = (600, 400)
"""So many numbers that the fourth moment, the most restless, is sure to 1 %."""
BOUNDED = ("GlorotUniform", "HeUniform", "LecunUniform", "RandomUniform", "GlorotNormal", "HeNormal", "LecunNormal")
CASES = [
    I.GlorotUniform(),
    I.GlorotNormal(),
    I.HeUniform(),
    I.HeNormal(),
    I.LecunUniform(),
    I.LecunNormal(),
    I.RandomNormal(0.3, 2.0),
    I.RandomUniform(-0.2, 1.0),
    I.TruncatedNormal(0.5, 0.1),
    I.Zeros(),
    I.Ones(),
    I.Constant(0.7),
    I.Orthogonal(2.0),
    *(
        I.VarianceScaling(scale, mode, distribution)
        for scale in (0.5, 3.0)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform")
    ),
]


def drawn(spec: Any, shape: tuple[int, ...] = SHAPE, seed: int = 0, name: str = "kernel") -> Any:  # noqa: ANN401
    return draw(spec, name, shape, np.random.default_rng(seed))


@pytest.mark.parametrize("initializer", CASES, ids=lambda i: f"{type(i).__name__}{list(i.get_config().values())}")
def test_moments_and_bounds_are_those_of_keras(initializer: Any) -> None:  # noqa: ANN401
    spec = keras.saving.serialize_keras_object(initializer)
    if "seed" in spec["config"]:
        initializer = type(initializer).from_config(spec["config"] | {"seed": 1})
    theirs = np.asarray(keras.ops.convert_to_numpy(initializer(SHAPE)), np.float64)
    mine = drawn(spec)
    assert mine.shape == SHAPE
    spread = theirs.std()
    assert abs(mine.mean() - theirs.mean()) < 5 * spread * np.sqrt(2 / theirs.size) + 1e-7
    assert mine.std() == pytest.approx(spread, rel=0.03, abs=1e-9)
    for k in (3, 4):  # shape of the distribution: uniform, cut and uncut normal differ here
        ours, own = (np.mean(np.abs(v - v.mean()) ** k) for v in (mine, theirs))
        assert ours == pytest.approx(own, rel=0.06, abs=1e-9)
    if type(initializer).__name__ in BOUNDED or "'uniform'" in str(spec) or "'truncated" in str(spec):
        far = np.abs(theirs - theirs.mean()).max()
        assert np.abs(mine - mine.mean()).max() == pytest.approx(far, rel=0.05, abs=1e-6)


@pytest.mark.parametrize("name", ["glorot_uniform", "GlorotUniform", "he_normal", "uniform", "normal", "lecun_normal"])
def test_names_of_functions_and_classes(name: str) -> None:
    keras.utils.set_random_seed(2)
    theirs = np.asarray(keras.initializers.get(name)(SHAPE))
    assert drawn(name).std() == pytest.approx(theirs.std(), rel=0.03)


@pytest.mark.parametrize("shape", [(), (3,), (3, 5), (2, 3, 5), (2, 2, 3, 5)])
def test_fans_are_those_of_keras(shape: tuple[int, ...]) -> None:
    from keras.src.initializers.random_initializers import compute_fans

    assert fans(shape) == pytest.approx(compute_fans(shape))
