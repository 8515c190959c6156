"""Where the network is not known the differences of the loss decide: nothing that is right is called wrong."""

from typing import Any

import numpy as np
import pytest
from effort import examples
from hand_written import HandWritten

from mlpdoctor.core.gradient_report import Status
from mlpdoctor.gradcheck.check import gradcheck

KINDS = ("slope-missing", "bias-missing", "sign", "bias-one-row")


def bent(seed: int) -> HandWritten:
    """A network full of kinks, with up to 400 rows."""
    rng = np.random.default_rng(seed)
    return HandWritten(
        sizes=[int(size) for size in rng.choice([2, 5, 20], size=4)],
        activations=["relu", "leaky_relu", str(rng.choice(["linear", "relu"]))],
        loss_kind=str(rng.choice(["mse", "mae"])),
        rows=int(rng.choice([10, 100, 400])),
        dtype=("float64", "float32")[seed % 2],
        seed=seed,
        rate=0.1 if seed % 5 == 0 else None,
    )


def checked(net: HandWritten) -> bool:
    """Whether the gradient is right, by differences alone."""
    asked = {key: value for key, value in net.asked().items() if key != "x"}
    report = gradcheck(**asked)
    assert report.network is None
    return report.right


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(examples(40)))
def test_kinks_everywhere(seed: int) -> None:
    net = bent(seed)
    assert checked(net)
    net.mistakes = {KINDS[seed % len(KINDS)]: 1}
    assert not checked(net)


@pytest.mark.parametrize("inside", [np.float32, np.float64])
def test_code_that_computes_in_float32_in_secret(inside: type) -> None:
    """Its parameters and its loss are float64."""
    net = HandWritten([3, 6, 2], ["tanh", "linear"], "mse")

    def forward() -> tuple[Any, Any, Any, Any]:
        w1, w2, b1, b2 = (values.astype(inside) for values in net.parameters)
        a = np.tanh(net.x.astype(inside) @ w1 + b1)
        return a, a @ w2 + b2, w2, net.x.astype(inside)

    def gradients(slope: float = 1.0) -> list[Any]:
        a, out, w2, x = forward()
        delta = (2 * (out - net.y) / out.size).astype(inside)
        before = delta @ w2.T * (1 - slope * a**2)
        return [x.T @ before, a.T @ delta, before.sum(axis=0), delta.sum(axis=0)]

    def loss() -> float:
        return float(np.mean((forward()[1] - net.y) ** 2, dtype=np.float64))

    report = gradcheck(net.parameters, loss, gradients=gradients)
    assert report.right
    assert all(one.status is Status.OK for one in report.arrays)
    assert not gradcheck(net.parameters, loss, gradients=lambda: gradients(0.8)).right
