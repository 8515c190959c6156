"""Whether there is anything nonlinear to learn: a quick fit of another kind, judged on rows it has not seen.

An estimate, never a proof. Least squares on the features and on a few hundred fixed nonlinear functions of them
(random rectified features: Rahimi and Recht, Weighted sums of random kitchen sinks, 2008) is fitted by ridge
regression, with the penalty chosen by generalised cross-validation (Golub, Heath and Wahba, 1979), beside a line, on
four fifths of a sample at a time; both predict the remaining fifth.
"""

from dataclasses import dataclass

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.heads import Heads
from mlpdoctor.network import Array
from mlpdoctor.statistics.row_sample import RowSample

LEAST_ROWS = 50
"""Ten rows a fold: with fewer the error bar swallows any answer."""
FOLDS = 5
MOST_FUNCTIONS = 300
CLEAR = 3.0
"""Standard errors by which the curved fit must beat the line; two would cry wolf on one data set in forty."""
WORTHWHILE = 0.02
"""Share of the line's loss that the curved fit must save before it is worth a word."""
SEED = 20190114
"""The day the first of the seed posts was asked; any number would do, it only has to stay the same."""


@dataclass(frozen=True)
class SecondOpinion:
    """Losses out of sample, mean over the sampled rows in the network's own loss.

    Attributes:
        line: of the straight line.
        curve: of the nonlinear fit.
        saved: ``line - curve``.
        error: standard error of ``saved``.
        rows: rows in the sample.
    """

    line: float
    curve: float
    saved: float
    error: float
    rows: int

    @property
    def structure(self) -> bool:
        """Whether the data hold nonlinear structure, beyond doubt by chance."""
        return self.saved > CLEAR * self.error and self.saved > WORTHWHILE * self.line


@fact
def second_opinion(heads: Heads, sample: RowSample) -> SecondOpinion | Absent:
    """Compare a line and a curved fit by cross-validation on a sample of the rows."""
    rows, width = sample.features.shape
    if rows < max(LEAST_ROWS, 4 * (width + 1)):
        return Absent(f"{rows} rows are too few to judge by cross-validation")
    plain = _standardised(sample.features)
    curved = np.concatenate([plain, _functions(plain, min(MOST_FUNCTIONS, rows // 4))], axis=1)
    fold = np.arange(rows) % FOLDS
    errors = np.empty((2, rows, sample.targets.shape[1]))
    for k in range(FOLDS):
        seen, held = fold != k, fold == k
        for which, design in enumerate((plain, curved)):
            errors[which, held] = _predict(design[seen], sample.targets[seen], design[held]) - sample.targets[held]
    line, curve = (_row_losses(heads, part) for part in errors)
    saved = line - curve
    return SecondOpinion(
        line=float(line.mean()),
        curve=float(curve.mean()),
        saved=float(saved.mean()),
        error=float(saved.std() / np.sqrt(rows)),
        rows=rows,
    )


def _row_losses(heads: Heads, errors: Array) -> Array:
    columns = [w * loss.of_errors(e) for w, loss, e in zip(heads.weights, heads.losses, errors.T, strict=True)]
    total: Array = np.sum(columns, axis=0)
    return total


def _standardised(features: Array) -> Array:
    centred = features - features.mean(axis=0)
    spread = centred.std(axis=0)
    spread[spread == 0] = 1.0
    return centred / spread


def _functions(plain: Array, number: int) -> Array:
    """Products of pairs, and kinks at random places in random directions: ``max(w.x + b, 0)``."""
    rng = np.random.default_rng(SEED)
    first, second = np.triu_indices(plain.shape[1])
    pairs = rng.permutation(len(first))[: number // 3]
    directions = rng.normal(size=(plain.shape[1], number - len(pairs)))
    directions /= np.linalg.norm(directions, axis=0)
    along = plain @ directions
    places = along[rng.integers(len(plain), size=along.shape[1]), np.arange(along.shape[1])]
    return _standardised(
        np.concatenate([plain[:, first[pairs]] * plain[:, second[pairs]], np.maximum(along - places, 0.0)], axis=1)
    )


def _predict(design: Array, targets: Array, unseen: Array) -> Array:
    """Ridge regression with the penalty that generalised cross-validation likes best, for all targets at once."""
    centre, mean = design.mean(axis=0), targets.mean(axis=0)
    left, singular, right = np.linalg.svd(design - centre, full_matrices=False)
    projected = left.T @ (targets - mean)
    outside = np.square(targets - mean).sum(axis=0) - np.square(projected).sum(axis=0)
    rows, best, score = len(design), np.zeros_like(singular), np.inf
    for penalty in singular[0] ** 2 * np.logspace(-12, 0, 13):
        kept = singular**2 / (singular**2 + penalty)
        residual = np.maximum(outside, 0.0) + np.square((1 - kept)[:, None] * projected).sum(axis=0)
        now = float(residual.sum() / (rows - kept.sum()) ** 2)
        if now < score:
            best, score = np.divide(kept, singular, out=np.zeros_like(singular), where=singular > 0), now
    predicted: Array = (unseen - centre) @ (right.T @ (best[:, None] * projected)) + mean
    return predicted
