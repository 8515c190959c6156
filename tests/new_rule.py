"""Starts a new rule: writes the check, its tests and its case for the measurement, to be filled in.

    python tests/new_rule.py NAME CODE          such as: python tests/new_rule.py wide-waist A108

NAME is what the fault is called, CODE the letter of a family with a number that is still free. The check stays quiet
and its tests fail until they are filled in; ``.github/CONTRIBUTING.md`` has the steps.
"""

import builtins
import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

ROOT = Path(__file__).parents[1]
DECLARED = re.compile(r'^@check\(\s*"([A-Z]\d{3})"', re.MULTILINE)
CASE = re.compile(r'^@patient\(\s*"([A-Z]\d{3})"', re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RESERVED = {*keyword.kwlist, *dir(builtins), "check", "found", "hand_built", "patient", "pytest"}
"""What no function may be called: words of Python's own, and names that the three files use."""

CHECK = Template('''\
"""$code: one line on the fault."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network


@check(
    "$code",
    Severity.WARNING,
    "{count} layers have the fault",
    stage=Stage.$stage,
    disturbs=Part.NOTHING,  # the parts of training that the fault disturbs: it may bring about what is said of them
)
def $function(network: Network, *, tolerated: int = 0) -> Iterator[Evidence]:
    """One sentence on the fault, which the table of rules shows.

    Why it matters
        What the fault does to training, in words the user knows.
    How to fix it
        What to change, and to what.
    When it stays silent
        Deliberate designs that look like the fault.
    How sure
        Measured: what was counted, and on what.
    References
        Who found it, where and when; leave this out where there is no source.
    """
    # Ask in the parameters for what decides: a Layer to run once for each, a statistic or a fact, by its type. What
    # decides is a number held against the threshold, which users can set; this one is zero until it is filled in.
    faulty = [layer for layer in network.layers if layer.kind == "a kind that has the fault"]
    if len(faulty) <= tolerated:
        return
    yield Evidence(
        numbers={"count": len(faulty)},
        certainty=Certainty.MEASURED,
        why="What these numbers say about this model.",
        remedy=Remedy("the change in words", "the line of code to change"),
        strength=1.0,
    )
''')

TESTS = Template('''\
"""$code: what these tests hold the rule to."""

import hand_built
import pytest

from mlpdoctor.checks.$folder.$function import $function
from mlpdoctor.core.finding import Certainty, Evidence
from mlpdoctor.core.network import Network


def found(network: Network, tolerated: int = 0) -> list[Evidence]:
    """What the rule says of a network."""
    return list($function.function(network, tolerated=tolerated))


def test_it_fires() -> None:
    faulty = hand_built.sequential(3, (8, "relu"), (1, None))  # give it the fault
    (evidence,) = found(faulty)
    assert evidence.numbers["count"] == 1
    assert evidence.certainty is Certainty.MEASURED


def test_it_stays_quiet() -> None:
    healthy = hand_built.sequential(3, (8, "relu"), (1, None))
    assert found(healthy) == []
    pytest.fail("make this the network of test_it_fires without its fault, and nothing else changed")


def test_false_alarm_a_design_that_looks_like_it() -> None:
    deliberate = hand_built.sequential(3, (8, "relu"), (1, None))
    assert found(deliberate) == []
    pytest.fail("name the design in the test's name, and build it")


def test_the_threshold_decides() -> None:
    faulty = hand_built.sequential(3, (8, "relu"), (1, None))  # give it the fault
    assert len(found(faulty, tolerated=0)) == 1
    assert found(faulty, tolerated=1) == []
''')

MADE = Template('''

@patient("$code")
def $function(kit: Kit) -> Case:
    """How users come by this fault."""
    raise NotImplementedError("train a model with the fault, as the makers above do, and return it as a Case")
''')

NEXT = Template("""\
wrote
  $check
  $tests
  $cases   (the maker at its end)
next
  fill in the check and its page; python -m pytest $tests   fails until the tests are filled in too
  a treatment in src/mlpdoctor/treat/treatments, or why there is none: untreatable="…" in the decorator
  the measurement: python tests/measure/recall.py --rules $code --per-rule 5
  a line in CHANGELOG.md, and the generated texts: see .github/CONTRIBUTING.md
""")


STAGES = {
    "data": "DATA",
    "output": "CONTRACT",
    "architecture": "ARCHITECTURE",
    "state": "START",
    "steps": "STEP",
    "units": "UNITS",
    "floors": "OUTCOME",
    "history": "CURVE",
}
"""The stage that most rules of a folder belong to."""


class Refused(Exception):  # noqa: N818  the user's words, no fault
    """Why there can be no such rule, in one line."""


@dataclass(frozen=True)
class Family:
    """The rules of one letter.

    Attributes:
        folder: of their checks.
        codes: of its rules, in order.
    """

    folder: Path
    codes: Sequence[str]

    @property
    def block(self) -> str:
        """The letter and the digit that all of its codes begin with."""
        return self.codes[0][:2]

    @property
    def free(self) -> str:
        """The next code."""
        return f"{self.block[0]}{int(self.codes[-1][1:]) + 1}"


def families(root: Path) -> Mapping[str, Family]:
    """The families by letter, as the checks that there are lie and are numbered."""
    codes: dict[str, list[str]] = {}
    folders: dict[str, Path] = {}
    for path in (root / "src" / "mlpdoctor" / "checks").rglob("*.py"):
        for code in DECLARED.findall(path.read_text(encoding="utf-8")):
            codes.setdefault(code[0], []).append(code)
            folders[code[0]] = path.parent
    return {letter: Family(folders[letter], sorted(codes[letter])) for letter in sorted(codes)}


def chosen(name: str, code: str, root: Path) -> Family:
    """The family of a rule that can be.

    Raises:
        Refused: the name or the code is taken, or does not fit.
    """
    known = families(root)
    if name.replace("-", "_") in RESERVED:
        raise Refused(f"the name {name!r} does not fit: Python or the files of a rule use it already")
    if not NAME.fullmatch(name):
        raise Refused(f"the name {name!r} does not fit: small letters, digits and single hyphens, such as dead-relu")
    if not re.fullmatch(r"[A-Z]\d{3}", code):
        raise Refused(f"the code {code!r} does not fit: a letter and three digits, such as {known['A'].free}")
    if code[0] not in known:
        raise Refused(f"no family has the letter {code[0]}; there are {', '.join(known)}")
    family = known[code[0]]
    if not code.startswith(family.block):
        raise Refused(f"the code {code} does not fit: those of {family.folder.name} begin with {family.block}")
    if code in family.codes:
        raise Refused(f"the code {code} is taken; the next that is free is {family.free}")
    function = name.replace("-", "_")
    checks = root / "src" / "mlpdoctor" / "checks"
    taken = [*checks.rglob(f"{function}.py"), *(root / "tests" / "checks").glob(f"test_{function}.py")]
    if taken:
        raise Refused(f"the name {name} is taken: there is {taken[0].relative_to(root).as_posix()}")
    return family


def cases_file(family: Family, root: Path) -> Path:
    """The file of makers that holds the family's newest case."""
    found = {
        code: path
        for path in (root / "tests" / "measure" / "cases").glob("*.py")
        for code in CASE.findall(path.read_text(encoding="utf-8"))
        if code in family.codes
    }
    return found[max(found)]


def start(name: str, code: str, root: Path = ROOT) -> str:
    """Write the files of a new rule; what is next, for people.

    Raises:
        Refused: there can be no such rule; nothing is written.
    """
    family = chosen(name, code, root)
    words = {"code": code, "function": name.replace("-", "_"), "folder": family.folder.name}
    words["stage"] = STAGES[family.folder.name]
    check = family.folder / f"{words['function']}.py"
    tests = root / "tests" / "checks" / f"test_{words['function']}.py"
    cases = cases_file(family, root)
    made = cases.read_text(encoding="utf-8")
    if re.search(rf"^def {words['function']}\(", made, re.MULTILINE):
        raise Refused(f"the name {name} is taken: {cases.relative_to(root).as_posix()} has a maker of that name")
    check.write_text(CHECK.substitute(words), encoding="utf-8", newline="\n")
    tests.write_text(TESTS.substitute(words), encoding="utf-8", newline="\n")
    cases.write_text(made + MADE.substitute(words), encoding="utf-8", newline="\n")
    places = {"check": check, "tests": tests, "cases": cases}
    return NEXT.substitute(words | {what: path.relative_to(root).as_posix() for what, path in places.items()})


def main(words: Sequence[str]) -> int:
    """Start a rule; 2 where there can be none."""
    try:
        name, code = words
    except ValueError:
        sys.stderr.write("new_rule: give a name and a code, such as: python tests/new_rule.py wide-waist A108\n")
        return 2
    try:
        sys.stdout.write(start(name, code))
    except Refused as reason:
        sys.stderr.write(f"new_rule: {reason}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
