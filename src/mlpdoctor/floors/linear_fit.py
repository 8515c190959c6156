"""The best affine prediction of one target, whatever the loss."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearFit:
    """A line (or plane) with its loss.

    Attributes:
        value: mean loss of this line over the rows: no line is known to be better.
        lower: no line at all is below this. Equal to ``value`` up to rounding unless the fit was cut short.
        intercept: prediction where all features are zero.
        slopes: one for each feature.
    """

    value: float
    lower: float
    intercept: float
    slopes: tuple[float, ...]
