"""Training histories made by hand, and what the rules on histories say of them without a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.history import Column, History, Note, Run
from mlpdoctor.core.report_model import Status
from mlpdoctor.diagnosis.diagnose import curve_checks, examine
from mlpdoctor.diagnosis.placeholder_model import placeholder_model
from mlpdoctor.diagnosis.rank import rank
from mlpdoctor.diagnosis.run_checks import run

Curve = npt.NDArray[np.float64]
CHECKS = curve_checks()


@dataclass(frozen=True)
class Told:
    """What the rules on histories found."""

    findings: tuple[Finding, ...]

    @property
    def codes(self) -> set[str]:
        """All codes."""
        return {finding.code for finding in self.findings}

    @property
    def alarms(self) -> list[str]:
        """Errors and warnings, in words."""
        return [f"{f.severity} {f.code}: {f.message}" for f in self.findings if f.severity is not Severity.NOTE]

    def of(self, code: str) -> Finding:
        """The one finding of a rule."""
        (found,) = (finding for finding in self.findings if finding.code == code)
        return found


def column(name: str, values: npt.ArrayLike, decimals: int | None = None, first: int = 1) -> Column:
    """A column as a log with so many decimals holds it; every digit without."""
    exact = np.asarray(values, dtype=np.float64)
    half = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    shown = exact if decimals is None else np.round(exact, decimals)
    return Column(name, np.arange(first, first + len(exact)), shown, np.full(len(exact), half), decimals)


def history(
    loss: npt.ArrayLike,
    validation: npt.ArrayLike | None = None,
    rates: npt.ArrayLike | None = None,
    *,
    decimals: int | None = None,
    planned: int | None = None,
    notes: Sequence[Note] = (),
    earlier: Sequence[Run] = (),
    first: int = 1,
    **others: npt.ArrayLike,
) -> History:
    """A history of one run, or of more."""
    given = {"loss": loss, "val_loss": validation, "learning_rate": rates, **others}
    places = {"learning_rate": None}
    columns = {
        name: column(name, values, places.get(name, decimals), first)
        for name, values in given.items()
        if values is not None
    }
    return History("log.csv", "made by hand", (*earlier, Run("", columns, planned=planned, notes=tuple(notes))))


def told(given: History) -> Told:
    """What the rules say of it, no model and no data at hand; none of them may crash."""
    network = placeholder_model(given.path, None, "mse")
    found, outcomes = run(CHECKS, examine(network, None, CHECKS, history=given))
    crashed = [f"{one.code}: {one.reason}" for one in outcomes if one.status is Status.CRASHED]
    assert not crashed, crashed
    return Told(rank(found, {one.rule.code: one.rule for one in CHECKS}))


def noise(seed: int, epochs: int, alike: float = 0.0) -> Curve:
    """Normal noise of spread 1, neighbours alike."""
    found: Curve = np.random.default_rng(seed).normal(size=epochs) * np.sqrt(1 - alike**2)
    for epoch in range(1, epochs):
        found[epoch] += alike * found[epoch - 1]
    return found


def csv_of(folder: Path, given: History) -> str:
    """The last run as CSVLogger writes it, epochs from 0."""
    columns = given.runs[-1].columns
    epochs = next(iter(columns.values())).epochs
    lines = [",".join(["epoch", *columns])]
    for place, epoch in enumerate(epochs):
        cells = [_cell(one.values[place], one.decimals) for one in columns.values()]
        lines.append(",".join([str(epoch - 1), *cells]))
    (path := folder / "history.csv").write_text("\n".join(lines) + "\n")
    return str(path)


def _cell(value: float, decimals: int | None) -> str:
    return repr(float(value)) if decimals is None or not np.isfinite(value) else f"{value:.{decimals}f}"
