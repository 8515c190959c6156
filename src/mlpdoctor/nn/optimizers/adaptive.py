"""Adagrad, Adadelta, RMSprop and Ftrl: a rate for each weight, from the squares of its past gradients."""

# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, share, single


@dataclass(frozen=True)
class SGD(Rule):
    """``m = momentum m - rate g``, and the weight moves by m, or with Nesterov by ``momentum m - rate g``."""

    names: ClassVar[tuple[str, ...]] = ("SGD",)
    momentum: float = 0.0
    nesterov: bool = False

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        if not self.momentum:
            return -rate * gradient, {}
        momentum = single(self.momentum)
        velocity = momentum * state["momentum"] - rate * gradient
        step = momentum * velocity - rate * gradient if self.nesterov else velocity
        return step, {"momentum": velocity}

    def most(self, largest: float) -> float | None:
        """Only clipping bounds it: ``largest / (1 - momentum)``.

        Proof: m is the sum of ``momentum^k`` times past ``rate g``, each at most ``rate largest``, which is a geometric
        series; Nesterov's step, at most ``momentum / (1 - momentum) + 1`` times that, comes to the same.
        """
        return largest / (1 - self.momentum) if math.isfinite(largest) and self.momentum < 1 else None


@dataclass(frozen=True)
class Lion(Rule):
    """The step is the rate, with the sign of ``beta_1 m + (1 - beta_1) g``."""

    names: ClassVar[tuple[str, ...]] = ("Lion",)
    normalises_gradient: ClassVar[bool] = True
    beta_1: float = 0.9
    beta_2: float = 0.99

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        step = -rate * np.sign(average(state["momentum"], gradient, single(self.beta_1)))
        return step, {"momentum": average(state["momentum"], gradient, single(self.beta_2))}

    def most(self, largest: float) -> float | None:
        """The rate. Proof: a sign is -1, 0 or 1."""
        return 1.0


@dataclass(frozen=True)
class Adadelta(Rule):
    """The step is ``rate g`` times the root mean square of past steps over that of past gradients; no bound."""

    names: ClassVar[tuple[str, ...]] = ("Adadelta",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "accumulated_grad"
    rho: float = 0.95
    epsilon: float = 1e-7

    @property
    def kept(self) -> float:
        return self.rho

    def slots(self) -> Mapping[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        square = average(state["accumulated_grad"], np.square(gradient), self.rho)
        past = state["accumulated_delta_var"]
        step = -np.sqrt((past + self.epsilon) / (square + self.epsilon)) * gradient
        after = {"accumulated_grad": square, "accumulated_delta_var": average(past, np.square(step), self.rho)}
        return rate * step, after


@dataclass(frozen=True)
class Adagrad(Rule):
    """``a = a + g^2``; the step is ``rate g / sqrt(a + epsilon)``, before Keras 2.11 with epsilon beside the root."""

    names: ClassVar[tuple[str, ...]] = ("Adagrad",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "accumulator"
    epsilon: float = 1e-7
    initial_accumulator_value: float = 0.1

    def slots(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        total = state["accumulator"] + np.square(gradient)
        return -rate * share(gradient, total, self.epsilon, inside=not self.old), {"accumulator": total}

    def most(self, largest: float) -> float | None:
        """The rate. Proof: a is at least ``g^2``."""
        return 1.0


@dataclass(frozen=True)
class RMSprop(Rule):
    """``v = rho v + (1 - rho) g^2``; the step is ``rate g / sqrt(v + epsilon)``, through momentum where there is one.

    Centered, the square of the average gradient is taken from v. Classes from before Keras 2.11 without momentum add
    epsilon to the root instead.
    """

    names: ClassVar[tuple[str, ...]] = ("RMSprop",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "velocity"
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    @property
    def kept(self) -> float:
        return self.rho

    def slots(self) -> Mapping[str, float]:
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {slot: 0.0 for slot, kept in wanted.items() if kept}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        after = {"velocity": average(state["velocity"], np.square(gradient), self.rho)}
        square = after["velocity"]
        if self.centered:
            after["average_gradient"] = average(state["average_gradient"], gradient, self.rho)
            square = square - np.square(after["average_gradient"])
        step = rate * share(gradient, square, self.epsilon, inside=not self.old or self.momentum > 0)
        if self.momentum > 0:
            step = after["momentum"] = self.momentum * state["momentum"] + step
        return -step, after

    def most(self, largest: float) -> float | None:
        """``1 / sqrt(1 - rho)``, and with momentum ``1 / (1 - momentum)`` times that; none when centered.

        Proof: v is at least ``(1 - rho) g^2``, for what it keeps is not negative, so that the share is at most
        ``1 / sqrt(1 - rho)``; momentum adds up such shares in a geometric series. Centered, equal gradients bring
        the root down to epsilon.
        """
        if self.centered or self.rho >= 1 or self.momentum >= 1:
            return None
        return 1 / math.sqrt(1 - self.rho) / (1 - self.momentum)


@dataclass(frozen=True)
class Ftrl(Rule):
    """The weight is set to what minimises all past gradients, linearised, plus its penalties; no bound."""

    names: ClassVar[tuple[str, ...]] = ("Ftrl",)
    normalises_gradient: ClassVar[bool] = True
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    def slots(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        total = state["accumulator"] + np.square(gradient)
        before = np.power(state["accumulator"], -self.learning_rate_power)
        after = np.power(total, -self.learning_rate_power)
        pull = gradient + 2 * self.l2_shrinkage_regularization_strength * weight
        linear = state["linear"] + pull - (after - before) / rate * weight
        quadratic = after / rate + 2 * self.l2_regularization_strength + self.beta / rate
        allowed = np.clip(linear, -self.l1_regularization_strength, self.l1_regularization_strength)
        return (allowed - linear) / quadratic - weight, {"accumulator": total, "linear": linear}
