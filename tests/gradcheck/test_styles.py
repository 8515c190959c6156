"""Networks as other people write them: what ``gradcheck`` needs to know of each fits on a few lines."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpdoctor.core.gradient_report import GradientReport
from mlpdoctor.gradcheck.check import gradcheck

LONGEST = 15
"""Lines between the user's code and the check."""
RNG = np.random.default_rng(3)
X = RNG.normal(size=(12, 3))
Y = np.tanh(X @ RNG.normal(size=(3, 2)))
LABELS = RNG.integers(0, 3, 12)


class ReturnsGradients:
    """Keeps its parameters in a dict, and returns the gradients in another."""

    def __init__(self, slope: bool = True) -> None:  # noqa: FBT001, FBT002
        self.slope = slope
        self.params = {
            "W1": RNG.normal(size=(3, 6)),
            "b1": np.zeros(6),
            "W2": RNG.normal(size=(6, 3)),
            "b2": np.zeros(3),
        }

    def loss_and_grads(self, x: Any, labels: Any) -> tuple[float, dict[str, Any]]:  # noqa: ANN401
        p, n = self.params, len(x)
        z1 = x @ p["W1"] + p["b1"]
        h = np.maximum(z1, 0)
        scores = h @ p["W2"] + p["b2"]
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        loss = -np.log(shares[np.arange(n), labels]).mean()
        d = shares.copy()
        d[np.arange(n), labels] -= 1
        d /= n
        back = d @ p["W2"].T * ((z1 > 0) if self.slope else 1)
        return loss, {"W2": h.T @ d, "b2": d.sum(0), "W1": x.T @ back, "b1": back.sum(0)}


def check_returned(slope: bool) -> GradientReport:  # noqa: FBT001
    net = ReturnsGradients(slope)
    return gradcheck(
        parameters=net.params,
        loss=lambda: net.loss_and_grads(X, LABELS)[0],
        gradients=lambda: net.loss_and_grads(X, LABELS)[1],
        layers="relu,softmax",
        x=X,
        y=LABELS,
    )


class Momentum:
    """Updates itself in place, with momentum."""

    def __init__(self, slope: bool = True) -> None:  # noqa: FBT001, FBT002
        self.slope = slope
        self.w, self.v = RNG.normal(size=(3, 2)), np.zeros((3, 2))
        self.c, self.u = np.zeros(2), np.zeros(2)

    def predict(self, x: Any) -> Any:  # noqa: ANN401
        return np.tanh(x @ self.w + self.c)

    def step(self, x: Any, y: Any) -> None:  # noqa: ANN401
        out = self.predict(x)
        d = (out - y) / len(x) * ((1 - out**2) if self.slope else 1)
        self.v = 0.8 * self.v - 0.05 * x.T @ d
        self.u = 0.8 * self.u - 0.05 * d.sum(axis=0)
        self.w += self.v
        self.c += self.u


def check_momentum(slope: bool) -> GradientReport:  # noqa: FBT001
    net = Momentum(slope)
    return gradcheck(
        parameters=[net.w, net.c],
        loss=lambda: 0.5 * np.sum((net.predict(X) - Y) ** 2) / len(X),
        update=lambda: net.step(X, Y),
        learning_rate=0.05,
        layers="tanh",
        x=X,
        y=Y,
    )


def check_columns(slope: bool) -> GradientReport:  # noqa: FBT001
    """A column for each example, and kernels of shape (outputs, inputs), as in Andrew Ng's course."""
    x, y = X.T, (Y[:, :1] > 0).astype(float).T
    w1, b1 = RNG.normal(size=(4, 3)), np.zeros((4, 1))
    w2, b2 = RNG.normal(size=(1, 4)), np.zeros((1, 1))
    m = x.shape[1]

    def forward() -> tuple[Any, Any]:
        a1 = np.tanh(w1 @ x + b1)
        return a1, 1 / (1 + np.exp(-(w2 @ a1 + b2)))

    def cost() -> float:
        a2 = forward()[1]
        return float(-np.sum(y * np.log(a2) + (1 - y) * np.log(1 - a2)) / m)

    def backward() -> list[Any]:
        a1, a2 = forward()
        dz2 = a2 - y
        dz1 = w2.T @ dz2 * ((1 - a1**2) if slope else 1)
        return [dz1 @ x.T / m, dz1.sum(axis=1, keepdims=True) / m, dz2 @ a1.T / m, dz2.sum(axis=1, keepdims=True) / m]

    return gradcheck([w1, b1, w2, b2], cost, gradients=backward, layers="tanh,sigmoid", x=x, y=y)


def check_loop(slope: bool) -> GradientReport:  # noqa: FBT001
    """Plain loops: one row after the other, no bias, the sum of squares."""
    w1, w2 = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 2))

    def hidden(row: Any) -> Any:  # noqa: ANN401
        return 1 / (1 + np.exp(-(row @ w1)))

    def error() -> float:
        return float(sum(0.5 * np.sum((hidden(row) @ w2 - goal) ** 2) for row, goal in zip(X, Y, strict=True)))

    def deltas() -> list[Any]:
        d1, d2 = np.zeros_like(w1), np.zeros_like(w2)
        for row, goal in zip(X, Y, strict=True):
            h = hidden(row)
            out = h @ w2 - goal
            d2[...] += np.outer(h, out)
            d1[...] += np.outer(row, (w2 @ out) * (h * (1 - h) if slope else 1))
        return [d1, d2]

    return gradcheck([w1, w2], error, gradients=deltas, layers="sigmoid,linear", x=X, y=Y)


STYLES: dict[str, Callable[[bool], GradientReport]] = {
    "returned": check_returned,
    "momentum": check_momentum,
    "columns": check_columns,
    "loop": check_loop,
}


@pytest.mark.parametrize("name", STYLES)
def test_the_right_one_is_right(name: str) -> None:
    report = STYLES[name](True)
    assert report.right
    assert report.network is not None


@pytest.mark.parametrize("name", STYLES)
def test_a_missing_slope_is_named(name: str) -> None:
    report = STYLES[name](False)
    assert not report.right
    assert [one.kind for one in report.mistakes] == ["slope-missing"]


@pytest.mark.parametrize("check", [check_returned, check_momentum])
def test_few_lines_lie_between(check: Callable[[bool], GradientReport]) -> None:
    assert len(inspect.getsource(check).splitlines()) <= LONGEST


def test_lines_to_write_follow_the_columns() -> None:
    (mistake,) = check_columns(False).mistakes
    assert mistake.numpy == "delta = delta * (1 - a1**2)"
