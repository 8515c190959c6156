"""Weights drawn as Keras draws them: structure, constants, names, and what is unknown."""

from typing import Any

import numpy as np
import pytest

from mlpdoctor.nn.initializers import draw

SHAPE = (600, 400)
"""So many numbers that the fourth moment, the most restless, is sure to 1 %."""


def drawn(spec: Any, shape: tuple[int, ...] = SHAPE, seed: int = 0, name: str = "kernel") -> Any:  # noqa: ANN401
    return draw(spec, name, shape, np.random.default_rng(seed))


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (4, 4)])
def test_orthogonal_columns_or_rows(shape: tuple[int, int]) -> None:
    w = drawn({"class_name": "Orthogonal", "config": {"gain": 3.0}}, shape)
    gram = w.T @ w if shape[0] >= shape[1] else w @ w.T
    np.testing.assert_allclose(gram, 9 * np.eye(min(shape)), atol=1e-12)


def test_identity() -> None:
    np.testing.assert_array_equal(drawn({"class_name": "Identity", "config": {"gain": 0.5}}, (3, 3)), 0.5 * np.eye(3))


@pytest.mark.parametrize(("name", "value"), [("zeros", 0), ("zero", 0), ("ones", 1), ("one", 1), ("Zeros", 0)])
def test_constants_by_name(name: str, value: float) -> None:
    assert (drawn(name, (7,)) == value).all()


@pytest.mark.parametrize(
    "spec",
    [
        "my_initializer",
        "Custom>Mine",
        {"class_name": "Mine", "config": {}},
        {"module": "my_package", "class_name": "GlorotUniform", "config": {}},
        {"class_name": "Custom>GlorotUniform", "config": {}},
        3,
    ],
)
def test_others_are_unknown(spec: Any) -> None:  # noqa: ANN401
    assert drawn(spec) is None


def test_what_a_file_leaves_out_is_keras_default() -> None:
    assert (drawn(None, (4,), name="bias") == 0).all()
    assert (drawn(None, (4,), name="gamma") == 1).all()
    bound = np.sqrt(6 / sum(SHAPE))
    assert bound * 0.99 < np.abs(drawn(None)).max() <= bound


def test_the_same_seed_gives_the_same_numbers() -> None:
    np.testing.assert_array_equal(drawn("he_normal", seed=4), drawn("he_normal", seed=4))
    assert (drawn("he_normal", seed=4) != drawn("he_normal", seed=5)).any()
