"""Hashes of rows of numbers."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


def hash_rows(features: npt.NDArray[np.float64]) -> Hashes:
    """A 64-bit hash of each row of float64 values; 0.0 and -0.0 count as the same number."""
    # Started from zero a row of zeros would have the hash zero, which no level ever gives up.
    return hash_on(np.full(len(features), _MIX, dtype=np.uint64), features)


def hash_on(started: Hashes, features: npt.NDArray[np.float64]) -> Hashes:
    """The hash of each row continued by further columns: that of all its columns together."""
    mixed, high = started.copy(), np.empty_like(started)
    number = np.empty(len(features))
    for column in features.T:
        np.add(column, 0.0, out=number)
        mixed ^= number.view(np.uint64)
        for factor in (_MIX, _FOLD):
            mixed *= factor
            mixed ^= np.right_shift(mixed, _HALF, out=high)
    return mixed
