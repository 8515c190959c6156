"""The line that leads is tried where it draws weights anew; the findings behind it then do not draw them."""

from typing import Any

from mlpdoctor.core.check import Absent
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Finding, Remedy, Severity
from mlpdoctor.diagnosis.lead_trial import lead_tried

DRAWS = Remedy("re-initialise dense", "Dense(4)", Draws(("dense",)))
OTHER = Remedy("lower the rate", "rate")
TRIED = Remedy("train on", "fit")


class Answers:
    """Knows what a trial came to."""

    def __init__(self, found: Any) -> None:  # noqa: ANN401
        self.found, self.asked = found, 0

    def get(self, _: type) -> Any:  # noqa: ANN401
        self.asked += 1
        return self.found


class Options:
    def __init__(self, found: Remedy = TRIED) -> None:
        self.found = found

    def tried(self, remedy: Remedy, draws: Draws) -> Remedy:
        assert remedy.draws is draws
        return self.found


def finding(code: str, remedy: Remedy | None, severity: Severity = Severity.ERROR) -> Finding:
    evidence = Evidence({}, Certainty.MEASURED, "why", remedy)
    return Finding(code, code, severity, "message", evidence, "dense")


def told(*findings: Finding, answers: Answers) -> list[Remedy | None]:
    return [one.evidence.remedy for one in lead_tried(findings, answers)]  # type: ignore[arg-type]


def test_the_lead_gets_what_was_tried_and_no_other_draws_weights() -> None:
    findings = finding("U401", DRAWS), finding("U401", DRAWS), finding("W303", DRAWS), finding("G603", OTHER)
    lead, same, draws, other = told(*findings, answers=Answers(Options()))
    assert lead is TRIED
    assert same is not None
    assert same.text == "fix U401 in dense first: fresh weights were tried there"
    assert draws is not None
    assert draws.text == "fix U401 first: fresh weights were tried there"
    assert draws.code is None
    assert other is OTHER


def test_where_fresh_weights_are_the_way_every_layer_keeps_its_line() -> None:
    for code in ("Dense(4)", "Dense(4); model.compile(optimizer=keras.optimizers.Adam(0.01), loss=model.loss)"):
        fresh = Remedy("re-initialise dense: in a trial ...", code)
        findings = finding("U402", DRAWS), finding("U402", DRAWS)
        assert told(*findings, answers=Answers(Options(fresh))) == [fresh, DRAWS]


def test_nothing_is_tried_where_the_lead_draws_no_weights() -> None:
    for first in (finding("G603", OTHER), finding("W301", None), finding("U401", DRAWS, Severity.NOTE)):
        answers = Answers(Options())
        assert told(first, finding("W303", DRAWS), answers=answers) == [first.evidence.remedy, DRAWS]
        assert not answers.asked
    assert told(answers=Answers(Options())) == []


def test_where_no_trial_can_be_made_the_remedy_stays() -> None:
    assert told(finding("U401", DRAWS), finding("W303", DRAWS), answers=Answers(Absent("quick"))) == [DRAWS, DRAWS]
