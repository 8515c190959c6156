"""Which changes are worth a trial: those that treat what was found, or those that the user names."""

from collections.abc import Sequence

from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.diagnosis.diagnose import all_checks
from mlpdoctor.treat.case import Case, Nothing, Treatment, kinds, named, offered

MOST_OF_ONE = 3
"""Changes tried for one finding: the likeliest ones come first."""
MOST_OF_A_KIND = 2
"""Changes of one kind, for other layers say: where the likeliest two fail the others rarely help."""
MOST = 10
"""Changes tried by themselves."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A change to try.

    Attributes:
        treatment: the change.
        findings: codes of the findings it was proposed for.
    """

    treatment: Treatment
    findings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    """What to try, the likeliest first.

    Attributes:
        candidates: each change once.
        untried: findings for which nothing can be tried, and why.
    """

    candidates: tuple[Candidate, ...]
    untried: tuple[tuple[str, str], ...]


def choose(case: Case, words: Sequence[str] = ()) -> Choice:
    """The changes that the report calls for: the likeliest for each finding in turn, then the next.

    Those of causes come before those of their effects, and those of notes last.

    Args:
        case: the case.
        words: rules by code or name, or treatments by name, that the user asks for; empty for the report's own.

    Raises:
        UsageError: a word is neither, or a rule that found nothing.
    """
    kept: dict[str, Candidate] = {}
    untried: list[tuple[str, str]] = []
    why_none = {one.rule.code: one.rule.untreatable for one in all_checks()}
    proposals = _proposals(case, words)
    for finding, offers in proposals:
        untried += [(_name(finding), offer.reason) for offer in offers if isinstance(offer, Nothing)]
        why = None if finding is None else why_none.get(finding.code)
        if why is not None:
            untried.append((_name(finding), why))
    queues = [(finding, [one for one in offers if isinstance(one, Treatment)]) for finding, offers in proposals]
    for turn in range(MOST_OF_ONE):
        for finding, queue in queues:
            for treatment in queue[turn : turn + 1]:
                _keep(kept, treatment, finding)
    chosen: list[Candidate] = []
    for candidate in kept.values():
        kind = candidate.treatment.name
        if words or sum(one.treatment.name == kind for one in chosen) < MOST_OF_A_KIND:
            chosen.append(candidate)
    spoken = {code for candidate in kept.values() for code in candidate.findings}
    left = dict.fromkeys(pair for pair in untried if pair[0].partition(" ")[0] not in spoken)
    return Choice(tuple(chosen[:MOST]), tuple(left))


def _proposals(case: Case, words: Sequence[str]) -> "list[tuple[Finding | None, tuple[Treatment | Nothing, ...]]]":
    shown = [finding for finding in case.report.findings if finding.suppressed is None]
    if not words:
        ordered = sorted(shown, key=lambda one: (one.severity is Severity.NOTE, one.because_of is not None))
        return [(finding, offered(finding, case)) for finding in ordered]
    found: list[tuple[Finding | None, tuple[Treatment | Nothing, ...]]] = []
    for word in words:
        own = [finding for finding in shown if word in (finding.code, finding.name)]
        if own:
            found += [(finding, offered(finding, case)) for finding in own]
        elif word in {kind.name for kind in kinds()}:
            found.append((None, named(word, case)))
        elif any(word in (outcome.code, outcome.name) for outcome in case.report.outcomes):
            raise UsageError(f"--rule {word}: this rule found nothing here, so that there is nothing to treat")
        else:
            names = [kind.name for kind in kinds()] + [finding.name for finding in shown]
            raise UsageError(f"--rule {word}: neither a rule nor a treatment{closest(word, names)}")
    return found


def _keep(kept: dict[str, Candidate], treatment: Treatment, finding: Finding | None) -> None:
    key = f"{treatment.name}: {treatment.text}"
    codes = () if finding is None else (finding.code,)
    before = kept.get(key)
    if before is None:
        kept[key] = Candidate(treatment, codes)
    else:
        kept[key] = Candidate(before.treatment, tuple(dict.fromkeys((*before.findings, *codes))))


def _name(finding: Finding | None) -> str:
    return "" if finding is None else f"{finding.code} {finding.name}"
