"""Where the results of ``check`` go, looked at before the work begins."""

import gc
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpdoctor.cli.config.keys import SEVERITIES
from mlpdoctor.cli.output import SUMMARY, ProgressCallback, form_of, say
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.whole_file import Named, require_place

if TYPE_CHECKING:
    from mlpdoctor.cli.config.file import Configuration
    from mlpdoctor.cli.config.settings import Placed, Rules, Section


def destinations(files: Sequence[str], form: str, baseline: str | None, *, update: bool) -> list[Named]:
    """Every file that a run is going to write, each with what names it.

    Args:
        files: of ``--output``.
        form: of ``--format``.
        baseline: of ``--baseline``.
        update: whether that one is written.

    Raises:
        UsageError: a file's format is unknown, or it cannot be written.
    """
    found = [(f"--output {file}", file) for file in files]
    for option, file in found:
        form_of(file, form)
        require_place(Path(file), option)
    if baseline is not None and update:
        found.append((f"--baseline {baseline}", baseline))
    summary = os.environ.get(SUMMARY)
    if form == "github" and summary:
        found.append((f"{SUMMARY}={summary}", summary))
    return found


if TYPE_CHECKING:
    from mlpdoctor.cli.config.file import Configuration
    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.check import Check
    from mlpdoctor.core.network import ArrayOptions
    from mlpdoctor.core.report_model import Report
    from mlpdoctor.core.threads import RowsRead
    from mlpdoctor.core.whole_file import Named
    from mlpdoctor.diagnosis.question import Question


FAILED = 2
"""Exit status of a command that could not do what it was asked to."""


def loaded() -> None:
    """Have garbage collected from here on, which ``__main__`` has put off; what stays for good is left out of it."""
    gc.freeze()
    gc.enable()


def require_folder() -> None:
    """Stop where the working directory is gone: every path that is given or shown starts there.

    Raises:
        UsageError: it has been deleted.
    """
    try:
        Path.cwd()
    except OSError as fault:
        raise UsageError("the working directory has been deleted; change to one that exists") from fault


@dataclass(frozen=True)
class Code:
    """Files of the user's own that are run because the command line names them; no configuration file can.

    Attributes:
        custom_objects: the model's own layers; None for none.
        preprocess: what features go through first, as ``FILE:NAME``; None for nothing.
    """

    custom_objects: str | None = None
    preprocess: str | None = None

    def announce(self) -> None:
        """Say what is run."""
        if self.custom_objects is not None:
            say(f"--custom-objects: runs the Python code in {self.custom_objects} for models that need it")
        if self.preprocess is not None:
            say(f"--preprocess: runs the Python code in {self.preprocess.rpartition(':')[0]} on the features")


def question_of(
    job: "Job", code: Code, arrays: "ArrayOptions | None" = None, architecture: str | None = None
) -> "Question":
    """What is asked of one model, as the settings say."""
    from mlpdoctor.diagnosis.question import Question

    value = job.settings.value
    return Question(
        job.model,
        value("data"),
        value("target"),
        value("features"),
        value("drop"),
        value("loss"),
        value("sample-weight"),
        value("max-bytes"),
        value("seed"),
        value("engine"),
        code.custom_objects,
        value("history"),
        value("plateau"),
        value("quick"),
        code.preprocess,
        arrays,
        architecture,
        validation=value("validation"),
        split=value("split"),
    )


def apart(
    outputs: "Sequence[Named]",
    questions: "Iterable[Question]",
    configuration: "Configuration | None" = None,
    *more: "Named",
) -> None:
    """Stop, before anything of it is read, where an output would take the place of an input or of another output.

    Args:
        outputs: what is to be written, each with the option that names it.
        questions: what is asked, of one model each.
        configuration: which is read as well, where the command has one.
        more: other files that are read.

    Raises:
        UsageError: one would.
    """
    from mlpdoctor.core.whole_file import keep_apart
    from mlpdoctor.diagnosis.question import files_read

    read = [*more, *(pair for question in questions for pair in files_read(question))]
    if configuration is not None and configuration.path is not None:
        read.append(("the configuration", configuration.path))
    keep_apart(outputs, dict.fromkeys(read))


def in_force(job: "Job", checks: "Sequence[Check]") -> "list[Check]":
    """The checks that the settings leave, with their thresholds.

    Raises:
        UsageError: they leave none.
    """
    from mlpdoctor.cli.selection import with_thresholds

    codes = job.settings.codes([one.rule for one in checks])
    if not codes:
        raise UsageError(f"{job.model}: no rule is left: --select and --ignore take them all away")
    numbers = {
        code: {name: placed.value for name, placed in values.items()}
        for code, values in job.settings.thresholds.items()
    }
    return [with_thresholds(one, numbers.get(one.rule.code, {})) for one in checks if one.rule.code in codes]


def fails(report: "Report", fail_on: str) -> bool:
    """Whether a finding that is to be reported is at or above that severity."""
    if fail_on == "never":
        return False
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(finding.severity in failing and finding.suppressed is None for finding in report.findings)


def rows_read(notify: ProgressCallback | None, place: str = "") -> "RowsRead | None":
    """Tells a person how many rows have been read, while one is looking."""
    if notify is None:
        return None

    def read(rows: int, about: int | None) -> None:
        notify(f"{place}{rows:,} rows read", min(rows / about, 1.0) if about else None)

    return read


def understood(given: dict[str, Any], rules: "Rules") -> "tuple[Configuration, Section]":
    """The configuration that holds, and what the command line says on top of it.

    Args:
        given: the values of the options above, by their names.
        rules: to check names of rules and thresholds by.

    Raises:
        UsageError: something names what does not exist.
    """
    from mlpdoctor.cli.config.file import find
    from mlpdoctor.cli.config.keys import KEYS
    from mlpdoctor.cli.config.settings import COMMAND_LINE, Placed, Section
    from mlpdoctor.cli.selection import known

    require_folder()
    if given["config_file"] is not None and given["isolated"]:
        raise UsageError("--config and --no-config: give one of them")
    values = {name: given.get(name.replace("-", "_")) for name in KEYS}
    placed = {name: Placed(value, COMMAND_LINE) for name, value in values.items() if value is not None}
    for name, given_here in placed.items():
        if KEYS[name].rules:
            known(given_here.value, rules(), f"--{name}")
    line = Section(placed, _thresholds(given["thresholds"], rules) if given["thresholds"] else {})
    return find(given["config_file"], rules, isolated=given["isolated"]), line


def _thresholds(words: Iterable[str], rules: "Rules") -> "dict[str, dict[str, Placed]]":
    from mlpdoctor.cli.config.settings import COMMAND_LINE, Placed
    from mlpdoctor.cli.selection import checked
    from mlpdoctor.cli.selection import find as find_rule

    found: dict[str, dict[str, Placed]] = {}
    for word in words:
        where = f"--set {word}"
        place, equals, written = word.partition("=")
        name, dot, threshold = place.strip().partition(".")
        if not (equals and dot):
            raise UsageError(f"{where}: expected RULE.NAME=VALUE, such as dead-relu.tolerated=0.2")
        rule = find_rule(name, rules(), where)
        value = checked(rule, threshold.strip(), _value(written.strip()), where)
        found.setdefault(rule.code, {})[threshold.strip().replace("-", "_")] = Placed(value, COMMAND_LINE)
    return found


def _value(written: str) -> Any:  # noqa: ANN401  as TOML
    import tomllib

    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written
