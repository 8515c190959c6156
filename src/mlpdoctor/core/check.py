"""Finds what is declared in a folder: dropping a file into it is all there is to adding a check, a fact or a loss."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from enum import Flag, IntEnum
from functools import cache
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Severity

T = TypeVar("T")


@cache
def modules(package: ModuleType) -> tuple[ModuleType, ...]:
    """All modules below a package, imported, in alphabetical order of their paths."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return tuple(importlib.import_module(info.name) for info in sorted(found, key=lambda info: info.name))


def declared(package: ModuleType, kind: type[T]) -> tuple[T, ...]:
    """All objects of a type at the top of a package's modules, each once."""
    found = {id(value): value for m in modules(package) for value in vars(m).values() if isinstance(value, kind)}
    return tuple(found.values())


def subclasses(package: ModuleType, base: type[T]) -> tuple[type[T], ...]:
    """All concrete subclasses of a class that a package's modules define."""
    return tuple(
        value
        for module in modules(package)
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, base)
        and not inspect.isabstract(value)
        and value.__module__ == module.__name__
    )


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
    clears: str | None = None,
    untreatable: str | None = None,
) -> Callable[[CheckFunction], Check]:
    """Declare a check; its name is the function's, its page the docstring, its thresholds the keyword defaults.

    ``because`` is a list of codes, ``"U404 G606"``; ``Rule`` says what the others mean.
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
    """

    function: Callable[..., Any]
    dear: str = ""


def fact(function: F) -> Fact:
    """Declare a fact."""
    return Fact(function)


def dear_fact(doing: str) -> Callable[[F], Fact]:
    """Declare a fact that a quick run goes without.

    Args:
        doing: what it does, as in "fitting the last layer anew".
    """
    return lambda function: Fact(function, doing)
