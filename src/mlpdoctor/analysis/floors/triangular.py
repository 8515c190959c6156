"""Equations with a triangular matrix, which NumPy alone solves as if it were full: at the price of a factorisation."""

from typing import Any

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.network import Array

BLOCK = 128
"""Rows that are solved at a time, as a full matrix; all before them enter by a product."""


def solved(lower: npt.NDArray[np.floating[Any]], right: Array) -> Array:
    """The x for which ``lower @ lower.T @ x`` is ``right``, by substitution (Golub, Van Loan, 2013, algorithm 3.1.3).

    Args:
        lower: the Cholesky factor of a positive definite matrix, shape (n, n).
        right: shape (n,), or (n, k) for k of them.
    """
    found = right.copy()
    blocks = [slice(start, start + BLOCK) for start in range(0, len(right), BLOCK)]
    for here in blocks:
        rest = found[here] - lower[here, : here.start] @ found[: here.start] if here.start else found[here]
        found[here] = np.linalg.solve(lower[here, here], rest)
    for here in reversed(blocks):
        rest = found[here] - lower[here.stop :, here].T @ found[here.stop :] if here.stop < len(right) else found[here]
        found[here] = np.linalg.solve(lower[here, here].T, rest)
    return found
