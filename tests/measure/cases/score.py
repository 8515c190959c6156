"""Asks mlpdoctor about each case and counts: found, named first, who stood before it, and false alarms."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from contradictions import contradictions

from cases.build import Built
from cases.load import maker_of
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.catalogue import rules


@dataclass(frozen=True)
class Seen:
    """What mlpdoctor said of one case."""

    built: Built
    found: tuple[str, ...] = ()
    """Codes of all findings."""
    first: str | None = None
    """Code of the leading finding that is no note."""
    alarms: tuple[str, ...] = ()
    """Errors and warnings in words, each beginning with its severity."""
    crashed: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    """Where the report denies itself."""

    @property
    def code(self) -> str:
        """Rule of the injected fault."""
        return self.built.job.maker

    @property
    def codes(self) -> tuple[str, ...]:
        """The injected faults, the one to fix first in front; aliases stand for the last."""
        return tuple(maker_of(self.code).group.split("+"))

    @property
    def hit(self) -> bool:
        """Whether every fault was named at all."""
        *others, last = self.codes
        known = {last, *self.built.aliases}
        return set(others) <= set(self.found) and bool(known & set(self.found))

    @property
    def strict(self) -> bool:
        """Whether the rule itself, and no alias, named it."""
        return set(self.codes) <= set(self.found)

    @property
    def soon(self) -> bool:
        """Whether the fault is the first or the second thing that the report speaks of; if it need not lead, named."""
        if not self.built.leads:
            return self.hit
        answers = {self.codes[0]} if len(self.codes) > 1 else {*self.codes, *self.built.aliases}
        return bool(answers & set(self.found[:2]))

    @property
    def led(self) -> bool:
        """Whether it headed the report; where it need not, whether it was named and nothing false headed it.

        Where the maker says which words have to come first, they do.
        """
        maker = maker_of(self.code)
        if not self.words or maker.says not in self.words[0].lower():
            return False
        if not self.built.leads:
            return self.hit and self.first not in maker.never
        return self.first == self.codes[0] or (len(self.codes) == 1 and self.first in self.built.aliases)

    @property
    def erring(self) -> tuple[str, ...]:
        """The errors among the alarms."""
        return tuple(alarm for alarm in self.alarms if alarm.startswith("error"))


def look(built: Built) -> Seen:
    """Diagnose one case in this process."""
    try:
        history = () if built.history is None else (built.history,)
        split = maker_of(built.job.maker).split
        question = Question(built.model, built.data, target=built.target, history=history, split=split)
        report = diagnose(replace(question, validation=built.validation))
    except InputError as trouble:
        return Seen(built, words=(f"refused: {trouble}",))
    except Exception as fault:  # noqa: BLE001 - one bad case must not end the measurement, and is told
        return Seen(built, crashed=(f"mlpdoctor itself: {fault!r}",), words=(f"crashed: {fault!r}",))
    loud = [finding for finding in report.findings if finding.severity is not Severity.NOTE]
    crashed = tuple(f"{o.code}: {o.reason}" for o in report.outcomes if o.status is Status.CRASHED)
    return Seen(
        built,
        found=tuple(dict.fromkeys(finding.code for finding in report.findings)),
        first=loud[0].code if loud else None,
        alarms=tuple(map(in_words, loud)),
        crashed=crashed,
        words=told(report),
        contradictions=tuple(contradictions(report)),
    )


def told(report: Report) -> tuple[str, ...]:
    """The whole report in a few lines."""
    ladder = [] if report.ladder is None else [f"{rung.name} {rung.value:.4g}" for rung in report.ladder.rungs]
    return (report.verdict, "; ".join(ladder) or str(report.no_ladder), *map(in_words, report.findings))


def in_words(finding: Finding) -> str:
    """One finding."""
    because = f" because of {finding.because_of}" if finding.because_of else ""
    return f"{finding.severity} {finding.code} {finding.layer or ''}: {finding.message}{because}"


@dataclass
class Tally:
    """The count of one rule."""

    code: str
    patients: int = 0
    found: int = 0
    strict: int = 0
    led: int = 0
    soon: int = 0
    rivals: Counter[str] = field(default_factory=Counter)
    broken: int = 0


def tallies(seen: Iterable[Seen]) -> dict[str, Tally]:
    """Count by rule."""
    counted: dict[str, Tally] = {}
    for one in seen:
        tally = counted.setdefault(one.code, Tally(one.code))
        if one.built.trouble:
            tally.broken += 1
            continue
        tally.patients += 1
        tally.found += one.hit
        tally.strict += one.strict
        tally.led += one.led
        tally.soon += one.soon
        if not one.led:
            tally.rivals[one.first or "nothing"] += 1
    return counted


def absent() -> Mapping[str, str]:
    """Rules of the catalogue by code, and their names; a rule that is not here is not written yet."""
    return {rule.code: rule.name for rule in rules()}


def table(counted: Mapping[str, Tally]) -> list[str]:
    """Recall per rule, in Markdown."""
    names = absent()
    lines = [
        "| rule | patients | found | by the rule itself | named first | first or second | before it |",
        "|---|---|---|---|---|---|---|",
    ]
    for code, tally in sorted(counted.items()):
        rivals = ", ".join(f"{rival} {times}" for rival, times in tally.rivals.most_common(4))
        share = [_of(number, tally.patients) for number in (tally.found, tally.strict, tally.led, tally.soon)]
        broken = f" ({tally.broken} not made)" if tally.broken else ""
        named = f"{code} {names.get(code, '')}".strip().replace("_", " ")
        lines.append(f"| {named} | {tally.patients}{broken} | {' | '.join(share)} | {rivals} |")
    patients = sum(tally.patients for tally in counted.values())
    parts = ("found", "strict", "led", "soon")
    share = [_of(sum(getattr(tally, part) for tally in counted.values()), patients) for part in parts]
    return [*lines, f"| **all** | {patients} | {' | '.join(share)} | |"]


FAMILIES: Mapping[str, str] = {
    "A": "architecture",
    "O": "output contract",
    "W": "file and state",
    "U": "units",
    "L": "floors",
    "G": "steps",
    "D": "data",
    "H": "history",
}
NOTHING = "-"


def confusion(seen: Iterable[Seen]) -> list[str]:
    """By family: which fault was injected, and which heads the report; where it need only be named, which named it."""
    counted: dict[str, Counter[str]] = {}
    for one in seen:
        if not one.built.trouble:
            led = one.codes[0][0] if one.led else (one.first or NOTHING)[0]
            counted.setdefault(one.codes[0][0], Counter())[led] += 1
    columns = [*FAMILIES, NOTHING]
    lines = [f"| injected | patients | {' | '.join(columns)} |", f"|---|---|{'---|' * len(columns)}"]
    for family, name in FAMILIES.items():
        if family in counted:
            row = counted[family]
            cells = [f"{row[column]}" if row[column] else "" for column in columns]
            lines.append(f"| {family} {name} | {sum(row.values())} | {' | '.join(cells)} |")
    return lines


def well_table(seen: Sequence[Seen], what: str) -> list[str]:
    """False alarms among models without a fault."""
    made = [one for one in seen if not one.built.trouble]
    erring, alarmed = [one for one in made if one.erring], [one for one in made if one.alarms]
    lines = [f"{what}: {len(made)}; any error: {len(erring)}; any error or warning: {len(alarmed)}"]
    lines += [f"* {one.code}-{one.built.job.seed} ({one.built.words}): {'; '.join(one.alarms)}" for one in alarmed]
    lines += [
        f"* {one.code}-{one.built.job.seed}: {one.words[0]}" for one in made if one.words[0].startswith("refused")
    ]
    return lines


def _of(number: int, whole: int) -> str:
    return f"{number}/{whole} = {number / whole:.0%}" if whole else "-"
