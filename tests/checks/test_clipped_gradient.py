"""G608: clipping far below the gradient, all the time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import L, examined, fit, found, number, only, optimizers, quiet, set_random_seed, stack, told, waves

from mlpdoctor.core.finding import Certainty, Severity

Optimizers = optimizers


def trained(optimizer: Any, seed: int, updates: int = 150) -> tuple[Any, Any, Any]:  # noqa: ANN401
    x, y = waves(300, 3, seed)
    y = (y - y.mean()) / y.std()
    set_random_seed(seed)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-updates * 32 // len(x)))])[: updates * 32]
    fit(model, x[order], y[order], batch=32, shuffle=False)
    return model, x, y


@pytest.mark.slow
@pytest.mark.parametrize(
    "limit", [{"clipnorm": 0.001}, {"clipvalue": 1e-4}, {"global_clipnorm": 0.002}], ids=lambda limit: next(iter(limit))
)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.series
def test_a_brake_in_place_of_a_guard(tmp_path: Path, limit: dict[str, float], momentum: float) -> None:
    model, x, y = trained(Optimizers.SGD(0.05, momentum=momentum, **limit), 1)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "G608")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.certainty is Certainty.TRIED
    assert number(finding, "left_share") < 0.1
    assert number(finding, "after_unclipped") < number(finding, "after")
    first = next(one for one in report.findings if one.severity is not Severity.NOTE)
    assert first.code == "G608", told(report)
    assert next(iter(limit)) in str(finding.evidence.verdict)


def test_quiet_on_a_guard_that_rarely_bites(tmp_path: Path) -> None:
    """The named false alarm: clipnorm=1.0 with a gradient of about that."""
    model, x, y = trained(Optimizers.SGD(0.05, clipnorm=1.0), 3, updates=10)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("G608",)), "G608"), told(report)


@pytest.mark.parametrize("optimizer", [Optimizers.Adam(1e-3, clipnorm=1e-3), Optimizers.RMSprop(1e-3, clipvalue=1e-4)])
def test_quiet_on_optimizers_that_rescale_anyway(tmp_path: Path, optimizer: Any) -> None:  # noqa: ANN401
    model, x, y = trained(optimizer, 4, updates=30)
    assert not found(report := examined(tmp_path, model, x, y, rules=("G608",)), "G608"), told(report)


def test_quiet_without_any_limit(tmp_path: Path) -> None:
    model, x, y = trained(Optimizers.SGD(1e-4), 5, updates=30)
    assert quiet(examined(tmp_path, model, x, y, rules=("G608",)), "G608")
