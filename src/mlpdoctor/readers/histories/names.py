"""The names that Keras gives to what is logged, whatever a log calls it."""

import re
from collections.abc import Sequence
from functools import lru_cache

from mlpdoctor.history import LEARNING_RATE, LOSS, VALIDATION_LOSS

_ALIASES = (
    (re.compile(r"(train|training)[ _/.-]?loss|loss[_/](train|training)", re.IGNORECASE), LOSS),
    (
        re.compile(r"(val|valid|validation|eval)[ _/.-]?loss|loss[_/](val|valid|validation|eval)", re.IGNORECASE),
        VALIDATION_LOSS,
    ),
    (re.compile(r"loss", re.IGNORECASE), LOSS),
    (re.compile(r"lr|lr-\w+|learning[ _]rate", re.IGNORECASE), LEARNING_RATE),
)


@lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """The name Keras would give a quantity: ``learning_rate`` for ``lr``, ``val_loss`` for ``Validation loss``."""
    return next((known for pattern, known in _ALIASES if pattern.fullmatch(name)), name)


def canonical_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names Keras would give, each given once: where ``loss`` is there, ``train_loss`` keeps its name."""
    taken = set(names)
    found = []
    for name in names:
        known = canonical(name)
        if known != name and known in taken:
            known = name
        taken.add(known)
        found.append(known)
    return tuple(found)
