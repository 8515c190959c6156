"""What the user's code may do: parameters come back bit for bit, and what cannot be checked is told in a sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hand_written import HandWritten

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.gradient_report import Status
from mlpdoctor.gradcheck.check import gradcheck


def net(**more: Any) -> HandWritten:  # noqa: ANN401  its fields
    fields: dict[str, Any] = {"sizes": [3, 5, 2], "activations": ["tanh", "linear"], "loss_kind": "mse"}
    return HandWritten(**fields | more)


def bytes_of(arrays: Any) -> list[bytes]:  # noqa: ANN401  arrays
    return [values.tobytes() for values in arrays]


class Failing:
    """A loss that fails at a certain call."""

    def __init__(self, made: HandWritten, call: int, fault: BaseException) -> None:
        self.made, self.left, self.fault = made, call, fault

    def __call__(self) -> float:
        self.left -= 1
        if not self.left:
            raise self.fault
        return float(self.made.loss())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [None, 0.1])
def test_parameters_come_back_bit_for_bit(dtype: str, rate: float | None) -> None:
    made = net(dtype=dtype, rate=rate)
    made.biases[0][0] = -0.0
    before = bytes_of(made.parameters)
    assert gradcheck(**made.asked()).right
    assert bytes_of(made.parameters) == before


@pytest.mark.parametrize("call", [4, 7, 20, 60])
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), MemoryError(), ValueError("no")])
def test_they_do_when_something_breaks(call: int, fault: BaseException) -> None:
    made = net()
    before = bytes_of(made.parameters)
    expected = type(fault) if isinstance(fault, KeyboardInterrupt) else InputError
    with pytest.raises(expected):
        gradcheck(**made.asked() | {"loss": Failing(made, call, fault)})
    assert bytes_of(made.parameters) == before


def test_arrays_that_an_update_replaces_come_back_too() -> None:
    made = net(rate=0.1)

    def update() -> None:
        slopes = made.gradients()
        made.weights = [values - 0.1 * slope for values, slope in zip(made.weights, slopes, strict=False)]
        made.biases = [values - 0.1 * slope for values, slope in zip(made.biases, slopes[2:], strict=True)]

    before = bytes_of(made.parameters)
    report = gradcheck(**made.asked() | {"parameters": lambda: made.parameters, "update": update})
    assert report.right
    assert report.network is not None
    assert bytes_of(made.parameters) == before


def with_momentum(made: HandWritten, kept: float) -> Callable[[], None]:
    speeds = [np.zeros_like(values) for values in made.parameters]

    def update() -> None:
        for values, speed, slope in zip(made.parameters, speeds, made.gradients(), strict=True):
            speed *= kept  # noqa: PLW2901  in place
            speed -= 0.1 * slope  # noqa: PLW2901
            values += speed  # noqa: PLW2901

    return update


@pytest.mark.parametrize("mistake", [{}, {"slope-missing": 0}])
def test_momentum_is_taken_off(mistake: dict[str, Any]) -> None:
    made = net(rate=0.1, mistakes=mistake)
    report = gradcheck(**made.asked() | {"update": with_momentum(made, 0.9)})
    assert [one.kind for one in report.mistakes] == list(mistake)
    assert report.right is not bool(mistake)
    assert "keeps 0.9 of its last change (momentum)" in report.notes[0]


def by_value(slopes: list[Any]) -> list[Any]:
    return [np.clip(slope, -0.05, 0.05) for slope in slopes]


def by_length(slopes: list[Any]) -> list[Any]:
    return [slope * min(1, 0.1 / np.linalg.norm(slope)) for slope in slopes]


def by_whole_length(slopes: list[Any]) -> list[Any]:
    return [slope * min(1, 0.3 / np.sqrt(sum(np.sum(one**2) for one in slopes))) for slope in slopes]


CLIPS = {"entry is held to 0.05": by_value, "array is held to 0.1": by_length, "whole is held to 0.3": by_whole_length}


@pytest.mark.parametrize("words", CLIPS)
def test_clipping_is_no_mistake(words: str) -> None:
    made = net(sizes=[3, 8, 2])
    report = gradcheck(**made.asked() | {"gradients": lambda: CLIPS[words](made.gradients())})
    assert report.right
    assert words in report.notes[0]
    made.mistakes = {"slope-missing": 0}
    assert not gradcheck(**made.asked() | {"gradients": lambda: CLIPS[words](made.gradients())}).right


def test_a_step_on_which_the_loss_is_no_number_is_made_smaller() -> None:
    place, rows = np.array([0.1, 2.0]), np.array([1.0, -1.0])

    def loss() -> float:
        return float(np.sum(np.log(place) * rows))

    report = gradcheck([place], loss, gradients=lambda: [rows / place])
    assert report.right
    assert not gradcheck([place], loss, gradients=lambda: [rows / place**2]).right


def adam(made: HandWritten) -> Callable[[], None]:
    seen = [np.zeros_like(values) for values in made.parameters]

    def update() -> None:
        for values, square, slope in zip(made.parameters, seen, made.gradients(), strict=True):
            square += slope**2  # noqa: PLW2901
            values -= 0.1 * slope / np.sqrt(square + 1e-9)  # noqa: PLW2901

    return update


def cooling(made: HandWritten) -> Callable[[], None]:
    rate = [0.1]

    def update() -> None:
        for values, slope in zip(made.parameters, made.gradients(), strict=True):
            values -= rate[0] * slope  # noqa: PLW2901  in place
        rate[0] *= 0.9

    return update


def nothing() -> None:
    """Change nothing."""


def integers(made: HandWritten) -> dict[str, Any]:
    return {"parameters": [*made.parameters, np.arange(3)]}


def read_only(made: HandWritten) -> dict[str, Any]:
    fixed = np.ones(3)
    fixed.flags.writeable = False
    return {"parameters": [*made.parameters, fixed]}


def not_finite(made: HandWritten) -> dict[str, Any]:
    made.weights[0][0, 0] = np.nan
    return {}


def noisy(made: HandWritten) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {"loss": lambda: made.loss() * (1 + 0.01 * rng.normal())}


def copied(made: HandWritten) -> dict[str, Any]:
    return {"parameters": [values.copy() for values in made.parameters]}


def one_copied(made: HandWritten) -> dict[str, Any]:
    return {"parameters": [made.weights[0].copy(), *made.parameters[1:]]}


BAD: dict[str, tuple[Callable[[HandWritten], dict[str, Any]], str]] = {
    "nothing": (lambda _: {"parameters": []}, "there are no parameters"),
    "a number": (lambda _: {"parameters": 3.0}, "parameters is of type float; NumPy arrays are expected"),
    "a list of lists": (lambda _: {"parameters": [[1.0]]}, r"parameters\[0\]\[0\] is of type float"),
    "integers": (integers, r"parameters\[4\] holds int64; .*make it .astype\(float\)"),
    "read-only": (read_only, r"parameters\[4\] is read-only"),
    "NaN": (not_finite, r"parameters\[0\] holds NaN or infinity"),
    "twice": (lambda made: {"parameters": [*made.parameters, made.weights[0]]}, "are the same memory"),
    "no function": (lambda _: {"loss": 0.3}, "loss must be a function without arguments"),
    "no gradient": (lambda _: {"gradients": None}, "give either gradients or update, and neither is given"),
    "both": (lambda _: {"update": nothing}, "give either gradients or update, and both are given"),
    "no rate": (lambda _: {"gradients": None, "update": nothing}, "update needs learning_rate.*it is None"),
    "an array": (lambda made: {"loss": lambda: made.terms(made.forward()[1][-1])}, r"an array of shape \(16, 2\)"),
    "infinite": (lambda _: {"loss": lambda: float("inf")}, "loss.. returned inf: a gradient can only be checked"),
    "random": (noisy, "loss.. gives another value each time .*dropout, or a random batch"),
    "fails": (lambda _: {"loss": lambda: 1 / 0}, "loss.. raised ZeroDivisionError: division by zero .line"),
    "copies": (copied, "loss.. does not change when the parameters are changed: are they copies"),
    "one copy": (one_copied, r"does not change when parameters\[0\] is changed.* is parameters\[0\] a copy"),
    "too few": (lambda made: {"gradients": lambda: made.gradients()[:3]}, "returned 3 arrays and there are 4"),
    "None": (lambda _: {"gradients": nothing}, r"gradients\(\) returned None"),
    "NaN in it": (lambda made: {"gradients": lambda: [g * np.nan for g in made.gradients()]}, "holds NaN or infinity"),
    "transposed": (lambda made: {"gradients": lambda: [g.T for g in made.gradients()]}, "it is transposed"),
    "not summed": (
        lambda made: {"gradients": lambda: [*made.gradients()[:3], np.ones((16, 2))]},
        r"shape \(16, 2\), and parameters\[3\] has shape \(2,\): sum it over the rows",
    ),
    "no update": (
        lambda _: {"gradients": None, "update": nothing, "learning_rate": 0.1},
        "update.. changed none of the parameters",
    ),
    "Adam": (
        lambda made: {"gradients": None, "update": adam(made), "learning_rate": 0.1},
        "another change each time .*Adam or RMSprop",
    ),
    "a falling rate": (
        lambda made: {"gradients": None, "update": cooling(made), "learning_rate": 0.1},
        "makes steps that shrink by 0.9 each time: does its learning rate fall",
    ),
    "no activation": (lambda _: {"layers": "tanh,linaer"}, "'linaer', which is not known; did you mean linear"),
    "no names": (lambda _: {"layers": 3}, "layers is 3; expected names of activations"),
    "no data": (lambda _: {"x": "rows"}, "x does not hold numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_checked_is_one_sentence(name: str) -> None:
    made = net()
    given, message = BAD[name]
    asked = made.asked() | given(made)
    before = bytes_of(made.parameters)
    with pytest.raises(InputError, match=message):
        gradcheck(**asked)
    assert bytes_of(made.parameters) == before


def test_without_the_network_the_differences_decide() -> None:
    right, wrong = (
        {key: value for key, value in net(mistakes=made).asked().items() if key not in ("layers", "x", "y")}
        for made in ({}, {"slope-missing": 0})
    )
    assert gradcheck(**right).right
    report = gradcheck(**wrong)
    assert [one.status for one in report.arrays] == [Status.WRONG, Status.OK, Status.WRONG, Status.OK]
    assert not report.explained
    assert report.start == "parameters[2]"
    assert report.unrecognised == "x and y are not given"


def test_one_wrong_number_is_found_and_shown() -> None:
    made = net()

    def gradients() -> list[Any]:
        slopes = made.gradients()
        slopes[0][2, 1] += 0.01
        return slopes

    asked = made.asked() | {"gradients": gradients}
    for given in (asked, {key: value for key, value in asked.items() if key not in ("x", "y")}):
        report = gradcheck(**given)
        assert [one.status for one in report.arrays] == [Status.WRONG, Status.OK, Status.OK, Status.OK]
        worst = report.arrays[0].worst
        assert worst is not None
        assert worst.index == (2, 1)
        assert worst.code - worst.true == pytest.approx(0.01, rel=1e-3)
        assert not report.explained


def test_the_layers_are_recognised_without_their_names() -> None:
    made = net(activations=["sigmoid", "tanh"], mistakes={"slope-missing": 1})
    report = gradcheck(**made.asked() | {"layers": None})
    assert report.network == "sigmoid, tanh; mean squared error, averaged over rows and outputs"
    assert [one.kind for one in report.mistakes] == ["slope-missing"]


def test_a_network_that_is_another_one_is_not_taken_for_it() -> None:
    report = gradcheck(
        **net(activations=["tanh", "softplus"], mistakes={"slope-missing": 0}).asked() | {"layers": "relu,softplus"}
    )
    assert report.network is None
    assert report.unrecognised is not None
    assert "no network of layers relu,softplus" in report.unrecognised
    assert not report.right


def test_a_dead_layer_is_told_and_not_called_wrong() -> None:
    made = net(activations=["relu", "linear"])
    made.biases[0] -= 100
    report = gradcheck(**made.asked())
    assert report.right
    assert "parameters[0], parameters[1], parameters[2] is zero" in report.notes[0]


def test_a_wrong_gradient_of_dead_units_is_no_sign_of_copies() -> None:
    made = net(sizes=[3, 1, 2], activations=["relu", "linear"], rows=1, mistakes={"slope-missing": 0})
    made.biases[0][...] = -5
    report = gradcheck(**made.asked())
    assert [one.kind for one in report.mistakes] == ["slope-missing"]


@pytest.mark.slow
def test_twenty_thousand_weights_take_less_than_ten_seconds() -> None:
    wide = HandWritten([1, 100, 100, 100, 1], ["tanh"] * 4, "mse", rows=32)
    for given in (wide.asked(), {"parameters": wide.parameters, "loss": wide.loss, "gradients": wide.gradients}):
        report = gradcheck(**given)
        assert sum(int(np.prod(one.shape)) for one in report.arrays) > 20_000
        assert report.right
        assert report.seconds < 10
