"""Keras's losses that have no ladder, and why."""

from collections.abc import Mapping

_NO_MEAN = "it is no mean over rows: Keras adds up overlaps over the whole batch before it divides them"
_NO_LOSS = "it is what Keras's losses are made from, not a loss"

REASONS: Mapping[str, str] = {
    "dice": _NO_MEAN,
    "tversky": _NO_MEAN,
    "circle": "it compares the rows of a batch with one another, so that a row by itself has no loss",
    "ctc": "it sums over all alignments of a sequence, so that a row is more than one answer",
    "categoricalgeneralizedcrossentropy": "it is not convex in the logits, and its best constant is not known here",
    "loss": _NO_LOSS,
    "lossfunctionwrapper": _NO_LOSS,
}
"""By name, lower case and without underscores as in ``Loss.names``: why, for the user."""
