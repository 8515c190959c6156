"""Networks that know their rows by heart, and networks that learned what holds for all rows; nobody trains them."""

from typing import Any

import numpy as np

import mlpdoctor
from mlpdoctor.core.network import Array

Drawn = tuple[Array, Array]


def rows(number: int, seed: int, *, noise: float = 0.5, features: int = 4) -> Drawn:
    """Features, and a bent function of them under noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(number, features))
    return x, np.tanh(1.5 * x[:, 0]) + x[:, 1] * 0.5 + noise * rng.normal(size=number)


def fitted(x: Array, y: Array, units: int, *, ridge: float = 1e-8, seed: int = 0) -> list[Array]:
    """Weights of a tanh layer with the best last layer for these rows: with as many units as rows it hits them all."""
    rng = np.random.default_rng(seed)
    kernel, bias = rng.normal(size=(x.shape[1], units)), rng.normal(size=units)
    hidden = np.concatenate([np.tanh(x @ kernel + bias), np.ones((len(x), 1))], axis=1)
    pressed = np.concatenate([hidden, np.sqrt(ridge * len(x)) * np.eye(units + 1)])
    last = np.linalg.lstsq(pressed, np.concatenate([y, np.zeros(units + 1)]), rcond=None)[0]
    return [kernel, bias, last[:-1, None], last[-1:]]


def checked(weights: list[Array], x: Any, y: Any, loss: str = "mse", **options: Any) -> mlpdoctor.Report:  # noqa: ANN401
    """The report on such a network."""
    return mlpdoctor.check(weights, x, y, layers="tanh,linear", loss=loss, **options)


def codes(report: mlpdoctor.Report) -> dict[str, str]:
    """The severities of what was found, by code, the first to fix first."""
    return {finding.code: finding.severity for finding in report.findings}
