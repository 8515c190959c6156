"""How much of one class a plain logistic regression finds on rows it has not seen."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.floors.ridge import Ridge
from mlpdoctor.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.network import Array

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
