"""Which findings are shown in full, and which are named in a line: the same in every format for people.

A reader has one thing to fix first. What only follows from it, and what is merely good to know beside an error, would
stand between them and the second thing to fix; both are named, so that nothing is hidden.
"""

from collections import Counter
from collections.abc import Sequence

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Severity


@dataclass(frozen=True)
class Shown:
    """A finding that is shown in full.

    Attributes:
        number: in the order of the report, counted over those that are shown.
        finding: itself.
        follows: number of the shown finding that causes it; None for a cause, which all are where anything is folded.
        folded: what follows from it, directly or not, in the order of the report.
    """

    number: int
    finding: Finding
    follows: int | None = None
    folded: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Arranged:
    """All findings of a report that are not suppressed: each is shown, folded under a shown one, or among the notes."""

    shown: tuple[Shown, ...]
    notes: tuple[Finding, ...] = ()
    """Context that is named at the end: beside anything worse, and where none of it says to do anything."""


def live(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that are not suppressed, in order."""
    return tuple(finding for finding in findings if finding.suppressed is None)


def arranged(findings: Sequence[Finding], *, whole: bool = False) -> Arranged:
    """What to show of some findings; ``whole`` shows every one of them."""
    present = live(findings)
    if whole:
        number = {finding.code: place for place, finding in reversed(list(enumerate(present, start=1)))}
        return Arranged(tuple(Shown(n, f, number.get(f.because_of or "")) for n, f in enumerate(present, start=1)))
    roots = [_root(place, present) for place in range(len(present))]
    notes_lead = _notes_lead(present)
    causes = [place for place, root in enumerate(roots) if root == place]
    aside = {place for place in causes if present[place].severity is Severity.NOTE and not notes_lead}
    leads = [place for place in causes if place not in aside]
    shown = (
        Shown(number, present[lead], folded=tuple(f for n, f in enumerate(present) if roots[n] == lead != n))
        for number, lead in enumerate(leads, start=1)
    )
    return Arranged(tuple(shown), tuple(f for n, f in enumerate(present) if roots[n] in aside))


def _notes_lead(present: Sequence[Finding]) -> bool:
    """Whether notes are all there is, and one of them says what to do."""
    only = all(finding.severity is Severity.NOTE for finding in present)
    return only and any(finding.evidence.remedy is not None for finding in present)


def _root(place: int, present: Sequence[Finding]) -> int:
    """The place of the finding at the end of the chain of causes: its own where its cause is not there.

    Of causes that go round in a circle it is the first, so that none is lost.
    """
    first = {finding.code: n for n, finding in reversed(list(enumerate(present)))}
    seen = {place}
    while (cause := first.get(present[place].because_of or "")) is not None:
        if cause in seen:
            return min(seen)
        place = cause
        seen.add(place)
    return place


def names(findings: Sequence[Finding], *, brief: bool = False) -> str:
    """Findings in a row, each rule once and with its count: ``U404 constant-output, U402 saturated-units``.

    ``brief`` names the first and leaves it at the codes of the others.
    """
    times = Counter((finding.code, finding.name) for finding in findings)
    told: list[str] = []
    for (code, name), number in times.items():
        words = code if brief and told else f"{code} {name}"
        told.append(words if number == 1 else f"{words} ×{number}")  # noqa: RUF001
    return ", ".join(told)
