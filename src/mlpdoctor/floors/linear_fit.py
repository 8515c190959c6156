"""The best affine prediction of one part of the loss, whatever the loss."""

from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class LinearFit:
    """A line (or plane, or one for each class) with its loss.

    Attributes:
        value: mean loss of this line over the rows: no line is known to be better. Where the loss only falls towards
            a limit as coefficients grow, that limit.
        lower: no line at all is below this. Equal to ``value`` up to rounding unless the fit was cut short.
        coefficients: for each predictor the intercept, then a slope for each feature.
        attained: False where only ever larger coefficients come ever closer to ``value``.
    """

    value: float
    lower: float
    coefficients: tuple[tuple[float, ...], ...]
    attained: bool = True

    @property
    def intercept(self) -> float:
        """Of the first predictor: its value where all features are zero."""
        return self.coefficients[0][0]

    @property
    def slopes(self) -> tuple[float, ...]:
        """Of the first predictor, one for each feature."""
        return self.coefficients[0][1:]
