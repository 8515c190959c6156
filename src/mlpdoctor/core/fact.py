"""How a fact is declared: a function whose return annotation is its type and whose parameters are what it needs."""

from collections.abc import Callable
from typing import Any, TypeVar

from mlpdoctor.core.fast_dataclass import dataclass

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
