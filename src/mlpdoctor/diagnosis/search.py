"""A search for hyperparameters as a table: trials by score, the rung each stops at, and what the score follows."""

import math
from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.history import Trial
from mlpdoctor.core.history_summary import Followed, Search, TrialRow
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder
from mlpdoctor.core.network import Array

MOST_TRIALS = 200
"""Trials that are kept, the best; a report is read by people."""
FEWEST = 5
"""Trials from which a rank correlation is worked out: with four its interval reaches from -1 to 1."""
RUNGS = ("constant", "affine", "noise", "data")
"""Of a ladder without a model: what any network on these data may stop at."""
QUANTILE = 1.959964
"""Of the normal distribution, for an interval of 95 %."""
SPEARMAN = 1.06
"""Variance of Fisher's z of a rank correlation, times the number of trials less three: Fieller et al. 1957."""


def search_of(trials: Sequence[Trial], ladder: Ladder | None) -> Search | None:
    """The table; None where no trial has a score.

    Args:
        trials: in any order.
        ladder: of the data, where there are any.
    """
    scored = [(trial.score, trial) for trial in trials if trial.score is not None and math.isfinite(trial.score)]
    if not scored:
        return None
    objective = next((trial.objective for _, trial in scored if trial.objective), None)
    upwards = objective is not None and any(word in objective for word in ("acc", "auc", "precision", "recall", "f1"))
    scored.sort(key=lambda pair: -pair[0] if upwards else pair[0])
    rows = tuple(
        TrialRow(trial.name, score, _rung(score, objective, ladder), dict(trial.hyperparameters))
        for score, trial in scored[:MOST_TRIALS]
    )
    return Search(objective, len(trials) - len(scored), rows, _follows(scored))


def _rung(score: float, objective: str | None, ladder: Ladder | None) -> str | None:
    if ladder is None or objective not in {None, "loss", "val_loss"}:
        return None
    near = [
        (abs(score - rung.value), rung.name)
        for rung in ladder.rungs
        if rung.name in RUNGS and rung.value > 0 and abs(score - rung.value) <= ON_A_RUNG * rung.value
    ]
    return min(near)[1] if near else None


def _follows(scored: Sequence[tuple[float, Trial]]) -> tuple[Followed, ...]:
    """The rank correlation of the score with each hyperparameter that is a number and was varied, strongest first."""
    if len(scored) < FEWEST:
        return ()
    names = dict.fromkeys(name for _, trial in scored for name in trial.hyperparameters)
    found = []
    for name in names:
        pairs = [(score, trial.hyperparameters.get(name)) for score, trial in scored]
        numbers = [(score, float(value)) for score, value in pairs if isinstance(value, int | float)]
        if len(numbers) >= FEWEST and len({value for _, value in numbers}) > 1:
            scores, values = np.array(numbers).T
            found.append(_correlation(name, scores, values))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: -abs(one.correlation)))


def _correlation(name: str, scores: Array, values: Array) -> Followed | None:
    """Spearman's, with the interval of 95 % by Fisher's transformation."""
    one, other = _ranks(scores), _ranks(values)
    if not one.std() or not other.std():
        return None
    rho = float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0))
    error = QUANTILE * math.sqrt(SPEARMAN / (len(scores) - 3))
    z = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
    return Followed(name, rho, math.tanh(z - error), math.tanh(z + error), len(scores))


def _ranks(values: Array) -> Array:
    """Ranks from 0 on; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[places])
