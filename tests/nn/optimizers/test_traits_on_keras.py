"""The next step, against the optimizers of Keras: trained, saved, read back, and given the same gradient."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from stepped import gradients, model_with, moved_by_keras, saved, weights

from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.nn.optimizers.rule import known
from mlpdoctor.nn.optimizers.traits import Step, next_step

O = keras.optimizers  # noqa: E741
KINDS: dict[str, Callable[..., Any]] = {
    "sgd": lambda **o: O.SGD(0.02, **o),
    "momentum": lambda **o: O.SGD(0.02, momentum=0.9, **o),
    "nesterov": lambda **o: O.SGD(0.02, momentum=0.8, nesterov=True, **o),
    "rmsprop": lambda **o: O.RMSprop(0.02, **o),
    "rmsprop with another rho": lambda **o: O.RMSprop(0.02, rho=0.7, epsilon=1e-3, **o),
    "rmsprop with momentum": lambda **o: O.RMSprop(0.02, momentum=0.5, **o),
    "rmsprop centered": lambda **o: O.RMSprop(0.02, centered=True, **o),
    "rmsprop with all": lambda **o: O.RMSprop(0.02, momentum=0.5, centered=True, **o),
    "adam": lambda **o: O.Adam(0.02, **o),
    "adam with other betas": lambda **o: O.Adam(0.02, beta_1=0.5, beta_2=0.9, epsilon=1e-2, **o),
    "amsgrad": lambda **o: O.Adam(0.02, amsgrad=True, **o),
    "adamw": lambda **o: O.AdamW(0.02, **o),
    "nadam": lambda **o: O.Nadam(0.02, **o),
    "adamax": lambda **o: O.Adamax(0.02, **o),
    "adagrad": lambda **o: O.Adagrad(0.02, **o),
    "adagrad from nothing": lambda **o: O.Adagrad(0.02, initial_accumulator_value=0.0, epsilon=1e-3, **o),
    "adadelta": lambda **o: O.Adadelta(0.5, **o),
    "lion": lambda **o: O.Lion(0.02, **o),
    "lamb": lambda **o: O.Lamb(0.02, **o),
    "ftrl": lambda **o: O.Ftrl(0.02, **o),
    "ftrl with penalties": lambda **o: O.Ftrl(
        0.02,
        l1_regularization_strength=0.3,
        l2_regularization_strength=0.1,
        l2_shrinkage_regularization_strength=0.05,
        beta=0.2,
        learning_rate_power=-0.4,
        initial_accumulator_value=0.3,
        **o,
    ),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "clipnorm": {"clipnorm": 0.7},
    "clipvalue": {"clipvalue": 0.4},
    "global clipnorm": {"global_clipnorm": 1.5},
    "clipnorm out of reach": {"clipnorm": 1e6},
    "weight decay": {"weight_decay": 0.3},
    "averaged": {"use_ema": True},
    "scaled": {"loss_scale_factor": 8.0},
}
DECAYED = keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.6, staircase=True)


def same(step: Step, moved: Mapping[Key, Array], rtol: float = 1e-7, atol: float = 0.0) -> None:
    assert step.updates.keys() == moved.keys()
    for key, values in moved.items():
        allowed = atol + rtol * np.abs(values).max()
        np.testing.assert_allclose(step.updates[key], values, rtol=rtol, atol=allowed, err_msg=str(key))


def compare(optimizer: Optimizer, model: Any, seed: int = 9, rtol: float = 1e-7, atol: float = 0.0) -> Step:  # noqa: ANN401
    """Keras and ``next_step`` move the weights alike."""
    given = gradients(model, np.random.default_rng(seed))
    step = next_step(optimizer, weights(model), given)
    assert isinstance(step, Step), step
    same(step, moved_by_keras(model, given), rtol, atol)
    return step


def test_every_optimizer_is_compared() -> None:
    assert {type(make()).__name__ for make in KINDS.values()} == {name for rule in known() for name in rule.names}


@pytest.mark.parametrize("kind", KINDS)
def test_in_float64_it_is_keras_step_to_seven_digits(tmp_path: Path, kind: str) -> None:
    model = model_with(KINDS[kind]())
    optimizer = saved(tmp_path, model)
    for seed in range(3):  # and so are the steps that follow, without a file
        optimizer = compare(optimizer, model, seed).optimizer
    assert optimizer.iterations == 10


@pytest.mark.parametrize("kind", KINDS)
def test_in_float32_it_is_keras_step_to_its_rounding(tmp_path: Path, kind: str) -> None:
    model = model_with(KINDS[kind](), "float32", made=25, seed=3)
    # A weight of size 1 is stored to 1e-7.
    compare(saved(tmp_path, model, "h5"), model, rtol=1e-5, atol=1.5e-7)


@pytest.mark.parametrize("kind", ["adam", "adam with other betas", "adamax", "nadam", "lamb"])
def test_the_first_steps_in_float32(tmp_path: Path, kind: str) -> None:
    model = model_with(KINDS[kind](), "float32", made=1, seed=3)
    # Keras works 1 - 0.999^t out in float32, which leaves four digits of the first.
    compare(saved(tmp_path, model), model, rtol=1e-4, atol=1.5e-7)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", ["nesterov", "adam", "lamb", "ftrl"])
def test_options_that_all_have(tmp_path: Path, kind: str, option: str) -> None:
    model = model_with(KINDS[kind](**OPTIONS[option]), seed=1)
    optimizer = saved(tmp_path, model)
    if option != "scaled":
        compare(optimizer, model)
        return
    given = gradients(model, np.random.default_rng(9))
    step = next_step(optimizer, weights(model), given)
    assert isinstance(step, Step)
    same(step, moved_by_keras(model, {key: 8.0 * gradient for key, gradient in given.items()}))


@pytest.mark.parametrize("made", [0, 7])
@pytest.mark.parametrize("kind", ["momentum", "nadam", "adamw", "lion"])
def test_a_schedule_gives_the_rate_of_the_next_update(tmp_path: Path, kind: str, made: int) -> None:
    make = KINDS[kind]
    optimizer = type(make()).from_config({**make().get_config(), "learning_rate": DECAYED})
    model = model_with(optimizer, made=made)
    step = compare(saved(tmp_path, model), model, rtol=1e-6)  # Keras works schedules out in float32
    assert step.rate == pytest.approx(0.05 * 0.6 ** (made // 3), rel=1e-6)


@pytest.mark.parametrize("rate", [0.02, DECAYED])
@pytest.mark.parametrize("kind", [O.SGD, O.Adam, O.Nadam])
def test_an_accumulated_step_is_that_of_the_mean_gradient(tmp_path: Path, kind: Any, rate: Any) -> None:  # noqa: ANN401
    model = model_with(kind(rate, gradient_accumulation_steps=3), made=6)
    optimizer = saved(tmp_path, model)
    assert optimizer.iterations == 2
    rng = np.random.default_rng(4)
    parts = [gradients(model, rng) for _ in range(3)]
    mean = {key: (parts[0][key] + parts[1][key] + parts[2][key]) / 3 for key in parts[0]}
    step = next_step(optimizer, weights(model), mean)
    assert isinstance(step, Step)
    assert all(not moved.any() for part in parts[:2] for moved in moved_by_keras(model, part).values())
    same(step, moved_by_keras(model, parts[2]), rtol=1e-6)


def bare(kind: str, updates: int | None) -> Optimizer:
    """As from a file without slots."""
    config = KINDS[kind]().get_config()
    return Optimizer(type(KINDS[kind]()).__name__, config, updates, config["learning_rate"])


@pytest.mark.parametrize("kind", KINDS)
def test_without_updates_it_starts_afresh(kind: str) -> None:
    compare(bare(kind, None), model_with(KINDS[kind](), made=0))


@pytest.mark.parametrize("kind", KINDS)
def test_state_that_is_missing_is_said(kind: str) -> None:
    key = ("first", "kernel")
    step = next_step(bare(kind, 5), {key: np.ones(3)}, {key: np.ones(3)})
    if kind == "sgd":
        assert isinstance(step, Step)
    else:
        assert isinstance(step, str)
        assert "kernel of first" in step


def test_an_unknown_optimizer_is_said(tmp_path: Path) -> None:
    model = model_with(O.Adafactor(0.02))
    step = next_step(saved(tmp_path, model), weights(model), gradients(model, np.random.default_rng(0)))
    assert step == "the updates of the optimizer Adafactor are not known"


def test_a_schedule_that_cannot_be_followed_is_said(tmp_path: Path) -> None:
    model = model_with(O.SGD(keras.optimizers.schedules.CosineDecayRestarts(0.1, 20)))
    step = next_step(saved(tmp_path, model), weights(model), gradients(model, np.random.default_rng(0)))
    assert isinstance(step, str)
    assert "rate" in step


def test_a_loss_scaling_wrapper_is_looked_through(tmp_path: Path) -> None:
    model = model_with(O.LossScaleOptimizer(O.Adam(0.02), initial_scale=4.0), made=0)
    rng = np.random.default_rng(2)
    for _ in range(3):
        moved_by_keras(model, {key: 4 * gradient for key, gradient in gradients(model, rng).items()})
    given = gradients(model, rng)
    step = next_step(saved(tmp_path, model), weights(model), given)
    assert isinstance(step, Step)
    same(step, moved_by_keras(model, {key: 4 * gradient for key, gradient in given.items()}))
