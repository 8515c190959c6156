"""The numbers that decide: each is a keyword default of its check, and users may set another."""

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from mlpdoctor.check import Check, Rule
from mlpdoctor.errors import UsageError
from mlpdoctor.near import meant

Thresholds: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Values by the rule's code and the threshold's name."""
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def checked(rule: Rule, name: str, value: Any, where: str) -> Any:  # noqa: ANN401  what a file or an option holds
    """The value, once it is certain that the rule has such a threshold and that it is of the default's type and sign.

    Raises:
        UsageError: it has not, or it is not.
    """
    name = name.replace("-", "_")
    if name not in rule.thresholds:
        has = ", ".join(rule.thresholds)
        without = f"{rule.name} has no threshold {name!r}"
        raise UsageError(
            f"{where}: {without}{meant(name, rule.thresholds, f'it has {has}')}"
            if has
            else f"{where}: {without}, nor any other"
        )
    default = rule.thresholds[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wanted = (
        f"{where}: {rule.name}.{name}: expected {KINDS.get(type(default), type(default).__name__)} such as {default}"
    )
    if type(value) is not type(default) or (isinstance(value, float) and not math.isfinite(value)):
        raise UsageError(f"{wanted}, got {value!r}")
    if isinstance(value, int | float) and default >= 0 > value:
        raise UsageError(f"{wanted}, got {value!r}, which is below 0")
    return value


def with_thresholds(check: Check, values: Mapping[str, Any]) -> Check:
    """The same check with other numbers to decide by."""
    if not values:
        return check
    rule = dataclasses.replace(check.rule, thresholds={**check.rule.thresholds, **values})
    return Check(rule, functools.partial(check.function, **values))
