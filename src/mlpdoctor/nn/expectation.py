"""What numbers the last activation can output, and what the loss takes them for."""

from collections.abc import Mapping
from enum import StrEnum

from mlpdoctor.core.network import LossConfig
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.losses.registry import kind_of


class OutputRange(StrEnum):
    """What an output can answer."""

    LINEAR = "any number"
    """No activation at all."""
    WIDE = "any number, bent"
    """Unbounded on both sides, with a slope that changes: leaky_relu, the shrinking functions, glu."""
    RECTIFIED = "numbers from about 0 up"
    """Bounded below at or near zero, and flat there: relu, gelu, silu and their kin."""
    DIPPING = "numbers from about -1 up"
    """Bounded below at -1 or a little lower: elu, celu, selu."""
    POSITIVE = "positive numbers"
    """Above zero with a slope everywhere: exponential, softplus, squareplus."""
    CENTRED = "numbers from -1 to 1"
    """tanh, hard_tanh, softsign."""
    PROBABILITY = "numbers from 0 to 1"
    """Each unit by itself: sigmoid, hard_sigmoid, sparse_sigmoid."""
    SHARES = "shares that add up to 1"
    """softmax, sparsemax."""
    LOG_SHARES = "logarithms of shares that add up to 1"
    """log_softmax."""
    NEGATIVE = "negative numbers"
    """log_sigmoid."""


BY_NAME = {
    "linear": OutputRange.LINEAR,
    "softmax": OutputRange.SHARES,
    "sparsemax": OutputRange.SHARES,
    "log_softmax": OutputRange.LOG_SHARES,
    "softplus": OutputRange.POSITIVE,
    "exponential": OutputRange.POSITIVE,
    "squareplus": OutputRange.POSITIVE,
}
"""Functions whose bounds do not tell all."""
LEAST_RECTIFIED, LEAST_DIPPING = -0.5, -2.0
"""Under the least values of mish and silu, -0.31 and -0.28, and of selu, -1.76."""
BLUNT = ("hard_sigmoid", "sparse_sigmoid", "sparsemax", "hard_tanh")
"""Right in what they answer; flat at the ends, where a wrong and sure answer gets no gradient."""


def range_of(activation: Activation) -> OutputRange:
    """What an activation can answer, by its name or else by its bounds."""
    if activation.name in BY_NAME:
        return BY_NAME[activation.name]
    low, high = activation.bounds
    if (low, high) == (0.0, 1.0):
        return OutputRange.PROBABILITY
    if (low, high) == (-1.0, 1.0):
        return OutputRange.CENTRED
    if high <= 0:
        return OutputRange.NEGATIVE
    if low >= LEAST_RECTIFIED:
        return OutputRange.RECTIFIED
    return OutputRange.DIPPING if low >= LEAST_DIPPING else OutputRange.WIDE


class Expectation(StrEnum):
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


OF_CLASSES = (Expectation.CLASSES, Expectation.CLASS_LOGITS, Expectation.DISTRIBUTION, Expectation.CLASS_SCORES)
"""What compares the units of a row with one another."""
UNIT_BY_UNIT = (Expectation.PROBABILITY, Expectation.LOGIT, Expectation.OVERLAP)
"""What judges each unit by itself."""
SPARSE, SPARSE_SPELT = "sparsecategoricalcrossentropy", "sparse_categorical_crossentropy"
"""The one loss that takes class numbers: its first name, and how a user writes it."""

PLAIN: Mapping[str, Expectation] = {
    "binarycrossentropy": Expectation.PROBABILITY,
    "binaryfocalcrossentropy": Expectation.PROBABILITY,
    "categoricalcrossentropy": Expectation.CLASSES,
    "sparsecategoricalcrossentropy": Expectation.CLASSES,
    "categoricalfocalcrossentropy": Expectation.CLASSES,
    "categoricalgeneralizedcrossentropy": Expectation.CLASSES,
    "kldivergence": Expectation.DISTRIBUTION,
    "poisson": Expectation.RATE,
    "meansquarederror": Expectation.NUMBER,
    "meanabsoluteerror": Expectation.NUMBER,
    "meanabsolutepercentageerror": Expectation.NUMBER,
    "meansquaredlogarithmicerror": Expectation.POSITIVE_NUMBER,
    "huber": Expectation.NUMBER,
    "logcosh": Expectation.NUMBER,
    "hinge": Expectation.MARGIN,
    "squaredhinge": Expectation.MARGIN,
    "categoricalhinge": Expectation.CLASS_SCORES,
    "cosinesimilarity": Expectation.DIRECTION,
    "dice": Expectation.OVERLAP,
    "tversky": Expectation.OVERLAP,
}
"""By the loss's first name, without ``from_logits``. Circle, CTC and losses of the user's own are not judged."""
ON_LOGITS = {Expectation.PROBABILITY: Expectation.LOGIT, Expectation.CLASSES: Expectation.CLASS_LOGITS}


def first_name(config: LossConfig) -> str:
    """One name for all spellings of a loss: ``mse``, ``mean_squared_error`` and ``MeanSquaredError`` are one."""
    kind = kind_of(config.name)
    if kind is None:
        return config.name.replace("_", "").lower()
    return next((name for name in kind.names if name in PLAIN), kind.names[0])


def expectation_of(config: LossConfig) -> Expectation | None:
    """What a loss takes the answers for; None where it is not judged."""
    plain = PLAIN.get(first_name(config))
    if plain is None or not config.options.get("from_logits"):
        return plain
    return ON_LOGITS.get(plain, plain)
