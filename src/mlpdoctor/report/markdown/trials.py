"""What ``treat`` found, as Markdown: a table of trials, and the change in code."""

from collections.abc import Iterator

from mlpdoctor.core.trial_result import Trial, TrialResult
from mlpdoctor.report import trial_phrases as words
from mlpdoctor.report.markdown.text import block, escape, table


def render(result: TrialResult) -> str:
    """Markdown text that ends in a newline."""
    return "\n\n".join(_parts(result)) + "\n"


def _parts(result: TrialResult) -> Iterator[str]:
    report = result.report
    yield f"## {escape(report.path)}, treated"
    yield f"**{escape(result.verdict)}**"
    (kind, _, model), *others = words.sources(result)
    yield table(("", ""), [(kind, escape(model)), *((escape(path), escape(told)) for _, path, told in others)])
    yield f"{escape(f'{result.judged_by}: {words.control(result)}. {words.protocol(result.protocol)}.')}"
    trials = words.shown(result)
    if trials:
        heads = ("trial", "verdict", "measured by", "before", "control", "treated", "gained", "")
        yield table(heads, [_row(trial, result) for trial in trials], right=(3, 4, 5, 6))
    for number, trial in enumerate(trials, start=1):
        if trial.diff:
            yield f"### {number}. {escape(trial.text)}"
            yield block("\n".join(f"{sign} {line}" for sign, line in trial.diff), "diff")
    if result.memory is not None:
        yield f"**By heart:** {escape(words.memory(result.memory))}"
    told = words.untried(result)
    if told:
        yield "\n".join(f"* untried: {escape(line)}" for line in told)
    if result.interrupted:
        yield "**Interrupted:** this is what was known by then."


def _row(trial: Trial, result: TrialResult) -> tuple[str, ...]:
    mark = "**" if trial == result.best else ""
    return (
        f"{mark}{escape(words.names(trial))}{mark}{words.answers(trial)}",
        trial.verdict.value,
        escape(trial.judged_by),
        words.number(trial.before),
        words.control_of(trial),
        words.group(trial.treated),
        words.gained(trial),
        escape(words.told(trial)),
    )
