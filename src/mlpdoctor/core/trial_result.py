"""What trials come to, as data: each change with its runs and its verdict, and all of them in one result."""

import statistics
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Number
from mlpdoctor.core.report_model import Report


class Verdict(StrEnum):
    """What a trial says about a cause."""

    CONFIRMED = "confirmed"
    """The change made the loss clearly better in every run."""
    REFUTED = "refuted"
    """It made nothing better in any run."""
    UNDECIDED = "undecided"
    """Neither, or there was no time."""


@dataclass(frozen=True)
class RunGroup:
    """One side of a trial: the loss after training, one number a seed.

    Attributes:
        losses: after each run.
        curves: of each run the updates made and the loss then, at its start and a few looks on its way; empty where
            the runs are judged by something else than the loss they were looked at by.
    """

    losses: tuple[float, ...]
    curves: tuple[tuple[tuple[int, float], ...], ...] = ()

    def first(self, many: int) -> "RunGroup":
        """So many of the runs."""
        return RunGroup(self.losses[:many], self.curves[:many])

    @property
    def median(self) -> float:
        """The middle one; a run that broke counts as the worst."""
        return float(statistics.median(loss if loss == loss else float("inf") for loss in self.losses))  # noqa: PLR0124

    @property
    def low(self) -> float:
        """The best run."""
        return min(loss if loss == loss else float("inf") for loss in self.losses)  # noqa: PLR0124

    @property
    def high(self) -> float:
        """The worst run."""
        return max(loss if loss == loss else float("inf") for loss in self.losses)  # noqa: PLR0124


@dataclass(frozen=True)
class Trial:
    """One change, or several at once, tried against the same training without it.

    Attributes:
        names: of the treatments in it, ``restore-activation``; one, or all of a combination.
        answers: codes of the findings whose cause it takes away.
        text: what is changed, in a phrase.
        code: the lines of code with which a user changes it.
        diff: the change as lines of Keras code: each a sign, ``-`` or ``+`` or a blank, and the line.
        edits: the change as plain values.
        judged_by: what the numbers are: the loss in words, or another measure where the loss itself is changed.
        before: of the saved model; None where it has no such number.
        control: trained on without the change.
        treated: trained on with it, on the same batches.
        rung: where on the ladder the treated model stands, in words; None where it cannot be said.
        gained: the median share of what there was to gain over the control; None where nothing was to be gained.
        verdict: what it says.
        reason: why, in a sentence.
        updates: made by each run.
        drawn_anew: whether the control's weights were re-initialised too, because the change cannot do without that.
    """

    names: tuple[str, ...]
    answers: tuple[str, ...]
    text: str
    code: tuple[str, ...]
    diff: tuple[tuple[str, str], ...]
    edits: tuple[Mapping[str, Number], ...]
    judged_by: str
    before: float | None
    control: RunGroup
    treated: RunGroup
    rung: str | None
    gained: float | None
    verdict: Verdict
    reason: str
    updates: int
    drawn_anew: bool = False


@dataclass(frozen=True)
class Memory:
    """Whether the network, freshly compiled, can learn a few rows by heart.

    Attributes:
        rows: how many.
        constant: loss of the best constant on them.
        reached: loss after training.
        learned: whether that is next to nothing.
    """

    rows: int
    constant: float
    reached: float
    learned: bool


@dataclass(frozen=True)
class Protocol:
    """How all runs were made.

    Attributes:
        seeds: runs of each side.
        updates: of each run.
        batch: rows of an update.
        rows: trained and judged on.
        of: usable rows in the data.
        backend: of Keras.
        cut: whether they were stopped by the clock, before the budget was used up: on a machine far too busy for it.
    """

    seeds: int
    updates: int
    batch: int
    rows: int
    of: int
    backend: str
    cut: bool = False

    @property
    def stopped(self) -> str:
        """What stopped them early, in words; empty where nothing did."""
        return "stopped by the clock, for this machine is too busy: another run may show more" if self.cut else ""

    @property
    def epochs(self) -> float:
        """Of each run."""
        return self.updates * self.batch / self.rows


@dataclass(frozen=True)
class TrialResult:
    """The whole of ``treat``.

    Attributes:
        report: the diagnosis, with what the trials say of its findings.
        protocol: how the runs were made.
        judged_by: the loss in words.
        before: of the saved model.
        control: trained on with nothing changed.
        trials: of single changes, in the order tried.
        combinations: of several at once, each adding to the last that gained.
        best: the trial to follow; None when none was confirmed.
        fresh: the same network from new weights and a fresh Adam; None where it was not tried.
        memory: learning a few rows by heart; None where it was not tried.
        train_on: whether training on, with nothing changed, already brings a clear gain.
        nothing_to_gain: whether the saved model is as low as these data allow.
        untried: findings and treatments that could not be tried, and why.
        verdict: what it comes to, in a sentence or two.
        interrupted: whether it was stopped before its end.
        written: the file of the cured model.
        seconds: by part.
    """

    report: Report
    protocol: Protocol
    judged_by: str
    before: float
    control: RunGroup
    trials: tuple[Trial, ...]
    combinations: tuple[Trial, ...] = ()
    best: Trial | None = None
    fresh: Trial | None = None
    memory: Memory | None = None
    train_on: bool = False
    nothing_to_gain: bool = False
    untried: tuple[tuple[str, str], ...] = ()
    verdict: str = ""
    interrupted: bool = False
    written: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def cured(self) -> bool:
        """Whether something was confirmed."""
        return self.best is not None or self.train_on
