"""What a loss takes the answers of an output for."""

from collections.abc import Mapping
from enum import StrEnum

from mlpdoctor.losses.registry import kind_of
from mlpdoctor.network import LossConfig


class Reading(StrEnum):
    """What a loss takes the answers for."""

    PROBABILITY = "a probability for each unit"
    LOGIT = "a logit for each unit"
    CLASSES = "probabilities of classes"
    CLASS_LOGITS = "logits of classes"
    DISTRIBUTION = "shares that add up to 1"
    RATE = "a positive rate"
    NUMBER = "a number"
    POSITIVE_NUMBER = "a number from 0 up"
    MARGIN = "a score whose sign is the answer"
    CLASS_SCORES = "a score for each class"
    DIRECTION = "a direction"
    OVERLAP = "a share of overlap for each unit"


OF_CLASSES = (Reading.CLASSES, Reading.CLASS_LOGITS, Reading.DISTRIBUTION, Reading.CLASS_SCORES)
"""What compares the units of a row with one another."""
UNIT_BY_UNIT = (Reading.PROBABILITY, Reading.LOGIT, Reading.OVERLAP)
"""What judges each unit by itself."""
SPARSE, SPARSE_SPELT = "sparsecategoricalcrossentropy", "sparse_categorical_crossentropy"
"""The one loss that takes class numbers: its first name, and how a user writes it."""

PLAIN: Mapping[str, Reading] = {
    "binarycrossentropy": Reading.PROBABILITY,
    "binaryfocalcrossentropy": Reading.PROBABILITY,
    "categoricalcrossentropy": Reading.CLASSES,
    "sparsecategoricalcrossentropy": Reading.CLASSES,
    "categoricalfocalcrossentropy": Reading.CLASSES,
    "categoricalgeneralizedcrossentropy": Reading.CLASSES,
    "kldivergence": Reading.DISTRIBUTION,
    "poisson": Reading.RATE,
    "meansquarederror": Reading.NUMBER,
    "meanabsoluteerror": Reading.NUMBER,
    "meanabsolutepercentageerror": Reading.NUMBER,
    "meansquaredlogarithmicerror": Reading.POSITIVE_NUMBER,
    "huber": Reading.NUMBER,
    "logcosh": Reading.NUMBER,
    "hinge": Reading.MARGIN,
    "squaredhinge": Reading.MARGIN,
    "categoricalhinge": Reading.CLASS_SCORES,
    "cosinesimilarity": Reading.DIRECTION,
    "dice": Reading.OVERLAP,
    "tversky": Reading.OVERLAP,
}
"""By the loss's first name, without ``from_logits``. Circle, CTC and losses of the user's own are not judged."""
ON_LOGITS = {Reading.PROBABILITY: Reading.LOGIT, Reading.CLASSES: Reading.CLASS_LOGITS}


def first_name(config: LossConfig) -> str:
    """One name for all spellings of a loss: ``mse``, ``mean_squared_error`` and ``MeanSquaredError`` are one."""
    kind = kind_of(config.name)
    if kind is None:
        return config.name.replace("_", "").lower()
    return next((name for name in kind.names if name in PLAIN), kind.names[0])


def reading_of(config: LossConfig) -> Reading | None:
    """What a loss takes the answers for; None where it is not judged."""
    plain = PLAIN.get(first_name(config))
    if plain is None or not config.options.get("from_logits"):
        return plain
    return ON_LOGITS.get(plain, plain)
