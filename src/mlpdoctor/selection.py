"""Which rules are looked at: selected and ignored by the beginning of a code, by code, or by name."""

from collections.abc import Iterable, Sequence

from mlpdoctor.check import Rule
from mlpdoctor.errors import UsageError
from mlpdoctor.lean import dataclass
from mlpdoctor.near import meant

ALL = "ALL"
"""Selects every rule."""
NAMED = 100
"""A rule's own name is more specific than any beginning of its code."""


@dataclass(frozen=True)
class Choice:
    """What one place, a file or the command line, says about the rules.

    Attributes:
        select: only these; None leaves the choice of earlier places as it is.
        ignore: not these.
        extend_select: these too.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()


def chosen(rules: Iterable[Rule], choices: Sequence[Choice]) -> frozenset[str]:
    """The codes of the rules that are in force.

    A later choice beats an earlier one, and its ``select`` starts anew. Within one choice the more specific word beats
    the more general, so ``select A, ignore A101`` and ``ignore A, select A101`` both say what they seem to;
    ``ignore`` beats ``select`` where both are as specific.
    """
    return frozenset(rule.code for rule in rules if _in_force(rule, choices))


def _in_force(rule: Rule, choices: Sequence[Choice]) -> bool:
    on = True
    for choice in choices:
        wanted = (*(choice.select or ()), *choice.extend_select)
        chooses = max((specific(word, rule) for word in wanted), default=-1)
        ignores = max((specific(word, rule) for word in choice.ignore), default=-1)
        on = on and choice.select is None
        if chooses >= 0 or ignores >= 0:
            on = chooses > ignores
    return on


def specific(word: str, rule: Rule) -> int:
    """How closely a word names a rule: more for a longer beginning of its code, -1 when it means another."""
    if word.upper() == ALL:
        return 0
    if spelt(word) == rule.name or word.upper() == rule.code:
        return NAMED
    return len(word) if rule.code.startswith(word.upper()) else -1


def spelt(name: str) -> str:
    """A rule's name however it was written: ``Dead_ReLU`` is ``dead-relu``."""
    return name.lower().replace("_", "-")


def known(words: Iterable[str], rules: Sequence[Rule], where: str) -> None:
    """Stop at a word that names no rule.

    Args:
        words: codes, beginnings of codes, and names.
        rules: all there are.
        where: what the words were given to, for the message.

    Raises:
        UsageError: with the names that are near.
    """
    for word in words:
        if not word or all(specific(word, rule) < 0 for rule in rules):
            raise UsageError(f"{where}: there is no rule {word!r}{_hint(word, rules)}")


def find(name: str, rules: Sequence[Rule], where: str | None = None) -> Rule:
    """The one rule of that code or name.

    Raises:
        UsageError: there is none, with the names that are near.
    """
    for rule in rules:
        if specific(name, rule) == NAMED:
            return rule
    raise UsageError(f"{f'{where}: ' if where else ''}there is no rule {name!r}{_hint(name, rules)}")


def _hint(word: str, rules: Sequence[Rule]) -> str:
    names = [spelling for rule in rules for spelling in (rule.name, rule.code)]
    return meant(word, names, "'mlpdoctor rules' lists them all")
