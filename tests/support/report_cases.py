"""Reports to write down: real ones on the fixtures, and one made by hand of everything that is awkward to write."""

import functools
import math

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Remedy, Severity
from mlpdoctor.core.ladder import Ladder, Penalty, Rung
from mlpdoctor.core.report_model import (
    DataSummary,
    ModelSummary,
    Outcome,
    Report,
    RuledOut,
    Status,
    Unread,
    legible_parts,
)
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.catalogue import rules

CASES = {
    "three-points": "three-points/data.csv",
    "three-points-untrained": "three-points-untrained/data.csv",
    "mostly-linear": "mostly-linear/data.parquet",
    "numpy-cosine": "numpy-cosine/data.npz",
    "four-relu-sine": "four-relu-sine/data.csv.gz",
    "healthy-linear": "healthy-linear/data.csv",
}
"""Fixtures with their data, as the golden outputs of the terminal have them."""


@functools.cache
def of_fixture(name: str, *, data: bool = True) -> Report:
    """The report on a fixture, its files named from the top of the repository; call it from there."""
    return diagnose(Question(f"fixtures/{name}/model.keras", f"fixtures/{CASES[name]}" if data else None))


def fixtures() -> list[Report]:
    return [of_fixture(name) for name in CASES]


HOSTILE = "a|b`c`*d*_e_<script>x</script>&amp;[f](g)\\$h$~~i~~ 100% x:y,z \u202e\x1b[31m\nnew ::error::line"
"""A name that means something to every format."""
UNREAD = Unread("models/gone, 100%.keras", "no such file: models/gone, 100%.keras")


def awkward(name: str = HOSTILE, path: str = "models/odd, name: 50% #1.keras") -> Report:
    """A report with a name that means something to every format in all places where a file could put one."""
    findings = (
        _finding("A101", Severity.ERROR, None, name, explains=0.5),
        _finding("L501", Severity.ERROR, None, name, because_of="A101"),
        _finding("U401", Severity.WARNING, name, name),
        _finding("D702", Severity.WARNING, None, name, suppressed=f"known since May, {name}"),
        _finding("D704", Severity.NOTE, None, name),
        _finding("D704", Severity.NOTE, None, f"{name} too"),
    )
    found = {finding.code for finding in findings}
    outcomes = [
        Outcome(rule.code, rule.name, Status.FOUND if rule.code in found else Status.PASSED) for rule in rules()
    ]
    for place, (status, reason) in enumerate(
        (
            (Status.SKIPPED, f"needs {name}"),
            (Status.NOT_APPLICABLE, "no output tells classes apart"),
            (Status.CRASHED, f"ValueError: {name}"),
        ),
        start=1,
    ):
        outcomes[-place] = Outcome(outcomes[-place].code, outcomes[-place].name, status, reason)
    rungs = (
        Rung("constant", "best constant", 2.0, 2.0, "proved", f"{name} = 1"),
        Rung("affine", "best straight line", 1.0, 0.5, "proved", f"{name} = 2 x + 1", coefficients=((1.0, 2.0),)),
        Rung("model", "your model", math.inf, math.nan, "measured", ""),
        Rung("noise", "noise", 0.5, 0.0, "estimated", "", error=0.1),
        Rung("data", "these data", 0.0, 0.0, "proved", ""),
    )
    report = Report(
        model=ModelSummary(path, "keras 3", "3.9.0", 3, 2, 31, f"Adam {name}", math.nan, 10, name),
        data=DataSummary("data/x y.csv", "CSV", 9, 8, (name,), ("y",), (f"index {name} left out",), "w", (name,)),
        verdict=f"The loss is stuck because of {name}.",
        ladder=Ladder("mean squared error", rungs, penalty=Penalty(0.1, (f"l2 of {name} 0.1",))),
        no_ladder=None,
        findings=findings,
        ruled_out=(RuledOut("learning rate", "A101"), RuledOut("input scale", "D709")),
        outcomes=tuple(outcomes),
        seconds={"read": 0.1},
    )
    return legible_parts(report)  # as the diagnosis does at its end


def _finding(
    code: str,
    severity: Severity,
    layer: str | None,
    name: str,
    *,
    explains: float | None = None,
    because_of: str | None = None,
    suppressed: str | None = None,
) -> Finding:
    rule = next(rule for rule in rules() if rule.code == code)
    evidence = Evidence(
        {"layers": (name, "b"), "share": 0.25, "bad": math.nan, "by": {name: 1}},
        Certainty.MEASURED,
        f"That is because of {name}.",
        Remedy(f"rename {name}", f'Dense(3, name="{name}")\n# and so on ```'),
        explains=explains,
    )
    return Finding(code, rule.name, severity, f"{name} is odd", evidence, layer, because_of, suppressed)
