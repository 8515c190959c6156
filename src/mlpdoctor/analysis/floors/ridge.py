"""Ridge regression at the penalty that generalised cross-validation prefers, for numbers and for classes."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.nn.losses.convex import ConvexLoss

PENALTIES = np.logspace(-10, 0, 11)
"""Tried penalties, as shares of the largest eigenvalue."""
STEPS = 60
"""Accelerated steps for classes: logits are then within a percent or two of their best, all that a rough fit needs."""
STEEPEST = {False: 0.25, True: 0.5}
"""The most that the cross-entropy of a logit, and of the logits of a softmax, bends (Boehning, 1992)."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fit of several targets at once.

    Golub, Heath and Wahba, Generalized cross-validation as a method for choosing a good ridge parameter, 1979.

    Attributes:
        score: generalised cross-validation error at the best penalty.
        penalty: the best penalty.
        centre: mean of the design, shape (columns,).
        mean: mean of the targets, shape (targets,).
        values: eigenvalues of the centred Gram matrix, ascending.
        vectors: its eigenvectors, in columns.
        along: coefficients along the eigenvectors, shape (columns, targets).
    """

    score: float
    penalty: float
    centre: Array
    mean: Array
    values: Array
    vectors: Array
    along: Array

    @classmethod
    def fit(cls, design: Array, targets: Array) -> Self:
        """Fit by one eigendecomposition for all penalties."""
        centre, mean = design.mean(axis=0), targets.mean(axis=0)
        shifted, wanted = design - centre, targets - mean
        values, vectors = np.linalg.eigh(shifted.T @ shifted)
        values = np.maximum(values, 0.0)
        along = vectors.T @ (shifted.T @ wanted)
        rows, power = len(design), float(np.square(wanted).sum())
        best = (np.inf, 0.0, np.zeros_like(along))
        for penalty in values[-1] * PENALTIES + np.finfo(np.float64).tiny:
            line = along / (values + penalty)[:, None]
            residual = power - float((line * (2 * along - values[:, None] * line)).sum())
            score = max(residual, 0.0) / (rows - float((values / (values + penalty)).sum())) ** 2
            if score < best[0]:
                best = (score, float(penalty), line)
        return cls(best[0], best[1], centre, mean, values, vectors, best[2])

    def predict(self, unseen: Array) -> Array:
        """Predictions for other rows, shape (rows, targets)."""
        found: Array = (unseen - self.centre) @ (self.vectors @ self.along) + self.mean
        return found

    def logits(self, loss: ConvexLoss, design: Array, targets: Array, unseen: Array) -> Array:
        """Logits for other rows from a fit of the cross-entropy itself, with the same penalty.

        The bound on the curvature makes the eigenvectors serve for every step (Boehning, Multinomial logistic
        regression algorithm, 1992), which Nesterov's momentum hastens.

        Args:
            loss: a cross-entropy, of units one by one or of a softmax.
            design: the rows that were fitted.
            targets: theirs, encoded, shape (rows, units).
            unseen: the rows to predict.
        """
        steep = STEEPEST[loss.joint]
        along = (design - self.centre) @ self.vectors
        pull = steep * self.penalty
        size = steep * self.values + pull
        line, start = np.zeros((len(self.values), targets.shape[1])), np.zeros(targets.shape[1])
        ahead_line, ahead_start, speed = line, start, 1.0
        for _ in range(STEPS):
            z = along @ ahead_line + ahead_start
            if loss.joint:
                slope = loss.slope(targets, z)
            else:
                slope = np.concatenate(
                    [loss.slope(y[:, None], x[:, None]) for y, x in zip(targets.T, z.T, strict=True)], axis=1
                )
            new_line = ahead_line - (along.T @ slope + pull * ahead_line) / size[:, None]
            new_start = ahead_start - slope.mean(axis=0) / steep
            faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
            ahead_line = new_line + (speed - 1) / faster * (new_line - line)
            ahead_start = new_start + (speed - 1) / faster * (new_start - start)
            line, start, speed = new_line, new_start, faster
        found: Array = (unseen - self.centre) @ (self.vectors @ line) + start
        return found


MOST_ROWS = 1 << 13
FOLDS = 3
MOST_SQUARED = 64
"""Up to so many features their squares are fitted, too: a class in the middle of the others is no half space."""


def found_out_of_sample(features: Array, member: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Recall and precision of a logistic regression on the features and their squares, by cross-validation.

    Args:
        features: shape (rows, features), in random order.
        member: which rows are of the class.
    """
    features, member = features[:MOST_ROWS], member[:MOST_ROWS]
    plain = _standardised(features)
    design = plain
    if plain.shape[1] <= MOST_SQUARED:
        design = np.concatenate([plain, _standardised(np.square(plain))], axis=1)
    targets = member[:, None].astype(np.float64)
    # Members and others are dealt out in turn, so that each fold has its share of a rare class.
    fold = np.empty(len(member), np.int64)
    for part in (member, ~member):
        fold[part] = np.arange(int(part.sum())) % FOLDS
    loss = BinaryCrossentropy(from_logits=True)
    answer = np.zeros(len(member), np.bool_)
    for k in range(FOLDS):
        seen, held = fold != k, fold == k
        ridge = Ridge.fit(design[seen], targets[seen])
        answer[held] = ridge.logits(loss, design[seen], targets[seen], design[held])[:, 0] > 0
    hits = int((answer & member).sum())
    return hits / max(int(member.sum()), 1), hits / max(int(answer.sum()), 1)


def _standardised(columns: Array) -> Array:
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    spread[spread == 0] = 1.0
    scaled: Array = centred / spread
    return scaled
