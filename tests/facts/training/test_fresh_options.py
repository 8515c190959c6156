"""Weights drawn anew beside going on: what the trials tell, and which line they lead to."""

import numpy as np
import pytest
from drawn_cases import L, Model, compiled, fit, optimizers, put, set_random_seed, stack, waves
from hand_built import examined

from mlpdoctor.core.check import Absent
from mlpdoctor.core.finding import Draws, Remedy
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import short
from mlpdoctor.facts.training.fresh_options import FreshOptions

pytestmark = pytest.mark.slow
REMEDY = Remedy("re-initialise dense", 'Dense(16, name="dense")  # likewise dense_1')
ON = "model.fit(x, y, epochs=10 * epochs)"


def tried(model: Model, x: Array, y: Array, draws: Draws) -> Remedy:
    return options(model, x, y).tried(REMEDY, draws)


def options(model: Model, x: Array, y: Array) -> FreshOptions:
    found = examined(model.network(), x, y).get(FreshOptions)
    assert isinstance(found, FreshOptions), found
    return found


def dead(units: int = 16, living: int = 1, rate: float = 0.01) -> tuple[Model, Array, Array]:
    """A trained network most of whose units never fire again."""
    x, y = waves(300, 3, 1)
    set_random_seed(1)
    model = stack(3, L.Dense(units, "relu", name="dense"), L.Dense(1, name="dense_1"))
    model.compile(optimizers.Adam(rate), "mse")
    fit(model, x, y, epochs=60)
    kernel = np.asarray(model.network().layers[1].weights["kernel"])
    put(model.get_layer("dense"), kernel, np.where(np.arange(units) < living, 0.0, -60.0))
    return model, x, y


def test_dead_units_are_drawn_anew_and_both_losses_are_told() -> None:
    model, x, y = dead()
    found = options(model, x, y)
    draws = Draws(("dense",), "he_uniform", "normal")
    remedy = found.tried(REMEDY, draws)
    fresh, on = found.fresh(draws, 1.0), found.continuation.at(1, found.times)
    assert remedy.code == REMEDY.code
    assert f"{fresh.updates} updates led to a loss of {short(fresh.after)}" in remedy.text
    assert f"from the present weights to {short(on.after)}" in remedy.text
    assert fresh.after < 0.7 * on.after


def test_nobody_draws_weights_anew_whose_training_gets_as_far_by_going_on() -> None:
    x, y = waves(300, 3, 1)
    set_random_seed(1)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizers.Adam(0.01), "mse")
    fit(model, x, y, epochs=2)
    remedy = tried(model, x, y, Draws(("dense",)))
    assert remedy.code == ON
    assert remedy.text.startswith("train on: in a trial ")


def test_a_huge_loss_hides_nothing_of_what_fresh_weights_reach() -> None:
    """Going on takes millions off it, and is still nowhere."""
    x, y = waves(300, 3, 1)
    set_random_seed(1)
    names = [f"dense_{place}" for place in range(4)]
    model = compiled(stack(3, *(L.Dense(16, "relu", name=name) for name in names), L.Dense(1, name="out")))
    for name in names:
        layer = model.get_layer(name)
        kernel, bias = layer.get_weights()
        put(layer, 30 * kernel, bias)
    remedy = tried(model, x, y, Draws(tuple(names), "he_uniform"))
    assert remedy.code == REMEDY.code, remedy


def trapped(units: int = 2, seed: int = 3) -> tuple[Model, Array, Array]:
    """A target of four corners, for which two units are too few, at a rate far below what it was trained with."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (200, 2))
    y = np.sign(x[:, :1] * x[:, 1:])
    set_random_seed(seed)
    model = stack(2, L.Dense(units, "tanh", name="dense"), L.Dense(1, name="dense_1"))
    model.compile(optimizers.Adam(0.05), "mse")
    fit(model, x, y, epochs=150)
    model.compile(optimizers.Adam(0.001), "mse")
    fit(model, x, y, epochs=100)
    return model, x, y


def test_where_nothing_gains_at_this_width_four_times_the_units_are_tried() -> None:
    model, x, y = trapped()
    remedy = tried(model, x, y, Draws())
    assert remedy.text.startswith("give dense 8 units in place of 2 and train from fresh weights")
    assert "from fresh weights alone to" in remedy.text
    assert remedy.code is not None
    assert remedy.code.startswith('Dense(8, activation="tanh", kernel_initializer="glorot_uniform", name="dense")')


def test_the_wider_trial_is_of_a_wider_network() -> None:
    model, x, y = trapped()
    found = options(model, x, y)
    shapes = found.widened("dense", 8)
    assert shapes == {("dense", "kernel"): (2, 8), ("dense", "bias"): (8,), ("dense_1", "kernel"): (8, 1)}
    wide = Draws(("dense",), units=8)
    assert found.fresh(wide, 10.0).path != found.fresh(Draws(("dense",)), 10.0).path


def test_what_cannot_be_widened_by_shapes_alone_is_left_as_it_is() -> None:
    """A PReLU behind it has a weight for each unit, and an output has a target for each."""
    x, y = waves(300, 3, 1)
    layers = L.Dense(8, name="dense"), L.PReLU(), L.Dense(4, "tanh", name="dense_1"), L.Dense(1, name="dense_2")
    model = stack(3, *layers)
    model.compile(optimizers.Adam(0.01), "mse")
    fit(model, x, y, epochs=1)
    found = options(model, x, y)
    assert found.widened("dense", 32) == {}
    assert found.widened("dense_2", 4) == {}
    assert found.widened("dense_1", 16)["dense_2", "kernel"] == (16, 1)


def test_adam_is_offered_where_descent_crawls() -> None:
    x, y = waves(300, 3, 1)
    set_random_seed(1)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizers.SGD(1e-5), "mse")
    fit(model, x, y, epochs=20)
    remedy = tried(model, x, y, Draws(("dense",)))
    assert remedy.code is not None
    assert "Adam(0.001)" in remedy.code


def test_false_alarm_a_target_that_is_noise_gets_no_promise() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 3)), rng.normal(size=(300, 1))
    set_random_seed(1)
    model = stack(3, L.Dense(4, "tanh"), L.Dense(1))
    model.compile(optimizers.Adam(0.001), "mse")
    fit(model, x, y, epochs=20)
    network = model.network()
    found = examined(network, x, y).get(FreshOptions)
    if isinstance(found, Absent):  # the model does as well as anything is known to
        return
    remedy = found.tried(REMEDY, Draws(("dense",)))
    assert remedy.code == REMEDY.code
    assert f"; now it is {short(found.continuation.saved.before)})" in remedy.text


@pytest.mark.parametrize(("epochs", "times"), [(1, 5), (60, 6), (300, 10)])
def test_trials_are_as_long_as_the_training_was_within_bounds(epochs: int, times: int) -> None:
    """Of ten updates an epoch, in short trials of a hundred."""
    x, y = waves(320, 3, 1)
    model = stack(3, L.Dense(2, "tanh"), L.Dense(1))
    model.compile(optimizers.Adam(1e-4), "mse")
    fit(model, x, y, epochs=epochs)
    assert options(model, x, y).times == times
