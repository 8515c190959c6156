"""The report as a Python user holds it: its parts by name, and all formats of the command line."""

import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpdoctor.api.html import as_html
from mlpdoctor.api.library_words import in_python
from mlpdoctor.core import finding as core
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.core.report_model import MODEL, Status, changed_parts
from mlpdoctor.core.report_model import Report as Diagnosis
from mlpdoctor.readers.models.live_keras import IN_MEMORY
from mlpdoctor.report.html.extra import installed

OF_KERAS_2 = IN_MEMORY.format(2)
"""A model that ``treat`` cannot copy and train, although its file could be treated."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: of its rule, ``A101``; ``mlpdoctor.explain(code)`` is its page.
        name: of its rule, ``missing-nonlinearity``.
        severity: ``error``, ``warning`` or ``note``.
        certainty: ``proved``, ``tried``, ``measured`` or ``estimated``.
        message: what was seen.
        why: why it keeps the loss up.
        layer: where it was seen; None where it is about the whole.
        remedy: what to do, in words; None where there is nothing to do.
        fix: the line of code to write, else the remedy in words; None where there is nothing to do.
        evidence: the numbers that were measured, by name.
        explains: share of the loss that could be removed and that this alone keeps; None when unknown.
        because_of: code of the finding that this one follows from; None for a cause.
        suppressed: why it is kept out of the verdict; None for all others.
    """

    code: str
    name: str
    severity: str
    certainty: str
    message: str
    why: str
    layer: str | None
    remedy: str | None
    fix: str | None
    evidence: Mapping[str, Any]
    explains: float | None
    because_of: str | None
    suppressed: str | None

    def __str__(self) -> str:
        """Code, name and what was seen."""
        return f"{self.code} {self.name}: {self.message}"


class LossLadder(Mapping[str, Rung]):
    """What the loss could be: rungs by name, from the top down; empty where there is no ladder.

    Names are ``constant``, ``affine``, ``model``, ``readout``, ``architecture``, ``noise`` and ``data``; a rung has a
    ``value``, a proved ``lower`` end, a ``certainty`` and a ``witness``.
    """

    def __init__(self, ladder: Ladder | None, reason: str | None) -> None:
        """Args: ladder: None for none; reason: why there is none."""
        reason = None if reason is None else in_python(reason)
        self._rungs = {} if ladder is None else {rung.name: rung for rung in ladder.rungs}
        self.loss = None if ladder is None else ladder.loss
        self.standing = None if ladder is None else ladder.standing
        self.reason = reason

    def __getitem__(self, name: str) -> Rung:
        """The rung of that name.

        Raises:
            KeyError: there is none; the message names those that there are.
        """
        if name not in self._rungs:
            raise KeyError(f"{name}: the rungs here are {', '.join(self._rungs)}" if self._rungs else self.reason)
        return self._rungs[name]

    def __iter__(self) -> Iterator[str]:
        """Their names, from the top down."""
        return iter(self._rungs)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rungs)

    def __repr__(self) -> str:
        """Name and loss of each."""
        rungs = ", ".join(f"{name}={rung.value:.4g}" for name, rung in self._rungs.items())
        return f"LossLadder({self.loss}: {rungs})" if self._rungs else f"LossLadder({self.reason})"


