"""What the trials of a search for hyperparameters reached, and whether they all stop at one value."""

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import LOSS, History, Trial

FEWEST = 3
"""Two trials at one value are chance; three with different settings begin to tell."""
ALIKE = 0.02
"""Scores this close to each other, relative to their median, are one value: what a rung of the ladder leaves, too."""


@dataclass(frozen=True, eq=False)
class TrialScores:
    """The losses that the trials of a search reached.

    Attributes:
        objective: the metric, ``loss`` or ``val_loss``.
        scores: the loss of each trial that has one.
        varied: names of the hyperparameters that were not the same in all of them.
        middle: the median score.
        spread: the largest distance from it.
        best: the lowest score.
    """

    objective: str
    scores: tuple[float, ...]
    varied: tuple[str, ...]
    middle: float
    spread: float
    best: float

    @property
    def alike(self) -> bool:
        """Whether all trials stop at the same value, whatever was varied."""
        return len(self.scores) >= FEWEST and bool(self.varied) and self.spread <= ALIKE * abs(self.middle)


@fact
def trial_scores(history: History) -> TrialScores | Absent:
    """Put the losses of all trials side by side."""
    for objective in (LOSS, f"val_{LOSS}"):
        found = [(trial, score) for trial in history.trials if (score := _score(trial, objective)) is not None]
        if found:
            scores = np.array([score for _, score in found])
            middle = float(np.median(scores))
            spread = float(np.abs(scores - middle).max())
            varied = _varied([trial for trial, _ in found])
            return TrialScores(objective, tuple(scores.tolist()), varied, middle, spread, float(scores.min()))
    return Absent("the history holds no trials with a loss", applicable=False)


def _score(trial: Trial, objective: str) -> float | None:
    value = trial.metrics.get(objective)
    if value is None and trial.objective == objective:
        value = trial.score
    return value if value is not None and np.isfinite(value) else None


def _varied(trials: list[Trial]) -> tuple[str, ...]:
    names = dict.fromkeys(name for trial in trials for name in trial.hyperparameters)
    return tuple(name for name in names if len({trial.hyperparameters.get(name) for trial in trials}) > 1)
