"""Mistakes made on purpose get their name, alone and together; a right gradient is never called wrong."""

from typing import Any

import numpy as np
import pytest
from effort import examples
from hand_written import CASES, HandWritten, counted, possible

from mlpdoctor.cli.manual import PAGES
from mlpdoctor.gradcheck.check import gradcheck

pytestmark = pytest.mark.slow  # every mistake and pair of mistakes

NAMED = {1: 0.95, 2: 0.85, 3: 0.75}
"""Share of the networks with so many mistakes of which exactly what was done must be named."""

FIXED = HandWritten([4, 5, 5, 3], ["tanh", "sigmoid", "softmax"], "cce", rows=12, rate=0.05, l2=0.01)
RECTIFIED = HandWritten([4, 5, 1], ["relu", "linear"], "mse", rows=12)
SINGLES = [(kind, place) for kind, places in possible(FIXED).items() for place in places]
SINGLES = [one for one in SINGLES if one not in {("bias-summed", 2), ("loss-derivative-missing", True)}]
"""Not with these: the errors of a softmax sum to zero, so both give no gradient at all."""


def kinds(net: HandWritten) -> list[str]:
    """The kinds that are named, after a look at what else the report says."""
    report = gradcheck(**net.asked())
    assert report.network is not None
    assert report.right is not bool(net.mistakes)
    assert report.right is (report.start is None)
    return sorted(one.kind for one in report.mistakes)


@pytest.mark.parametrize(("kind", "place"), SINGLES)
def test_each_mistake_has_a_name(kind: str, place: Any) -> None:  # noqa: ANN401  a layer, a number or True
    assert kinds(HandWritten(**{**vars_of(FIXED), "mistakes": {kind: place}})) == [kind]


@pytest.mark.parametrize("kind", ["slope-wrong-array", "loss-derivative-missing", "loss-not-derived"])
def test_so_have_those_of_a_regression(kind: str) -> None:
    place = possible(RECTIFIED)[kind][0]
    assert kinds(HandWritten(**{**vars_of(RECTIFIED), "mistakes": {kind: place}})) == [kind]


def test_the_squared_error_s_derivative_is_named_for_what_it_is() -> None:
    """Used for the absolute error, and not taken for a cross-entropy whose slope is multiplied once more."""
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(16, 3)), rng.normal(size=(3, 1)), np.zeros(1)
    y = x[:, :1] ** 2

    def loss() -> float:
        return float(np.mean(np.abs(x @ kernel + bias - y)))

    def gradients() -> dict[str, Any]:
        delta = (x @ kernel + bias - y) / y.size
        return {"W": x.T @ delta, "b": delta.sum(axis=0)}

    report = gradcheck(parameters={"W": kernel, "b": bias}, loss=loss, gradients=gradients, layers="linear", x=x, y=y)
    (mistake,) = report.mistakes
    assert mistake.kind == "error-of-another-loss"
    assert "np.sign(a - y)" in mistake.numpy


def vars_of(net: HandWritten) -> dict[str, Any]:
    """The fields it was made with."""
    return {name: getattr(net, name) for name in ("sizes", "activations", "loss_kind", "rows", "rate", "l2")}


@pytest.mark.slow
@pytest.mark.parametrize("number", CASES)
def test_random_networks(number: int) -> None:
    """A sample; with ``--every`` all of them, and the figures are those of the manual."""
    cases = examples(CASES[number])
    found = counted(number, cases)
    if cases == CASES[number]:
        figures = [
            number or "none",
            cases,
            cases - found["right"],
            found["named"],
            found["otherwise"],
            found["unnamed"],
        ]
        assert f"| {' | '.join(map(str, figures))} |" in (PAGES / "gradcheck.md").read_text(encoding="utf-8")
    if not number:
        assert found == {"right": cases}
        return
    assert found["right"] == 0
    assert found["named"] >= NAMED[number] * cases


def test_a_name_is_never_given_to_what_only_looks_like_it() -> None:
    """The slope is left out at a layer, and one entry in a hundred is off besides: no name fits to rounding."""
    net = HandWritten([3, 8, 2], ["tanh", "linear"], "mse", mistakes={"slope-missing": 0})

    def gradients() -> list[Any]:
        slopes = net.gradients()
        slopes[0][0, 0] *= 1.001
        return slopes

    report = gradcheck(**net.asked() | {"gradients": gradients})
    assert not report.right
    assert not report.explained


def test_a_gradient_of_random_numbers_gets_no_name() -> None:
    net = HandWritten([3, 4, 2], ["tanh", "linear"], "mse")
    fixed = [np.random.default_rng(1).normal(size=values.shape) for values in net.parameters]
    report = gradcheck(**net.asked() | {"gradients": lambda: fixed})
    assert not report.right
    assert not report.explained


@pytest.mark.parametrize("biases", [False, True])
def test_weight_decay_that_the_loss_leaves_out(biases: bool) -> None:  # noqa: FBT001
    net = HandWritten([3, 8, 2], ["tanh", "linear"], "mse")

    def gradients() -> list[Any]:
        pairs = zip(net.parameters, net.gradients(), strict=True)
        return [slope + 0.02 * values * (biases or values.ndim == 2) for values, slope in pairs]

    report = gradcheck(**net.asked() | {"gradients": gradients})
    assert not report.right
    assert [one.kind for one in report.mistakes] == ["l2-not-in-loss"]
    assert ("0.02 times the weights and biases" in report.mistakes[0].title) is biases


@pytest.mark.parametrize("mistakes", [{}, {"slope-missing": 0}])
def test_a_guarded_logarithm_hides_nothing(mistakes: dict[str, Any]) -> None:
    net = HandWritten([3, 6, 1], ["tanh", "sigmoid"], "bce", mistakes=mistakes)

    def loss() -> float:
        a = net.forward()[1][-1]
        return float(-np.mean(net.y * np.log(a + 1e-8) + (1 - net.y) * np.log(1 - a + 1e-8)))

    report = gradcheck(**net.asked() | {"loss": loss})
    assert report.network is not None
    assert report.right is not bool(mistakes)
    assert [one.kind for one in report.mistakes] == list(mistakes)
