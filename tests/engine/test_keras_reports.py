"""The report is the same whichever engine runs the model."""

import pytest
from paths import FIXTURES

from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

pytestmark = pytest.mark.keras

CHOSEN = ("three-points", "three-points-sigmoid", "healthy-two-heads", "healthy-residual", "healthy-normalization")
"""Those that take a second; all eighteen were compared once, with the same result."""


@pytest.mark.parametrize("name", CHOSEN)
def test_both_engines_give_the_same_report(name: str) -> None:
    (data,) = (FIXTURES / name).glob("data.*")
    plain, through = (
        diagnose(Question(str(FIXTURES / name / "model.keras"), str(data), engine=engine))
        for engine in ("numpy", "keras")
    )
    assert plain.verdict == through.verdict
    assert [(f.code, f.severity, f.layer, f.message) for f in plain.findings] == [
        (f.code, f.severity, f.layer, f.message) for f in through.findings
    ]
    assert plain.outcomes == through.outcomes
    assert plain.ladder is not None
    assert through.ladder is not None
    for one, other in zip(plain.ladder.rungs, through.ladder.rungs, strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-9, abs=1e-12)
