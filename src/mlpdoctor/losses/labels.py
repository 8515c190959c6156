"""The two spellings of a class: its number in one column, or a one among zeros in as many columns as classes."""

import numpy as np

from mlpdoctor.network import Array


def one_hot(numbers: Array, units: int) -> Array:
    """Ones among zeros, shape (rows, units), from class numbers, shape (rows, 1).

    A row whose number is no class is not a number in any of its columns.
    """
    known = (numbers >= 0) & (numbers < units) & (numbers == np.floor(numbers))
    return np.where(known, (numbers == np.arange(units)).astype(np.float64), np.nan)


def class_numbers(columns: Array) -> Array:
    """The number of the largest column of each row, shape (rows, 1)."""
    return np.asarray(columns.argmax(axis=1), np.float64)[:, None]
