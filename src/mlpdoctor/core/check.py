"""How a check is declared: a function whose parameters say what it needs, and a decorator that names the rule."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Evidence, Severity

CheckFunction: TypeAlias = Callable[..., Iterator[Evidence]]


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
    """

    code: str
    name: str
    severity: Severity
    message: str
    clears: str | None
    page: str
    thresholds: Mapping[str, Any]

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
    code: str, severity: Severity, message: str, *, clears: str | None = None
) -> Callable[[CheckFunction], Check]:
    """Declare a check; its name is the function's, its page the docstring, its thresholds the keyword defaults."""

    def declare(function: CheckFunction) -> Check:
        thresholds = dict(function.__kwdefaults__ or {})
        name = function.__name__.replace("_", "-")
        page = inspect.getdoc(function) or ""
        return Check(Rule(code, name, severity, message, clears, page, thresholds), function)

    return declare
