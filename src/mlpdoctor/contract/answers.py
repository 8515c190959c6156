"""What numbers the last activation of an output can answer."""

from enum import StrEnum

from mlpdoctor.layers.activation import Activation


class Answers(StrEnum):
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
    "linear": Answers.LINEAR,
    "softmax": Answers.SHARES,
    "sparsemax": Answers.SHARES,
    "log_softmax": Answers.LOG_SHARES,
    "softplus": Answers.POSITIVE,
    "exponential": Answers.POSITIVE,
    "squareplus": Answers.POSITIVE,
}
"""Functions whose bounds do not tell all."""
LEAST_RECTIFIED, LEAST_DIPPING = -0.5, -2.0
"""Under the least values of mish and silu, -0.31 and -0.28, and of selu, -1.76."""
BLUNT = ("hard_sigmoid", "sparse_sigmoid", "sparsemax", "hard_tanh")
"""Right in what they answer; flat at the ends, where a wrong and sure answer gets no gradient."""


def answers_of(activation: Activation) -> Answers:
    """What an activation can answer, by its name or else by its bounds."""
    if activation.name in BY_NAME:
        return BY_NAME[activation.name]
    low, high = activation.bounds
    if (low, high) == (0.0, 1.0):
        return Answers.PROBABILITY
    if (low, high) == (-1.0, 1.0):
        return Answers.CENTRED
    if high <= 0:
        return Answers.NEGATIVE
    if low >= LEAST_RECTIFIED:
        return Answers.RECTIFIED
    return Answers.DIPPING if low >= LEAST_DIPPING else Answers.WIDE
