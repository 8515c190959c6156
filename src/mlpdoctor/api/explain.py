"""``mlpdoctor.explain``: the page of a rule."""

from functools import cached_property

from mlpdoctor.core.check import Rule


class Page:
    """The page of a rule: shows as text when printed, as Markdown in a notebook."""

    def __init__(self, rule: Rule) -> None:
        """Args: rule: whose page it is."""
        self._rule = rule

    @property
    def code(self) -> str:
        """The rule's code, ``A101``."""
        return self._rule.code

    @property
    def name(self) -> str:
        """The rule's name, ``missing-nonlinearity``."""
        return self._rule.name

    @cached_property
    def _text(self) -> str:
        from mlpdoctor.cli.output import as_text
        from mlpdoctor.report.rule_page import RulePage

        return as_text(RulePage(self._rule)).strip("\n")

    def __str__(self) -> str:
        """What ``mlpdoctor explain`` prints."""
        return self._text

    def __repr__(self) -> str:
        """The same, so that a Python prompt shows it."""
        return self._text

    def _repr_markdown_(self) -> str:
        from mlpdoctor.report.rule_page import as_markdown

        return as_markdown(self._rule)


def explain(rule: str) -> Page:
    """The page of a rule: what it means, why it matters, how to fix it, when it stays silent.

    Args:
        rule: its code, such as ``"A101"``, or its name, such as ``"dead-relu"``.

    Raises:
        InputError: there is no such rule; the message names those that are near.
    """
    from mlpdoctor.cli.selection import find
    from mlpdoctor.report.catalogue import rules

    return Page(find(rule, rules()))
