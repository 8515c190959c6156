"""Entropies and divergences of distributions, exact at their ends."""

import numpy as np

from mlpdoctor.network import Array

ROUNDING = 1e-12
"""A probability this far below zero is zero after rounding."""


def plogp(p: Array) -> Array:
    """``p log p``, zero at zero; same shape."""
    return np.asarray(p * np.log(np.where(p > 0, p, 1.0)), np.float64)


def log_softmax(z: Array) -> Array:
    """Logarithms of the probabilities that logits of shape (rows, classes) stand for."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


def divergence(p: Array, z: Array) -> Array:
    """Kullback-Leibler divergence of p from the softmax of z for each row; infinite where p is no distribution.

    Rows of p that add up to S count S times their distribution.
    """
    total = p.sum(axis=1)
    inside = (p >= -ROUNDING).all(axis=1)
    safe = np.maximum(p, 0.0)
    share = safe / np.where(total > 0, total, 1.0)[:, None]
    terms = total * (plogp(share) - share * log_softmax(z)).sum(axis=1)
    return np.where(inside, np.maximum(terms, 0.0), np.inf)
