"""Other spellings of labels."""

import numpy as np

from mlpdoctor.network import Array
from mlpdoctor.treatments.edits import EditError, Recode


def recode(targets: Array, edit: Recode) -> Array:
    """The table of targets with one output's columns spelt otherwise."""
    first, last = edit.columns
    if not 0 <= first < last <= targets.shape[1]:
        raise EditError(f"there are {targets.shape[1]} target columns, so none from {first} to {last}")
    own = targets[:, first:last]
    match edit.how:
        case "minus":
            new = own - edit.number
        case "times":
            new = own * edit.number
        case "positive":
            new = (own > 0).astype(targets.dtype)
        case "sign":
            new = np.where(own > 0, 1.0, -1.0).astype(targets.dtype)
        case "one-hot":
            new = _one_hot(own, int(edit.number))
        case "class-number":
            new = own.argmax(axis=1).astype(targets.dtype)[:, None]
        case "ranks":
            new = np.unique(own, return_inverse=True)[1].reshape(own.shape).astype(targets.dtype)
        case _:
            raise EditError(f"labels cannot be recoded by '{edit.how}'")
    return np.concatenate([targets[:, :first], new, targets[:, last:]], axis=1)


def _one_hot(own: Array, classes: int) -> Array:
    if own.shape[1] != 1:
        raise EditError(f"one-hot labels are made of one column, not of {own.shape[1]}")
    numbers = own[:, 0]
    if (numbers != np.round(numbers)).any() or numbers.min() < 0 or numbers.max() >= classes:
        raise EditError(f"the labels are no class numbers from 0 to {classes - 1}")
    return np.asarray(np.eye(classes)[numbers.astype(int)], own.dtype)
