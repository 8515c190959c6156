"""Cross Validated 642704 end to end: each of its mistakes is named, and fixed one after the other it comes right."""

import runpy
from typing import Any

import numpy as np
import pytest
from paths import FIXTURES

from mlpdoctor.core.gradient_report import GradientReport
from mlpdoctor.gradcheck.check import gradcheck
from mlpdoctor.gradcheck.user_file import check_file

pytestmark = pytest.mark.slow

FOLDER = FIXTURES / "hand-written"


def kinds(report: GradientReport) -> list[str]:
    return [one.kind for one in report.mistakes]


def test_the_version_that_its_author_saw_converge() -> None:
    report = check_file(str(FOLDER / "cosine.py"))
    assert kinds(report) == ["error-averaged", "slope-missing", "weights-updated-first", "factor"]
    assert report.mistakes[1].title == "the slope of tanh is missing at the output"
    assert report.start == "W4"
    assert report.network == "tanh, tanh, tanh, tanh; mean squared error, averaged over rows and outputs"
    assert report.seconds < 10


def test_the_squared_one_uses_the_loss_in_place_of_its_derivative() -> None:
    report = check_file(str(FOLDER / "cosine_squared.py"))
    assert kinds(report) == ["loss-not-derived", "error-averaged", "slope-missing", "weights-updated-first"]


STEPS: dict[str, list[str]] = {
    "none": ["error-averaged", "slope-missing", "weights-updated-first", "factor"],
    "rows": ["slope-missing", "weights-updated-first", "factor"],
    "slope": ["weights-updated-first", "factor"],
    "order": ["factor"],
    "two": [],
}


@pytest.mark.parametrize("step", STEPS)
def test_mended_line_by_line_the_names_go(step: str) -> None:
    done = list(STEPS)[1 : list(STEPS).index(step) + 1]
    names: dict[str, Any] = runpy.run_path(str(FOLDER / "cosine.py"))
    net, x, y, rate = (names[name] for name in ("net", "x", "y", "learning_rate"))

    def update() -> None:
        delta = net.forward(x) - y
        if "rows" not in done:
            delta = np.full_like(delta, delta.mean())
        if "slope" in done:
            delta = delta * (1 - net.outputs[-1] ** 2)
        if "two" in done:
            delta = 2 * delta
        for layer in reversed(range(4)):
            before = net.weights[layer].copy()
            net.weights[layer] -= rate / len(x) * net.outputs[layer].T @ delta
            net.biases[layer] -= rate / len(x) * delta.sum(axis=0)
            kernel = before if "order" in done else net.weights[layer]
            delta = (delta @ kernel.T) * (1 - net.outputs[layer] ** 2)

    report = gradcheck(names["parameters"], names["loss"], None, update, rate, names["layers"], x, y)
    assert kinds(report) == STEPS[step]
    assert report.right is (step == "two")
