"""Dropout in a hand-written network: the mask of the forward pass goes on the way back too, or it is named."""

import numpy as np
import pytest

import mlpdoctor
from mlpdoctor.api.gradcheck import GradientCheck

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 1))
MASKS = [(RNG.random((20, 6)) < 0.8) / 0.8, (RNG.random((20, 5)) < 0.5) / 0.5]


class Dropped:
    """Two hidden layers with dropout; ``back`` holds what each error is multiplied with on the way back."""

    def __init__(self, back: list[np.ndarray]) -> None:
        rng = np.random.default_rng(1)
        shapes = [(3, 6), (6, 5), (5, 1)]
        self.weights = [rng.normal(0, 0.6, shape) for shape in shapes]
        self.biases = [np.zeros(shape[1]) for shape in shapes]
        self.back = back

    def forward(self) -> list[np.ndarray]:
        (w1, w2, w3), (b1, b2, b3) = self.weights, self.biases
        h1 = np.tanh(X @ w1 + b1)
        h2 = np.maximum(0, (h1 * MASKS[0]) @ w2 + b2)
        return [h1, h2, (h2 * MASKS[1]) @ w3 + b3]

    def loss(self) -> float:
        return float(np.mean((self.forward()[-1] - Y) ** 2))

    def gradients(self) -> list[np.ndarray]:
        h1, h2, out = self.forward()
        d3 = 2 * (out - Y) / Y.size
        d2 = (d3 @ self.weights[2].T) * self.back[1] * (h2 > 0)
        d1 = (d2 @ self.weights[1].T) * self.back[0] * (1 - h1**2)
        entering = [X, h1 * MASKS[0], h2 * MASKS[1]]
        return [a.T @ d for a, d in zip(entering, (d1, d2, d3), strict=True)] + [d.sum(axis=0) for d in (d1, d2, d3)]

    def checked(self, **given: object) -> GradientCheck:
        parameters = self.weights + self.biases
        asked = {"layers": "tanh,relu,linear", "x": X, "y": Y, "masks": MASKS, **given}
        return mlpdoctor.gradcheck(parameters, self.loss, self.gradients, **asked)  # type: ignore[arg-type]


ONES = [np.ones_like(mask) for mask in MASKS]


def test_with_the_masks_of_the_forward_pass_it_is_right() -> None:
    report = Dropped(MASKS).checked()
    assert report.right
    assert report.network is not None
    assert report.notes == ()


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ([ONES[0], MASKS[1]], "the dropout mask is not used again on the way back, at layer 1"),
        ([MASKS[0], ONES[1]], "the dropout mask is not used again on the way back, at layer 2"),
        (ONES, "the dropout mask is not used again on the way back, at layer 2 and layer 1"),
        ([(MASKS[0] > 0).astype(float), MASKS[1]], "the dropout mask is used without its factor 1 / (1 - rate)"),
    ],
)
def test_a_mask_that_is_forgotten_is_named(back: list[np.ndarray], said: str) -> None:
    report = Dropped(back).checked()
    assert not report.right
    assert [one.kind for one in report.mistakes] == ["dropout-mask"]
    assert said in report.mistakes[0].title


def test_a_mask_drawn_anew_on_the_way_back_is_told() -> None:
    net, rng = Dropped(MASKS), np.random.default_rng(2)
    right = net.gradients

    def gradients() -> list[np.ndarray]:
        net.back = [MASKS[0], (rng.random(MASKS[1].shape) < 0.5) / 0.5]
        return right()

    net.gradients = gradients  # type: ignore[method-assign]
    with pytest.raises(mlpdoctor.InputError, match="a new dropout mask, or another batch, drawn on the way back"):
        net.checked()


def test_masks_must_be_arrays_of_the_layers() -> None:
    with pytest.raises(mlpdoctor.InputError, match="masks is ndarray; expected a list with an array or None"):
        Dropped(MASKS).checked(masks=MASKS[0])
    report = Dropped(MASKS).checked(masks=MASKS[::-1])
    assert report.network is None
    assert "The layers may be named wrongly" in report.notes[0]


@pytest.mark.parametrize("layers", ["relu,linear", "sigmoid,tanh", "linear"])
def test_layers_that_the_loss_contradicts_are_told(layers: str) -> None:
    rng = np.random.default_rng(3)
    w1, b1, w2, b2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)

    def forward() -> tuple[np.ndarray, np.ndarray]:
        hidden = np.tanh(X @ w1 + b1)
        return hidden, hidden @ w2 + b2

    def loss() -> float:
        return float(np.mean((forward()[-1] - Y) ** 2))

    def gradients() -> list[np.ndarray]:
        hidden, out = forward()
        d2 = 2 * (out - Y) / Y.size
        d1 = d2 @ w2.T
        return [X.T @ d1, d1.sum(axis=0), hidden.T @ d2, d2.sum(axis=0)]

    report = mlpdoctor.gradcheck([w1, b1, w2, b2], loss, gradients, layers=layers, x=X, y=Y)
    told = ", ".join(layers.split(","))
    assert report.notes[0] == f"layers says {told}, and the loss is that of tanh, linear: those were taken."
    assert [one.kind for one in report.mistakes] == ["slope-missing"]
    text = str(report)
    assert text.startswith("  your code: 4 arrays, 21 numbers in float64; tanh, linear;")
    assert "The slope of tanh is missing at layer 1." in text
    assert repr(report) == text
