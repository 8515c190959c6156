"""The baseline: findings that were known before, so that only new ones are reported; and how one run uses it."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpdoctor.cli.output import say
from mlpdoctor.core.errors import UsageError, legible
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding, fingerprint, location
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.core.whole_file import patience, require_place, write_text

VERSION = 1


@dataclass(frozen=True)
class Known:
    """One known finding: its rule, layer and model, never its numbers.

    Attributes:
        model: path of the model file.
        rule: the code.
        layer: where it was seen; empty for the whole network.
        name: of the rule, for readers.
        fingerprint: by which it is known again.
        reason: why it is lived with, where somebody wrote it down; kept from one update to the next.
    """

    model: str
    rule: str
    layer: str
    name: str
    fingerprint: str
    reason: str = ""

    def __str__(self) -> str:
        """``A101 missing-nonlinearity in dense of model.keras``."""
        return f"{self.rule} {self.name}{f' in {self.layer}' if self.layer else ''} of {self.model}"


@dataclass(frozen=True)
class Baseline:
    """All known findings, by fingerprint."""

    entries: Mapping[str, Known]

    def why(self, finding: Finding, model: str, path: str) -> str | None:
        """Why this finding is not reported, or None when it is new."""
        entry = self.entries.get(fingerprint(finding, model))
        return None if entry is None else entry.reason or f"known, in {path}"

    def stale(self, reports: Iterable[Report]) -> tuple[Known, ...]:
        """The entries whose rule looked at their model again and no longer finds them."""
        seen, answered = _seen(reports)
        gone = [e for mark, e in self.entries.items() if mark not in seen and (e.model, e.rule) in answered]
        return tuple(sorted(gone, key=lambda entry: (entry.model, entry.rule, entry.layer)))

    def updated(self, reports: Sequence[Report], new: Iterable[tuple[Finding, str]]) -> "Baseline":
        """With the new findings, without the stale ones, and with the reasons that were written down.

        Args:
            reports: of this run; what it did not look at stays as it is.
            new: findings to be known from now on, each with the path of its model.
        """
        gone = {entry.fingerprint for entry in self.stale(reports)}
        entries = {mark: entry for mark, entry in self.entries.items() if mark not in gone}
        for finding, model in new:
            mark = fingerprint(finding, model)
            fresh = Known(location(model), finding.code, legible(finding.layer or ""), finding.name, mark)
            entries[mark] = dataclasses.replace(fresh, reason=entries[mark].reason) if mark in entries else fresh
        return Baseline(entries)

    def text(self) -> str:
        """As a file, sorted, so that two of them differ where their findings do."""
        findings = sorted((dataclasses.asdict(entry) for entry in self.entries.values()), key=lambda e: (*e.values(),))
        return json.dumps({"version": VERSION, "findings": findings}, indent=2, ensure_ascii=False) + "\n"


def _seen(reports: Iterable[Report]) -> tuple[set[str], set[tuple[str, str]]]:
    """Fingerprints of all findings, and which rules gave an answer about which models."""
    seen, answered = set(), set()
    for report in reports:
        seen |= {fingerprint(finding, report.path) for finding in report.findings}
        ran = [outcome.code for outcome in report.outcomes if outcome.status not in {Status.SKIPPED, Status.CRASHED}]
        answered |= {(location(report.path), code) for code in ran}
    return seen, answered


def read(path: str) -> Baseline:
    """The baseline in a file.

    Raises:
        UsageError: the file is missing or not one that ``--update-baseline`` wrote.
    """
    try:
        with patience(f"--baseline {path}: waiting; nobody writes to this named pipe yet"):
            content = Path(path).read_text(encoding="utf-8")
        entries = [_entry(item) for item in _list(json.loads(content))]
    except FileNotFoundError as fault:
        raise UsageError(f"--baseline {path}: no such file; write it with --update-baseline") from fault
    except OSError as fault:
        raise UsageError(f"--baseline {path}: cannot be read: {fault.strerror}") from fault
    except (ValueError, TypeError, KeyError) as fault:
        raise UsageError(
            f"--baseline {path}: is not a baseline ({type(fault).__name__}: {fault}); --update-baseline writes one"
        ) from fault
    return Baseline({entry.fingerprint: entry for entry in entries})


def _list(whole: Any) -> list[Any]:  # noqa: ANN401  JSON
    if not isinstance(whole, dict) or not isinstance(whole.get("findings"), list):
        raise TypeError("expected an object with findings")
    if whole.get("version") != VERSION:
        raise ValueError(f"expected version {VERSION}, got {whole.get('version')!r}")
    return list(whole["findings"])


def _entry(item: Any) -> Known:  # noqa: ANN401  JSON
    if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
        raise TypeError(f"expected an object of strings, got {item!r}")
    return Known(**item)


class BaselineSession:
    """What is known in this run; with ``--update-baseline`` that is all there is."""

    def __init__(self, path: str | None, baseline: Baseline, *, update: bool) -> None:
        """Hold the baseline that was read from ``path``."""
        self.path = path
        self.baseline = baseline
        self.update = update
        self._met: list[tuple[Finding, str]] = []

    @classmethod
    def of(cls, path: str | None, *, update: bool) -> "BaselineSession":
        """Read the baseline, where there is one.

        Raises:
            UsageError: it is missing or broken, or was not named.
        """
        if path is None and update:
            raise UsageError("--update-baseline: say which file: --baseline FILE, or baseline in the configuration")
        if path is not None and update:
            require_place(Path(path), f"--baseline {path}")
        none = path is None or (update and not Path(path).exists())
        return cls(path, Baseline({}) if none or path is None else read(path), update=update)

    def why(self, finding: Finding, model: str) -> str | None:
        """Why a finding is known, or None when it is new."""
        if self.path is None:
            return None
        self._met.append((finding, model))
        known = self.baseline.why(finding, model, self.path)
        return f"known, in {self.path}" if known is None and self.update else known

    def close(self, reports: Sequence[Report]) -> None:
        """Write the new baseline, or say which entries of the old one are stale."""
        if self.path is None:
            return
        stale = self.baseline.stale(reports)
        if not self.update:
            for entry in stale:
                say(f"{self.path}: {entry} is no longer found; --update-baseline removes it")
            return
        updated = self.baseline.updated(reports, self._met)
        write_text(updated.text(), Path(self.path), f"--baseline {self.path}")
        say(f"{self.path}: {len(updated.entries)} known, {len(stale)} gone")
