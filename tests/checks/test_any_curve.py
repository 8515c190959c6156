"""Whatever numbers a log holds: no rule on histories crashes, all evidence is plain, and units make no difference."""

import json

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Curve, history, noise, told

ODD = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 1e-300, 1e300, 1e-9, 3.4e38])
NUMBERS = st.one_of(ODD, st.floats(1e-3, 1e3))


def curves(longest: int = 40) -> st.SearchStrategy[Curve]:
    return st.lists(NUMBERS, min_size=1, max_size=longest).map(np.array)


@pytest.mark.slow
@settings(max_examples=examples(120), deadline=None, derandomize=True)
@given(loss=curves(), validation=st.none() | curves(), rates=st.none() | curves(), decimals=st.sampled_from([None, 4]))
def test_nothing_crashes(loss: Curve, validation: Curve | None, rates: Curve | None, decimals: int | None) -> None:
    for finding in told(history(loss, validation, rates, decimals=decimals, planned=50)).findings:
        json.dumps(finding.evidence.numbers, allow_nan=False)
        assert "nan" not in finding.message.replace("NaN", "")
        assert "{" not in finding.message
        assert finding.evidence.why.endswith(".")


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(["falls", "turns", "swings", "rises", "stands"]),
    seed=st.integers(0, 50),
    epochs=st.integers(3, 80),
    power=st.integers(-8, 8),
)
def test_units_make_no_difference(kind: str, seed: int, epochs: int, power: int) -> None:
    """A loss in other units is the same curve; powers of two keep every digit."""
    epoch = np.arange(epochs)
    values = {
        "falls": np.exp(-epoch / epochs),
        "turns": 0.1 + np.exp(-epoch / 5),
        "swings": np.exp(0.5 * noise(seed, epochs)),
        "rises": np.exp(-epoch / 5) + 3.0 * (epoch > epochs / 2),
        "stands": np.ones(epochs),
    }[kind] * (1 + 0.01 * noise(seed, epochs))
    validation = 0.3 + np.exp(-epoch / 5) + 0.02 * epoch if kind == "turns" else None
    unit = 2.0**power
    before = told(history(values, validation))
    after = told(history(values * unit, None if validation is None else validation * unit))
    assert [(f.code, f.severity) for f in before.findings] == [(f.code, f.severity) for f in after.findings]
