"""Whether there is anything nonlinear to learn: a quick fit of another kind, judged on rows it has not seen.

An estimate, never a proof. Least squares on the features and on a few hundred fixed nonlinear functions of them is
fitted beside a line on four fifths of a sample at a time; both predict the remaining fifth. Of three dictionaries of
functions (kinks in each feature, kinks in random directions, products of pairs) the one that promises most on the rows
it is fitted to is taken: random rectified features follow Rahimi and Recht, Weighted sums of random kitchen sinks,
2008; penalty and dictionary are chosen by generalised cross-validation, Golub, Heath and Wahba, 1979.
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
MOST_FUNCTIONS = 256
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
    designs = [np.concatenate([plain, extra], axis=1) for extra in _dictionaries(plain, min(MOST_FUNCTIONS, rows // 4))]
    fold = np.arange(rows) % FOLDS
    errors = np.empty((2, rows, sample.targets.shape[1]))
    for k in range(FOLDS):
        seen, held = fold != k, fold == k
        fits = [_ridge(design[seen], sample.targets[seen], design[held]) for design in (plain, *designs)]
        errors[0, held] = fits[0][1] - sample.targets[held]
        errors[1, held] = min(fits[1:], key=lambda fit: fit[0])[1] - sample.targets[held]
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
    centred: Array = features - features.mean(axis=0)
    spread: Array = centred.std(axis=0)
    spread[spread == 0] = 1.0
    scaled: Array = centred / spread
    return scaled


def _dictionaries(plain: Array, number: int) -> list[Array]:
    """Three families of functions of the features, standardised: shape (rows, up to ``number``) each."""
    rng = np.random.default_rng(SEED)
    width = plain.shape[1]
    places = np.linspace(0, 1, max(number // width, 1) + 2)[1:-1]
    knots = np.quantile(plain, places, axis=0)
    along_axes = np.maximum(plain[:, None, :] - knots, 0.0).reshape(len(plain), -1)[:, :number]
    directions = rng.normal(size=(width, number))
    along = plain @ (directions / np.linalg.norm(directions, axis=0))
    starts = along[rng.integers(len(plain), size=number), np.arange(number)]
    first, second = np.triu_indices(width)
    pairs = rng.permutation(len(first))[:number]
    products = plain[:, first[pairs]] * plain[:, second[pairs]]
    return [_standardised(functions) for functions in (along_axes, np.maximum(along - starts, 0.0), products)]


def _ridge(design: Array, targets: Array, unseen: Array) -> tuple[float, Array]:
    """Ridge regression of all targets at the penalty that generalised cross-validation likes best.

    Returns:
        Its cross-validation score, and the predictions for the unseen rows.
    """
    centre, mean = design.mean(axis=0), targets.mean(axis=0)
    shifted, wanted = design - centre, targets - mean
    values, vectors = np.linalg.eigh(shifted.T @ shifted)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (shifted.T @ wanted)
    rows, power = len(design), float(np.square(wanted).sum())
    best, score = np.zeros_like(along), np.inf
    for penalty in values[-1] * np.logspace(-10, 0, 11) + np.finfo(np.float64).tiny:
        line = along / (values + penalty)[:, None]
        residual = power - float((line * (2 * along - values[:, None] * line)).sum())
        now = max(residual, 0.0) / (rows - float((values / (values + penalty)).sum())) ** 2
        if now < score:
            best, score = line, now
    predicted: Array = (unseen - centre) @ (vectors @ best) + mean
    return score, predicted
