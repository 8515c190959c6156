"""Numbers as a log writes them, digits and all; and what the digits tell of rounding."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Self

import numpy as np

from mlpdoctor.core.history import half_unit
from mlpdoctor.core.network import Array

NUMBER = r"[-+]?(?:(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][-+]?[0-9]{1,4})?|(?i:nan|inf(?:inity)?)\b)"
"""A number as Python, R and C print one; not the digits of other scripts, no underscores, no hexadecimals."""
REPR_DIGITS = 8
"""A number with as many significant digits was written to be read back: a float32 mostly needs eight or nine."""
FLOAT32_HALF = 2.0**-24
"""Half a unit of the last bit of a float32, as a share: Keras computes losses in it."""
LARGEST_EPOCH = 10**12

_NUMBER = re.compile(NUMBER)


class NumberWithDigits(Decimal):
    """A number that knows how it was written, trailing zeros included.

    Attributes:
        scientific: whether it has an exponent.
        digits: significant digits; 0 for NaN and infinities.
        places: digits after the point, of the mantissa where it has an exponent; 0 for NaN and infinities.
    """

    __slots__ = ("digits", "places", "scientific")
    scientific: bool
    digits: int
    places: int

    def __new__(cls, text: str) -> Self:
        """Read a text that `NUMBER` matches."""
        self = super().__new__(cls, text)
        _, digits, exponent = self.as_tuple()
        self.scientific = "e" in text or "E" in text
        self.digits = self.places = 0
        if isinstance(exponent, int):
            self.digits = len(digits)
            self.places = self.digits - 1 if self.scientific else max(-exponent, 0)
        return self


def number_with_digits(text: str) -> NumberWithDigits | None:
    """The number a text holds; None where it holds anything else."""
    word = text.strip()
    return NumberWithDigits(word) if _NUMBER.fullmatch(word) else None


def epoch_of(number: Decimal | None) -> int | None:
    """The epoch that a number counts; None where it is no whole number, negative, or beyond any training."""
    if number is None or not number.is_finite() or not 0 <= number < LARGEST_EPOCH or number != int(number):
        return None
    return int(number)


class Precision:
    """How the numbers of one log were rounded, told from all of them.

    A log prints every number with equally many decimals (``%.4f``), and then each is within half a unit of its last
    digit. Or it prints as many digits as it takes to read the number back (``repr``), and then it is exact but for
    the float32 it was computed in. Or it was rounded and its zeros dropped (``round(x, 4)``).
    """

    def __init__(self, numbers: Sequence[NumberWithDigits]) -> None:
        """Look at all numbers of a log."""
        plain = [number for number in numbers if number.is_finite()]
        self._fixed = len({number.places for number in plain}) == 1
        most_digits = max((number.digits for number in plain), default=0)
        self._exact = most_digits >= REPR_DIGITS and not self._fixed
        decimals = max((number.places for number in plain if not number.scientific), default=0)
        self._half = float(Decimal((0, (5,), -decimals - 1)))

    def rounding(self, numbers: Sequence[NumberWithDigits]) -> Array:
        """Half a unit of the last digit of each number, shape (n,)."""
        return np.array([self._one(number) for number in numbers], dtype=np.float64)

    def decimals(self, numbers: Sequence[NumberWithDigits]) -> int | None:
        """Digits after the point where all numbers have equally many, else None."""
        found = {number.places for number in numbers if number.is_finite()}
        return found.pop() if len(found) == 1 and not self._exact else None

    def _one(self, number: NumberWithDigits) -> float:
        if not number.is_finite():
            return 0.0
        if self._exact:
            return abs(float(number)) * FLOAT32_HALF
        own = half_unit(number)
        return own if self._fixed or number.scientific else min(own, self._half)
