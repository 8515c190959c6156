"""What a check and a fact are, and what a rule says of itself to the others."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, Flag, IntEnum, auto
from typing import Any, TypeAlias, TypeVar

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Severity

CheckFunction: TypeAlias = Callable[..., Iterator[Evidence]]


class Stage(IntEnum):
    """Where in the making of a loss a fault lies, from the data on: what lies earlier brings about what lies later."""

    DATA = 0
    """The rows themselves."""
    CONTRACT = 1
    """Last activation, loss and labels, which have to fit."""
    ARCHITECTURE = 2
    """What the layers could compute."""
    START = 3
    """The weights, and what holds them."""
    STEP = 4
    """What one update does."""
    UNITS = 5
    """Single units and the gradient that reaches them."""
    FEATURES = 6
    """What the hidden layers make of the rows."""
    PACE = 7
    """How far training has come."""
    OUTCOME = 8
    """Where the loss stands."""
    CURVE = 9
    """What the log shows."""


class Part(Flag):
    """A part of training that one fault disturbs, and that another finding may be about."""

    NOTHING = 0
    SIZE = 1
    """The sizes of weights, gradients and steps."""
    UNITS = 2
    """What single units do, and the gradient that reaches them."""
    PACE = 4
    """How much an update gains."""
    LOSS = 8
    """Where the loss ends."""


EVERYTHING = ~Part.NOTHING
"""What a fault disturbs that changes the sizes in the whole network."""


class Role(Enum):
    """What the findings of a rule are to the others of a report."""

    CAUSE = auto()
    """A fault like any other."""
    SYMPTOM = auto()
    """They say what has become of the model, be it its loss or its features: all else is nearer to the cause."""
    BREAKDOWN = auto()
    """They say that the model computes nothing at all: that comes before why."""
    OTHER_FILE = auto()
    """They show the weights to be good on another version of the file: what else is wrong with this version, gaps
    among it, was not there in training, or the weights would be NaN. They lead, although they are estimated."""


ANY = "any"
"""What stands in ``worsens`` for all that the rule brings about."""


@dataclass(frozen=True)
class Rule:
    """What users know a check by.

    Attributes:
        code: ``U401``; never changes meaning.
        name: ``dead-relu``, the disease.
        severity: the gravest it gets.
        message: a template that the evidence fills.
        clears: what a pass excludes as a cause, or None.
        page: the docstring, which is the rule's page.
        thresholds: the numbers that decide, with their defaults.
        stage: where in the making of a loss the fault lies.
        about: the part of training that the rule says something about: a fault of an earlier stage that disturbs it
            may have brought this one about. Nothing for what only the rules in ``because`` bring about.
        disturbs: the parts of training that the fault disturbs.
        because: the rules that bring this one about as well, whatever their stage.
        role: what its findings are to the others.
        names: what a finding that is no note names as a cause, beside what the rule clears: no other rules that out.
        milder: for severities at which the fault disturbs less than ``disturbs``, what it disturbs then.
        worsens: the rules whose errors this one may bring about though it is a warning, and is an error then.
        unfinished: whether the share that it explains is what a short trial gained, and not what the rest would.
        untreatable: why no change of the model takes the fault away; None where there is a treatment. Of a rule that
            describes rather than explains there may be treatments all the same: those of its causes.
    """

    code: str
    name: str
    severity: Severity
    message: str
    clears: str | None
    page: str
    thresholds: Mapping[str, Any]
    stage: Stage
    about: Part = Part.NOTHING
    disturbs: Part = Part.NOTHING
    because: tuple[str, ...] = ()
    role: Role = Role.CAUSE
    names: tuple[str, ...] = ()
    milder: Mapping[Severity, Part] = dataclasses.field(default_factory=dict)
    worsens: tuple[str, ...] = ()
    unfinished: bool = False
    untreatable: str | None = None

    def brought_about_by(self, other: "Rule") -> bool:
        """Whether the other fault may have brought this one about, as far as the two rules are concerned."""
        return other.code in self.because or (other.stage < self.stage and bool(self.about & other.disturbs))

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.page.partition("\n")[0]


@dataclass(frozen=True)
class Check:
    """A rule and the function that looks for it."""

    rule: Rule
    function: CheckFunction


def check(
    code: str,
    severity: Severity,
    message: str,
    *,
    stage: Stage,
    about: Part = Part.NOTHING,
    disturbs: Part = Part.NOTHING,
    because: str = "",
    role: Role = Role.CAUSE,
    names: tuple[str, ...] = (),
    milder: Mapping[Severity, Part] | None = None,
    worsens: str = "",
    unfinished: bool = False,
    clears: str | None = None,
    untreatable: str | None = None,
) -> Callable[[CheckFunction], Check]:
    """Declare a check; its name is the function's, its page the docstring, its thresholds the keyword defaults.

    ``because`` and ``worsens`` are lists of codes, ``"U404 G606"``; ``Rule`` says what the others mean.
    """

    def declare(function: CheckFunction) -> Check:
        rule = Rule(
            code=code,
            name=function.__name__.replace("_", "-"),
            severity=severity,
            message=message,
            clears=clears,
            page=inspect.getdoc(function) or "",
            thresholds=dict(function.__kwdefaults__ or {}),
            stage=stage,
            about=about,
            disturbs=disturbs,
            because=tuple(because.split()),
            role=role,
            names=names,
            milder=milder or {},
            worsens=tuple(worsens.split()),
            unfinished=unfinished,
            untreatable=untreatable,
        )
        return Check(rule, function)

    return declare


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Absent:
    """What a fact returns instead of a value when there is none, with the reason for the reader.

    A check that asks for the fact is then not run. ``applicable`` is False where the question makes no sense for
    this network, rather than lacking an answer.
    """

    reason: str
    applicable: bool = True


@dataclass(frozen=True)
class Fact:
    """A function that derives a value of one type; computed at most once a diagnosis, and only if asked for.

    Attributes:
        dear: what it does, in words, where that can take as long as all the rest together; empty for most facts.
        of_data: whether the rows and the losses decide it whatever the network, so that models with the same share it.
    """

    function: Callable[..., Any]
    dear: str = ""
    of_data: bool = False


def fact(function: F) -> Fact:
    """Declare a fact."""
    return Fact(function)


def dear_fact(doing: str) -> Callable[[F], Fact]:
    """Declare a fact that a quick run goes without.

    Args:
        doing: what it does, as in "fitting the last layer again".
    """
    return lambda function: Fact(function, doing)


def of_data(one: Fact) -> Fact:
    """Declare that rows and losses decide a fact, whatever the network; it is given nothing that runs one."""
    return Fact(one.function, one.dear, of_data=True)
