"""Numbers as people read them: few digits, no needless exponents, and how far two of them agree."""

import math
from collections.abc import Sequence

SHOWN_DIGITS = 4
"""Significant digits of a loss in a report: what Keras logs, and enough to recognise the user's own number."""
MOST_DIGITS = 6
"""Weights are float32 and carry about seven digits, so no agreement beyond six is claimed."""
DUST = 1e-14
"""Share of the largest slope below which an intercept is what float64 leaves of zero."""
MOST_DECIMALS = 6
"""A log that prints more digits after the point prints numbers that nobody wants to read to the end."""
SMALLEST, LARGEST = -4, 9
"""Powers of ten between which zeros are easier to read than an exponent."""


def short(value: float, digits: int = SHOWN_DIGITS) -> str:
    """A number with so many significant digits: ``0.005676``, ``1.2e-09``, ``10,000``, ``nan``."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 10**9:
        return f"{int(value):,}"
    magnitude = math.floor(math.log10(abs(value)))
    if not SMALLEST <= magnitude < LARGEST:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(digits - 1 - magnitude, 0)}f}"


def printed(value: float, decimals: int | None) -> str:
    """A logged number as the log prints it, where that is known: ``0.0057`` and not ``0.005700``."""
    plain = decimals is not None and decimals <= MOST_DECIMALS and round(value, decimals) == value
    return f"{value:.{decimals}f}" if plain else short(value)


def percent(share: float) -> str:
    """A share as a percentage: ``100 %``, ``2.5 %``, ``under 0.1 %``."""
    hundredths = 100 * share
    if hundredths >= 1000:  # noqa: PLR2004
        return f"{hundredths:,.0f} %"
    if 0 < hundredths < 0.1:  # noqa: PLR2004
        return "under 0.1 %"
    if 99.95 <= hundredths < 100:  # noqa: PLR2004
        return "over 99.9 %" if share < 1 - 1e-9 else "100 %"
    return f"{hundredths:.3g} %"


def agreeing_digits(value: float, reference: float) -> int:
    """To how many significant digits two numbers agree, at most ``MOST_DIGITS``."""
    if value == reference:
        return MOST_DIGITS
    if reference == 0 or not math.isfinite(value):
        return 0
    apart = abs(value - reference) / abs(reference)
    if apart == 0 or not math.isfinite(apart):  # below or beyond what a number can say
        return MOST_DIGITS if apart == 0 else 0
    return max(0, min(MOST_DIGITS, math.floor(-math.log10(apart))))


def listing(names: Sequence[str], most: int = 4) -> str:
    """Names in a row, the rest counted: ``a, b, c and 7 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def likewise(code: str, others: Sequence[str]) -> str:
    """A line of code for a layer, with the other layers that ask for the same: ``Dense(8)  # likewise b, c``."""
    return f"{code}  # likewise {', '.join(others)}" if others else code


def named(label: str) -> str:
    """A rung of the ladder in the middle of a sentence: ``the best straight line``, ``logistic regression``."""
    return f"the {label}" if label.startswith(("best ", "lowest ")) else label


def recompiled(optimizer: str, *arguments: str) -> str:
    """The line of code that trains on with another optimizer: its class and what it is called with."""
    return f"model.compile(optimizer=keras.optimizers.{optimizer}({', '.join(arguments)}), loss=model.loss)"


def quoted(name: str) -> str:
    """A name as it stands in a line of code to copy: no name ends the string that it stands in."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 row``, ``3 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def are(number: int) -> str:
    """The verb that agrees with a number of things: ``1 unit is``, ``3 units are``."""
    return "is" if number == 1 else "are"


def part_of(number: int, whole: int, noun: str) -> str:
    """Some of all, as one says it: ``both units``, ``all 5 units``, ``the only unit``, ``1 of the 3 units``."""
    if number == whole:
        return {1: f"the only {noun}", 2: f"both {noun}s"}.get(whole, f"all {whole:,} {noun}s")
    return f"{number:,} of the {whole:,} {noun}s"


COEFFICIENT_DIGITS = 5


def coefficient(value: float) -> str:
    """A number with five significant digits, no idle zeros, no thousands separators: ``0.01671``."""
    text = f"{value:.{COEFFICIENT_DIGITS}g}"
    return "0" if text in ("-0", "0") else text


def equation(target: str, intercept: float, slopes: tuple[float, ...], features: tuple[str, ...]) -> str:
    """An affine function written out: ``y = 0.20796 x + 0.01671``; an intercept that is rounding is left out."""
    if abs(intercept) <= DUST * max(map(abs, slopes), default=0.0):
        intercept = 0.0
    text = ""
    for value, name in (*zip(slopes, features, strict=True), (intercept, "")):
        size = coefficient(abs(value))
        if size != "0":
            sign = ("-" if value < 0 else "") if not text else (" - " if value < 0 else " + ")
            text += f"{sign}{size} {name}".rstrip()
    return f"{target} = {text or '0'}"
