"""``assert_trainable``: a test that fails with the report where a model cannot learn its data."""

from collections.abc import Callable, Iterator
from typing import Any

from mlpdoctor.api.check import check
from mlpdoctor.api.given import Names
from mlpdoctor.api.report import Finding, Report
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.text import count, short

LEVELS = ("error", "warning", "note")
"""Severities, the gravest first."""
LISTENERS: list[Callable[[Report], None]] = []
"""Told of every report that is made here, before the test fails: the plugin for pytest keeps them."""


def assert_trainable(
    model: Any,  # noqa: ANN401  Keras ships no types
    x: Any = None,  # noqa: ANN401  any library's
    y: Any = None,  # noqa: ANN401
    *,
    fail_on: str = "error",
    ignore: Names = (),
    **options: Any,  # noqa: ANN401
) -> Report:
    """Fail, with the report, where something keeps a model from learning its data.

    A model that was not trained yet is judged by its architecture, its first weights and its settings.

    Args:
        model: as `mlpdoctor.check` takes it.
        x: as `mlpdoctor.check` takes it; without data the architecture alone is judged.
        y: as `mlpdoctor.check` takes it.
        fail_on: ``"error"``, ``"warning"`` or ``"note"``: the mildest severity that fails.
        ignore: rules that may find what they like: codes, beginnings of codes, or names.
        **options: as `mlpdoctor.check` takes them: ``loss``, ``history``, ``preprocess``, ``quick``, ...

    Returns:
        The report, where nothing fails.

    Raises:
        AssertionError: a finding is at or above ``fail_on``, or a check crashed.
        InputError: the model or the data cannot be used.
    """
    __tracebackhide__ = True
    if fail_on not in LEVELS:
        raise UsageError(f"fail_on={fail_on!r}: expected {', '.join(map(repr, LEVELS[:-1]))} or {LEVELS[-1]!r}")
    report = check(model, x, y, ignore=ignore, **options)
    for listener in LISTENERS:
        listener(report)
    failing = LEVELS[: LEVELS.index(fail_on) + 1]
    found = [one for one in report.findings if one.severity in failing and one.suppressed is None]
    if found or (not report.ok and not report.errors):
        raise AssertionError("\n".join(_told(report, found)))
    return report


def _told(report: Report, found: list[Finding]) -> Iterator[str]:
    """Verdict, fix, ladder and what was found, for the terminal of a test run."""
    yield report.verdict
    if report.fix is not None:
        yield f"fix: {report.fix}"
    if report.ladder:
        yield f"loss ladder, {report.ladder.loss}:"
        width = max(len(rung.label) for rung in report.ladder.values())
        yield from (f"  {rung.label:{width}}  {short(rung.value)}" for rung in report.ladder.values())
    yield f"{count(len(found), 'finding')}:"
    yield from (f"  {one.severity} {one}" for one in found)
    crashed = [one for one in report.to_dict()["checks"] if one["outcome"] == "crashed"]
    yield from (f"  {one['code']} {one['name']} crashed: {one['reason']}" for one in crashed)