class Report:
    """What a diagnosis comes to: shows as HTML in a notebook, and as the terminal's text when printed."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        """Args: diagnosis: as the command line has it."""
        self._diagnosis = diagnosis

    @property
    def verdict(self) -> str:
        """The answer in a sentence or two."""
        return in_python(self._diagnosis.verdict)

    @property
    def ok(self) -> bool:
        """Whether no error was found and no check crashed: where the command line would exit with 0."""
        return not self.errors and all(one.status is not Status.CRASHED for one in self._diagnosis.outcomes)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the one to fix first on top."""
        return tuple(_finding(one) for one in self._diagnosis.findings)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that training cannot get over."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that are likely to cost loss or time."""
        return self._of("warning")

    @cached_property
    def ladder(self) -> LossLadder:
        """What the loss could be, rung by rung: ``report.ladder["affine"].value``."""
        return LossLadder(self._diagnosis.ladder, self._diagnosis.no_ladder)

    @property
    def ruled_out(self) -> tuple[str, ...]:
        """What is not the cause, so that there is no need to try it."""
        return tuple(suspect.what for suspect in self._diagnosis.ruled_out)

    @property
    def fix(self) -> str | None:
        """The line to change first; None where nothing needs to be changed."""
        from mlpdoctor.report.phrases import do

        return _line(do(self._diagnosis))

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command line as Python values; the format is ``mlpdoctor schema``."""
        whole: dict[str, Any] = json.loads(self.to_json())
        return whole

    def to_json(self) -> str:
        """The JSON of the command line, as text."""
        return _written("json", self._diagnosis)

    def save(self, path: Any) -> None:  # noqa: ANN401  whatever a path may be
        """Write the report in the format that the suffix names, as ``--output`` of the command line does.

        Args:
            path: ends in ``.html``, ``.json``, ``.md``, ``.sarif``, ``.xml``, ``.txt`` or another suffix of
                ``--output``.

        Raises:
            InputError: nothing is written with that suffix, or the file cannot be written.
        """
        from mlpdoctor.core.whole_file import write_text

        write_text(_written(form_named(path), self._diagnosis), Path(path), f"save {path}")

    def __str__(self) -> str:
        """What the terminal shows, without colours."""
        text = in_python(_written("terminal", self._diagnosis).strip("\n"))
        data = self._diagnosis.data
        if self._diagnosis.path != MODEL or data is None:
            return text
        # What is in memory has no path to give to a command, so the command is told as a call.
        asked = self._diagnosis.asked
        command = f"mlpdoctor treat {shlex.join([MODEL, data.path, *asked])}"
        if self._diagnosis.model is not None and self._diagnosis.model.format == OF_KERAS_2:
            return "\n".join(line for line in text.splitlines() if command not in line)
        pairs = zip(asked[::2], asked[1::2], strict=True)
        options = "".join(f", {name.removeprefix('--').replace('-', '_')}={value!r}" for name, value in pairs)
        return text.replace(command, f"mlpdoctor.treat({MODEL}, {data.path}{options})")

    def __repr__(self) -> str:
        """The same, so that a Python prompt shows it."""
        return str(self)

    def _repr_html_(self) -> str:
        """A notebook shows this: verdict, fix, figures and findings, and needs nothing from outside for it.

        Without the extra ``html`` the figures are left out.
        """
        if not installed():
            return in_python(as_html(self._diagnosis))
        from mlpdoctor.report.html.page import piece

        return piece(changed_parts(self._diagnosis, in_python))

    def _of(self, severity: str) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == severity and one.suppressed is None)


def form_named(path: Any) -> str:  # noqa: ANN401  whatever a path may be
    """The format that the suffix of a file names.

    Raises:
        InputError: it names none.
    """
    from mlpdoctor.cli.output import form_of

    file = Path(path)
    if not file.suffix:
        raise UsageError(f"save {file}: the suffix tells the format; end it in .html, .json, .md or .txt")
    return form_of(str(file), "terminal", "save")


def _written(form: str, diagnosis: Diagnosis) -> str:
    from mlpdoctor.cli.output import written

    return written(form, (diagnosis,))


def _finding(found: core.Finding) -> Finding:
    evidence = found.evidence
    return Finding(
        code=found.code,
        name=found.name,
        severity=found.severity.value,
        certainty=evidence.certainty.value,
        message=found.message,
        why=evidence.why,
        layer=next(iter(found.layers), None),
        remedy=None if evidence.remedy is None else evidence.remedy.text,
        fix=_line(evidence.remedy),
        evidence=evidence.numbers,
        explains=evidence.explains,
        because_of=found.because_of,
        suppressed=found.suppressed,
    )


def _line(remedy: core.Remedy | None) -> str | None:
    """The line of code to write, else what to do in words."""
    return None if remedy is None else remedy.code or remedy.text
