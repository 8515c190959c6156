"""Where a curve that still falls is heading: the limit of an exponential approach, with an error bar."""

from dataclasses import dataclass

from mlpdoctor.history import Column


@dataclass(frozen=True)
class Asymptote:
    """The limit L of the fit ``loss = L + A exp(-(epoch - first) / scale)`` to the end of a curve.

    Attributes:
        value: L.
        low: lower end of its 95 % interval; minus infinity where the curve does not bound it.
        high: upper end.
        scale: epochs in which the distance to the limit falls to 1/e.
        first: epoch at which the fit begins.
    """

    value: float
    low: float
    high: float
    scale: float
    first: int


def asymptote(column: Column) -> Asymptote | None:
    """Where the curve is heading; None where an exponential approach does not fit its end, or it is too short."""
    raise NotImplementedError
