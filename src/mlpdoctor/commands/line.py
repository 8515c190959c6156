"""The line that a baseline draws between known findings and new ones, during one run."""

from collections.abc import Sequence
from pathlib import Path

from mlpdoctor.baseline import Baseline, read
from mlpdoctor.errors import UsageError
from mlpdoctor.finding import Finding, Report
from mlpdoctor.output import put, say


class Line:
    """What is known in this run; with ``--update-baseline`` that is all there is."""

    def __init__(self, path: str | None, baseline: Baseline, *, update: bool) -> None:
        """Hold the baseline that was read from ``path``."""
        self.path = path
        self.baseline = baseline
        self.update = update
        self._met: list[tuple[Finding, str]] = []

    @classmethod
    def of(cls, path: str | None, *, update: bool) -> "Line":
        """Read the baseline, where there is one.

        Raises:
            UsageError: it is missing or broken, or was not named.
        """
        if path is None and update:
            raise UsageError("--update-baseline: say which file: --baseline FILE, or baseline in the configuration")
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
                say(f"{self.path}: {entry} is no longer found; --update-baseline takes it out")
            return
        updated = self.baseline.updated(reports, self._met)
        put(updated.text(), Path(self.path), f"--baseline {self.path}")
        say(f"{self.path}: {len(updated.entries)} known, {len(stale)} gone")
