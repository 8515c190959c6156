"""A report as the templates of a page take it: the terminal's story, with the figures that belong to each part."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mlpdoctor.core.check import Rule
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Finding, Number, Remedy
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short
from mlpdoctor.report import curve_phrases, phrases
from mlpdoctor.report.catalogue import readable, rules, sections
from mlpdoctor.report.folding import Shown
from mlpdoctor.report.html.curve_figure import curve_picture
from mlpdoctor.report.html.fit_figures import fit_pictures, sampled
from mlpdoctor.report.html.ladder_figure import ladder_picture, remarks
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number
from mlpdoctor.report.html.unit_figures import table_of_units, unit_pictures

MOST_NUMBERS = 60
"""Rows of a table of evidence: what a check counts for each of a hundred layers is in the JSON."""


@dataclass(frozen=True)
class Placed:
    """A figure in a page.

    Attributes:
        id: of its element.
        picture: the figure.
        open: whether its tables are part of the answer, and not folded.
    """

    id: str
    picture: Picture
    open: bool = False


def placed(pictures: list[Picture], case: str) -> list[Placed]:
    """Figures with the ids that they have in a page."""
    return [Placed(f"{case}-{one.name}", one, one.name.startswith("classes")) for one in pictures]


def case_of(report: Report, case: str, at: str = "", *, compact: bool = False) -> dict[str, Any]:
    """What a page shows of one report.

    Args:
        report: texts cut to what a page can hold.
        case: what ids in the page begin with.
        at: where the JSON has the report, as a pointer.
        compact: whether it is a piece for a notebook, without rule pages, units and what was checked.
    """
    arranged = phrases.arrange(report)
    places = {id(finding): place for place, finding in enumerate(report.findings)}
    pages = {} if compact else {rule.code: rule for rule in rules()}

    def told(one: Shown) -> dict[str, Any]:
        return _finding(one, report, places, pages, case, at)

    pictures = report.pictures
    units = [] if pictures is None or compact else list(unit_pictures(pictures))
    remedy = phrases.do(report)
    return {
        "id": case,
        "path": report.path,
        "state": phrases.state(report) or "",
        "verdict": report.verdict,
        "sources": phrases.sources(report),
        "do": _do(remedy),
        "above": placed(list(_above(report, at)), case),
        "no_ladder": report.no_ladder if report.ladder is None else None,
        "beside": [] if compact else list(_beside(report)),
        "not_followed": None if report.model is None else report.model.not_followed,
        "sampled": sampled(pictures) if pictures is not None and pictures.rows else None,
        "findings": [told(one) for one in arranged.shown],
        "notes": [told(Shown(0, one)) for one in arranged.notes],
        "also_noted": phrases.also_noted(arranged),
        "ruled_out": phrases.suspects(report),
        "crashed": phrases.crashed(report.outcomes),
        "hidden": phrases.hidden(report),
        "next": [(what, shlex.join(words)) for what, words in phrases.next_steps(report)],
        "units": placed(units, case),
        "unit_table": table_of_units(pictures) if units and pictures is not None and pictures.layers else None,
        "checks": phrases.checks(report) if report.outcomes else None,
        "idle": [
            (f"{status.value}: {reason}", ", ".join(names))
            for (status, reason), names in phrases.idle(report.outcomes).items()
        ],
    }


def _do(remedy: Remedy | None) -> Mapping[str, str | None] | None:
    """The line to change; the sentence beside it where there is no line."""
    if remedy is None:
        return None
    return {"text": None if remedy.code is not None else remedy.text, "code": remedy.code}


def _above(report: Report, at: str) -> Iterator[Picture]:
    """The figures beside the verdict: those in which somebody finds the answer."""
    if report.ladder is not None:
        found = ladder_picture(report.ladder, f"{at}/ladder")
        if found is not None:
            yield found
    if report.unseen is not None:
        about = "unseen", "And on rows that it was not trained on?"
        other = ladder_picture(report.unseen.ladder, f"{at}/unseen/ladder", about)
        if other is not None:
            yield other
    if report.pictures is not None:
        yield from fit_pictures(report.pictures)
    if report.history is not None:
        rate = None if report.pictures is None else report.pictures.rate
        drawn = curve_picture(report.history, report.ladder, rate, f"{at}/history")
        if drawn is not None:
            yield drawn


def _beside(report: Report) -> Iterator[str]:
    if report.ladder is not None:
        yield from remarks(report.ladder)
    if report.unseen is not None:
        yield f"unseen rows: {phrases.unseen(report.unseen)}"
    judged = phrases.judged(report)
    if judged is not None:
        yield f"new rows: {judged}"
    if report.history is not None:
        yield f"plateau: {curve_phrases.plateau(report.history)}"
        bad = curve_phrases.bad(report.history)
        if bad is not None:
            yield f"not read: {bad}"


def _finding(
    one: Shown, report: Report, places: Mapping[int, int], pages: Mapping[str, Rule], case: str, at: str
) -> dict[str, Any]:
    """A finding in full; unlike the terminal a page has room for the reason of each."""
    finding, place = one.finding, places[id(one.finding)]
    first = finding is phrases.leading(report)
    on_top = phrases.do(report) if first else None
    fix = phrases.fix(one)
    if fix is not None and on_top is not None and on_top.code is None and on_top.text == fix.text:
        fix = None
    elif fix is not None and on_top is not None and on_top.code is not None:
        fix = Remedy(fix.text)
    seen = phrases.seen(finding)
    return {
        "id": f"{case}-finding-{place + 1}",
        "severity": finding.severity.value,
        "number": one.number or None,
        "code": finding.code,
        "name": finding.name,
        "sure": phrases.sure(finding),
        "seen": seen,
        "why": finding.evidence.why,
        "fix": fix,
        "evidence": _evidence(finding.evidence, finding, f"{at}/findings/{place}"),
        "rule": _page(pages[finding.code]) if finding.code in pages else None,
        "folded": [_finding(Shown(0, other), report, places, pages, case, at) for other in one.folded],
        "also": phrases.also_seen(one),
    }


def _evidence(evidence: Evidence, finding: Finding, at: str) -> Table:
    rows = [] if evidence.explains is None else [(name("explains"), number(evidence.explains, f"{at}/explains"))]
    rows += list(_flat(evidence.numbers, "", f"{at}/evidence"))
    return Table(f"what was measured for {finding.code} {finding.name}", ("name", "value"), tuple(rows[:MOST_NUMBERS]))


def _flat(numbers: Mapping[str, Number], before: str, at: str) -> Iterator[tuple[Cell, Cell]]:
    for key, value in numbers.items():
        label, place = f"{before}{key}", f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label}, ", place)
        elif isinstance(value, bool):
            yield name(label), Cell("yes" if value else "no")
        elif isinstance(value, int | float):
            yield name(label), number(value, place)
        elif value is not None and value != "":
            yield name(label), Cell(_listed(value))


def _listed(value: Number) -> str:
    if isinstance(value, tuple):
        return ", ".join(_listed(one) for one in value)
    return short(value) if isinstance(value, float) else str(value)


def _page(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": readable(rule.summary),
        "sections": list(sections(rule.page)),
    }
