"""No report denies what it says: on the fixtures, and on networks and data drawn at random."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contradictions import contradictions
from drawn_cases import L, examined, fit, optimizers, put, stack, told
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paths import FIXTURES
from report_cases import awkward, of_fixture

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Remedy, Severity
from mlpdoctor.core.report_model import Report, RuledOut
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

pytestmark = pytest.mark.slow  # whole reports

WITH_DATA = {path.parent.name: path for path in FIXTURES.glob("*/data.*")} | {
    "numpy-cosine-mean-error": FIXTURES / "numpy-cosine" / "data.npz",
    "relu-cosine": FIXTURES / "numpy-cosine" / "data.npz",
    "four-sigmoid-sine": FIXTURES / "four-relu-sine" / "data.csv.gz",
}


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/model.*")), ids=lambda path: f"{path.parent.name}{path.suffix}"
)
def test_no_fixture_gets_a_report_that_contradicts_itself(path: Path) -> None:
    report = diagnose(Question(str(path), str(WITH_DATA[path.parent.name])))
    assert contradictions(report) == [], told(report)


DRAWN = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "rows": st.sampled_from([8, 60, 200]),
        "width": st.integers(1, 4),
        "scale": st.sampled_from([1e-3, 1.0, 300.0]),
        "noise": st.sampled_from([0.0, 0.3, 3.0]),
        "kind": st.sampled_from(["line", "slow wave", "fast wave", "noise", "classes", "constant"]),
        "size": st.sampled_from([1.0, 1000.0]),
        "activation": st.sampled_from([None, "relu", "tanh", "sigmoid"]),
        "hidden": st.lists(st.tuples(st.sampled_from([1, 3, 16]), st.sampled_from([0.1, 1.0, 5.0])), max_size=3),
        "last": st.sampled_from([None, "relu", "sigmoid"]),
        "loss": st.sampled_from(["mse", "mae", "binary_crossentropy"]),
        "optimizer": st.sampled_from(["SGD", "Adam"]),
        "rate": st.sampled_from([1e-9, 1e-3, 1e-2, 1.0]),
        "epochs": st.sampled_from([0, 2, 40]),
    }
)
"""Networks of any shape, trained a little, much or not at all, at any rate, on data of any kind."""


def made(case: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The network, trained, and its data."""
    rng = np.random.default_rng(case["seed"])
    plain = rng.normal(size=(case["rows"], case["width"]))
    y = {
        "line": plain @ rng.normal(size=(case["width"], 1)),
        "slow wave": np.sin(plain[:, :1]),
        "fast wave": np.sin(4 * plain[:, :1]),
        "noise": rng.normal(size=(case["rows"], 1)),
        "classes": (plain[:, :1] > 0).astype(float),
        "constant": np.ones((case["rows"], 1)),
    }[case["kind"]]
    if case["kind"] in ("line", "slow wave", "fast wave"):
        y = case["size"] * (y + case["noise"] * rng.normal(size=y.shape))
    hidden = [L.Dense(units, case["activation"]) for units, _ in case["hidden"]]
    model = stack(case["width"], *hidden, L.Dense(1, case["last"]))
    inputs = [case["width"], *(units for units, _ in case["hidden"])]
    sizes = [size for _, size in case["hidden"]] + [1.0]
    for layer, fan, size in zip([*hidden, model.layers[-1]], inputs, sizes, strict=True):
        units = layer.get_weights()[1].size
        put(layer, size / np.sqrt(fan) * rng.normal(size=(fan, units)), np.zeros(units))
    model.compile(getattr(optimizers, case["optimizer"])(case["rate"]), case["loss"])
    x = case["scale"] * plain
    return (fit(model, x, y, case["epochs"]) if case["epochs"] else model), x, y


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DRAWN)
def test_no_random_network_gets_a_report_that_contradicts_itself(tmp_path: Path, case: dict[str, Any]) -> None:
    model, x, y = made(case)
    report = examined(tmp_path, model, x, y)
    assert contradictions(report) == [], told(report)


def finding(code: str, severity: Severity = Severity.ERROR, **evidence: Any) -> Finding:  # noqa: ANN401
    said = {"numbers": {}, "certainty": Certainty.MEASURED, "why": "Because.", **evidence}
    return Finding(code, code.lower(), severity, "seen", Evidence(**said))


def report(*findings: Finding, **parts: Any) -> Report:  # noqa: ANN401
    return replace(awkward(), verdict="So it is.", findings=findings, ruled_out=(), **parts)


@pytest.mark.parametrize(
    ("bad", "part"),
    [
        (replace(report(finding("G604")), ruled_out=(RuledOut("epochs", "A101"),)), "ruled out"),
        (replace(report(finding("G607")), verdict="The loss is stuck."), "still falls"),
        (replace(report(finding("A101")), verdict="It is already the best one."), "stands on None"),
        (report(replace(finding("L502"), because_of="A104"), finding("A104", Severity.WARNING)), "graver"),
        (report(replace(finding("L502"), because_of="A104")), "not in the report"),
        (report(finding("L502", explains=1.0)), "explains a share"),
        (report(finding("L508", Severity.NOTE), finding("L504", Severity.WARNING)), "at the floor"),
        (replace(report(finding("A101")), verdict="Looks healthy."), "healthy"),
        (report(*(finding(c, remedy=Remedy("do", f'Dense({c[1]}, name="a")')) for c in ("A101", "U401"))), "different"),
        (report(finding("U402", why="1 of 1 tanh units are flat.")), "1 of 1"),
        (report(finding("G606", why="It would change by 0 % of it.")), "0 % of"),
        (report(finding("L502", why="They vary, but not with them.")), "measured nothing"),
        (report(finding("U403", numbers={"patterns": 49}, why="All go through the same straight piece.")), "49"),
        (replace(report(finding("U401", Severity.NOTE, verdict="Dead.")), verdict="Dead."), "that of a note"),
    ],
)
def test_a_contradiction_is_seen(bad: Report, part: str) -> None:
    assert any(part in one for one in contradictions(bad)), contradictions(bad)


def test_a_report_that_agrees_with_itself_is_passed() -> None:
    assert contradictions(report(finding("A101"), finding("D702", Severity.WARNING))) == []
    assert contradictions(of_fixture("three-points")) == []
