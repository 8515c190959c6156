"""Whether there is anything nonlinear to learn: a quick fit of another kind, judged on rows it has not seen.

An estimate, never a proof. Least squares on the features and on a few hundred fixed nonlinear functions of them is
fitted beside a line on four fifths of a sample at a time; both predict the remaining fifth. Of three dictionaries of
functions (kinks in each feature, kinks in random directions, products of pairs) the one that promises most on the rows
it is fitted to is taken: random rectified features follow Rahimi and Recht, Weighted sums of random kitchen sinks,
2008; penalty and dictionary are chosen by generalised cross-validation, Golub, Heath and Wahba, 1979.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core import random_state
from mlpdoctor.core.check import Absent, dear_fact, of_data
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Loss, TargetKind
from mlpdoctor.statistics.rows import CLEAR, RowSample

Flags = npt.NDArray[np.bool_]
LEAST_ROWS = 50
"""Ten rows a fold: with fewer the error bar swallows any answer."""
FOLDS = 5
MOST_FUNCTIONS = 256
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


@of_data
@dear_fact("fitting random features for a second opinion")
def second_opinion(objective: Objective, sample: RowSample) -> SecondOpinion | Absent:
    """Compare a line and a curved fit by cross-validation on a sample of the rows."""
    sample = sample.few
    rows, width = sample.features.shape
    for head in objective.heads.heads:
        if not fitting(head.loss):
            return Absent(f"there is no quick fit for {head.loss.label}")
    if rows < max(LEAST_ROWS, 4 * (width + 1)):
        return Absent(f"{rows} rows are too few to judge by cross-validation")
    plain = standardised(sample.features)
    designs = [np.concatenate([plain, extra], axis=1) for extra in _dictionaries(plain, min(MOST_FUNCTIONS, rows // 4))]
    targets = np.concatenate([head.targets(sample.targets) for head in objective.heads.heads], axis=1)
    scaled = [head.loss.to_scale(head.targets(sample.targets)) for head in objective.heads.heads]
    fitted = np.concatenate(scaled, axis=1)
    read = np.empty((2, *targets.shape))
    for seen, held in folds(rows):
        fits = [Ridge.fit(design[seen], fitted[seen]) for design in (plain, *designs)]
        best = min(range(1, len(fits)), key=lambda number: fits[number].score)
        for place, number in enumerate((0, best)):
            design = (plain, *designs)[number]
            read[place, held] = predicted(objective, fits[number], design[seen], targets[seen], design[held])
    weights = np.ones(rows) if sample.weights is None else sample.weights
    line, curve = (weights * row_losses(objective, targets, part) for part in read)
    saved = line - curve
    return SecondOpinion(
        line=float(line.mean()),
        curve=float(curve.mean()),
        saved=float(saved.mean()),
        error=float(saved.std() / np.sqrt(rows)),
        rows=rows,
    )


def folds(rows: int) -> Iterator[tuple[Flags, Flags]]:
    """Which rows a fit sees and which it is held against, of so many, ``FOLDS`` times: every row is held back once."""
    fold = np.arange(rows) % FOLDS
    for k in range(FOLDS):
        yield fold != k, fold == k


def out_of_fold(rows: int, predicted: Callable[[Flags, Flags], Array]) -> Array:
    """What fits to other rows predict for each row, shape (rows, ...).

    Args:
        rows: how many there are.
        predicted: takes the rows to fit to and the rows to predict, and returns the predictions for these.
    """
    found = None
    for seen, held in folds(rows):
        part = predicted(seen, held)
        found = np.empty((rows, *part.shape[1:]), part.dtype) if found is None else found
        found[held] = part
    if found is None:
        raise ValueError("no rows")
    return found


def fitting(loss: Loss) -> bool:
    """Whether a least squares fit, or one step more for classes, says something about this loss."""
    if isinstance(loss, ConvexLoss):
        return loss.link == "logit" or (loss.link == "identity" and loss.targets is TargetKind.REAL)
    return loss.linear is not None or loss.squared_on_a_scale


def predicted(objective: Objective, ridge: Ridge, seen: Array, targets: Array, unseen: Array) -> Array:
    """For each output what its loss reads: numbers, or logits where it is about classes; shape (rows, units)."""
    columns, place = [], 0
    for head in objective.heads.heads:
        own = targets[:, place : place + head.units]
        if isinstance(head.loss, ConvexLoss) and head.loss.link == "logit":
            columns.append(ridge.logits(head.loss, seen, own, unseen))
        else:
            columns.append(head.loss.from_scale(ridge.predict(unseen)[:, place : place + head.units]))
        place += head.units
    return np.concatenate(columns, axis=1)


def row_losses(objective: Objective, targets: Array, read: Array) -> Array:
    """The whole loss of each row, from encoded targets and what ``predicted`` returns, of all outputs side by side."""
    total, place = np.zeros(len(read)), 0
    for head in objective.heads.heads:
        own = slice(place, place + head.units)
        loss = head.loss
        if isinstance(loss, ConvexLoss) and loss.joint:
            values = loss.at(loss.frame(targets[:, own]), read[:, own])[:, None]
        elif isinstance(loss, ConvexLoss):
            values = np.stack([loss.at(targets[:, [k]], read[:, [k]]) for k in range(own.start, own.stop)], axis=1)
        else:
            values = loss.values(targets[:, own], read[:, own])
        total += head.weight * values.mean(axis=1)
        place += head.units
    return total


def standardised(features: Array) -> Array:
    """Columns of mean 0 and spread 1; constant ones are 0."""
    centred: Array = features - features.mean(axis=0)
    spread: Array = centred.std(axis=0)
    spread[spread == 0] = 1.0
    scaled: Array = centred / spread
    return scaled


def _dictionaries(plain: Array, number: int) -> list[Array]:
    """Three families of functions of the features, standardised: shape (rows, up to ``number``) each."""
    rng = random_state.random(SEED)
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
    return [standardised(functions) for functions in (along_axes, np.maximum(along - starts, 0.0), products)]
