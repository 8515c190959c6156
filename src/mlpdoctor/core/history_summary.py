"""What a report says of a training history: where it was read, its curve in few points, its plateau."""

from collections.abc import Mapping

from mlpdoctor.core.fast_dataclass import dataclass


@dataclass(frozen=True)
class Trace:
    """A logged quantity, thinned out to be drawn.

    Attributes:
        name: as Keras logs it.
        epochs: of the points, ascending.
        values: at them; of a long run each is the median of several epochs. Never NaN or infinite.
    """

    name: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Reached:
    """A rung of the ladder that the plateau equals.

    Attributes:
        name: of the rung.
        label: in plain words.
        value: its loss.
        logged: what Keras logs on it, penalties included.
        exact: whether they are equal within scatter and printed digits, not merely near.
        digits: significant digits to which they agree.
        chance: share of the numbers between perfect answers and the topmost rung that are as near to some rung.
    """

    name: str
    label: str
    value: float
    logged: float
    exact: bool
    digits: int
    chance: float


@dataclass(frozen=True)
class Plateau:
    """Where the loss stops.

    Attributes:
        value: the level.
        low: lower end of what scatter and rounding leave open.
        high: upper end.
        source: ``curve``, ``reached`` or ``heading`` (of a curve that still falls), ``told`` or ``trials``.
        first: the epoch from which on it holds.
        last: the last epoch.
        rungs: of the ladder that it equals, the one to name first in front.
        perhaps: rungs that it is near, as too many numbers are by chance to say that it equals them.
        reason: why it was not compared with a ladder; None when it was.
    """

    value: float
    low: float
    high: float
    source: str
    first: int
    last: int
    rungs: tuple[Reached, ...] = ()
    perhaps: tuple[Reached, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class TrialRow:
    """One trial of a search: its name, its score, the rung of the ladder that it stops at, and what it chose."""

    name: str
    score: float
    rung: str | None
    hyperparameters: Mapping[str, str | float | bool]


@dataclass(frozen=True)
class Followed:
    """How the score of a search goes with a hyperparameter.

    Attributes:
        name: of the hyperparameter.
        correlation: Spearman's rank correlation; above 0 the score grows with it.
        low: lower end of its interval of 95 %.
        high: upper end.
        trials: how many it is of.
    """

    name: str
    correlation: float
    low: float
    high: float
    trials: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Search:
    """A search for hyperparameters.

    Attributes:
        objective: what the trials are scored by; None where that is not known.
        without: trials without a score, which failed or still run.
        rows: the trials, best first.
        follows: what the score goes with, the closest first.
    """

    objective: str | None
    without: int
    rows: tuple[TrialRow, ...]
    follows: tuple[Followed, ...]


@dataclass(frozen=True)
class HistorySummary:
    """A training history in a line, and its curve.

    Attributes:
        path: as it was given; several are separated by commas.
        format: the kind of log, for people.
        runs: trainings in it; the last is looked at.
        epochs: the last epoch of that run.
        planned: epochs that it was asked for; None where that is not known.
        columns: names of what it logged.
        decimals: digits after the point of its losses, where all have equally many.
        first: its first loss that is a number.
        last: its last loss, None where that is none.
        best: its lowest loss.
        best_epoch: when that was.
        broken_epoch: the first epoch whose loss is NaN or infinite.
        first_rate: its learning rate at the first epoch, where that was logged.
        last_rate: the same at the last.
        trials: trials of a search that have a loss.
        plateau: where the loss stops; None where it does not, or that cannot be told.
        no_plateau: why there is none.
        bad_lines: lines that could not be used.
        bad_examples: the first few, as ``line 7: what is wrong``.
        guesses: what was assumed.
        traces: its losses, to be drawn.
        search: the trials of a search, where there are any.
    """

    path: str
    format: str
    runs: int
    epochs: int
    planned: int | None
    columns: tuple[str, ...]
    decimals: int | None
    first: float | None
    last: float | None
    best: float | None
    best_epoch: int | None
    broken_epoch: int | None
    first_rate: float | None
    last_rate: float | None
    trials: int
    plateau: Plateau | None
    no_plateau: str | None
    bad_lines: int
    bad_examples: tuple[str, ...]
    guesses: tuple[str, ...]
    traces: tuple[Trace, ...]
    search: Search | None = None
