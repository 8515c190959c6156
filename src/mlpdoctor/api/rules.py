"""Which rules run: ``select=`` and ``ignore=``, as on the command line."""

from collections.abc import Sequence

from mlpdoctor.api.given import Names, names
from mlpdoctor.core.check import Check
from mlpdoctor.core.errors import UsageError


def checks_of(select: Names | None, ignore: Names | None) -> Sequence[Check] | None:
    """The checks that are left; None for all there are.

    Raises:
        InputError: a word names no rule, or none is left.
    """
    if select is None and not ignore:
        return None
    from mlpdoctor.cli.selection import Choice, chosen, known
    from mlpdoctor.diagnosis.diagnose import all_checks

    checks = all_checks()
    rules = [one.rule for one in checks]
    choice = Choice(names(select), names(ignore) or ())
    known(choice.select or (), rules, "select")
    known(choice.ignore, rules, "ignore")
    codes = chosen(rules, [choice])
    if not codes:
        raise UsageError("no rule is left: select and ignore take them all away")
    return [one for one in checks if one.rule.code in codes]
