"""Measures the true gradient of the user's loss: along random directions of each array, then entry by entry."""

import time
from collections.abc import Callable, Sequence
from dataclasses import field

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.gradcheck.code import Code, Point
from mlpdoctor.gradcheck.numeric import (
    FIRST_STEP,
    Estimate,
    at_a_tiny_step,
    derivative,
    noise_of,
    power_of_two,
    rounded,
)

DIRECTIONS = 4
"""Random directions of each array. An error of the whole array hides from one of them only if both are at right
angles, to within the error bar."""
SECONDS = 5.0
"""Time for single entries; what is left out then is told by the number of entries compared."""
MOST_ENTRIES = 400
"""Single entries of one array: with fewer entries all are measured."""
TO_CONFIRM = 40
"""Single entries of one array where the network is known, to confirm that it is."""
BARS = 4.0
"""Error bars that a gradient must be off to be called wrong."""
ROUNDING = {"float32": 1e-3, "float64": 1e-6}
"""What the user's own backward pass may lose by rounding, against the length of the array's gradient; a logarithm
guarded by 1e-8 is within it too."""
SMALLEST = {True: 2.0**-12, False: 2.0**-40}
"""The smallest step in float32 and in float64, against the largest parameter of the array."""
PROBES = (2.0**-12, 2.0**-28)
"""Steps at which the rounding of the loss is measured, against the largest parameter of the array."""
SHIFT = 0.1
"""How far the points of the check lie beside the user's parameters, against the size of each array."""
JOINT_SHARE = 2.0**10
"""How much further one array is moved than another along a joint direction, at most."""
TYPICAL = 10
"""How often the loss is computed for one direction, as a rule."""
FALLBACK_SIZE = 0.3
"""Size taken for an array of zeros."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The true gradient of one array beside the claimed one.

    Attributes:
        directions: pairs of what the claim says and what was measured along each direction.
        entries: flat positions of the entries measured.
        slopes: what was measured there.
    """

    directions: Sequence[tuple[float, Estimate]]
    entries: Sequence[int] = field(default=())
    slopes: Sequence[Estimate] = field(default=())


@dataclass(frozen=True, eq=False)
class Joint:
    """The derivative along a direction in which all arrays move.

    Attributes:
        moves: of each array, in the order of the parameters.
        slope: what was measured.
    """

    moves: Point
    slope: Estimate

    def off(self, slopes: Point, errors: Sequence[float], rounding: float) -> bool:
        """Whether a gradient is further from it than any error allows.

        Args:
            slopes: one array for each parameter.
            errors: what reading it off an update left in each entry, one number for each parameter.
            rounding: relative, of the arithmetic.
        """
        along = sum(float(np.sum(slope * move)) for slope, move in zip(slopes, self.moves, strict=True))
        allowed = 0.0
        for slope, move, grain in zip(slopes, self.moves, errors, strict=True):
            size = float(np.abs(move).max())
            allowed += size * (rounding * float(np.linalg.norm(slope)) + 4 * grain * move.size**0.5)
        return off(along, self.slope, allowed)


def points_beside(code: Code, number: int, rng: np.random.Generator) -> list[list[Array]]:
    """Places near the user's parameters, where neither zeros, nor kinks, nor equal units hide a mistake."""
    start = code.point()
    return [[rounded(values + SHIFT * size_of(values) * rng.normal(size=values.shape)) for values in start]
            for _ in range(number)]  # fmt: skip


def size_of(values: Array) -> float:
    """The root mean square of an array; of zeros a size that weights usually have."""
    return float(np.sqrt(np.mean(np.square(values)))) or FALLBACK_SIZE


class Measurement:
    """Differences of the user's loss around one point.

    Args:
        code: the user's code.
        point: where; rounded as ``points_beside`` does.
        claimed: the user's gradient there.
        rng: draws the directions and the entries.
    """

    def __init__(self, code: Code, point: Point, claimed: Point, rng: np.random.Generator) -> None:
        """Measure the rounding of the loss there."""
        self._code, self._point, self._claimed, self._rng = code, point, claimed, rng
        code.move(point)
        self._centre = code.loss()
        # The loss rounds alike for all; where it takes long to compute, one array tells.
        self.noise = max(self._noise(place) for place in ({0} if self.slow else {0, len(point) - 1}))

    def _along(self, place: int, direction: Array) -> Callable[[float], float]:
        def loss(step: float) -> float:
            moved = [*self._point]
            moved[place] = self._point[place] + step * direction
            self._code.move(moved)
            return self._code.value()

        return loss

    def _noise(self, place: int) -> float:
        steepest = int(np.argmax(np.abs(self._claimed[place])))
        steps = [self._grid(place) * size for size in PROBES[: 1 if self._code.single else None]]
        return noise_of(self._along(place, self._axis(place, steepest)), steps)

    def _axis(self, place: int, entry: int) -> Array:
        axis = np.zeros(self._point[place].shape)
        axis.reshape(-1)[entry] = 1.0
        return axis

    def _grid(self, place: int) -> float:
        return power_of_two(float(np.abs(self._point[place]).max()) or FALLBACK_SIZE)

    @property
    def slow(self) -> bool:
        """Whether one direction of every array takes longer than there is time."""
        return self._code.price * TYPICAL * len(self._point) > SECONDS

    def joint(self) -> list[Joint]:
        """Random directions in which all arrays move at once, each as far as the claim makes it count alike."""
        sizes = [float(np.linalg.norm(values)) for values in self._claimed]
        least = max(sizes, default=0.0) / JOINT_SHARE or 1.0
        shares = [power_of_two(1 / max(size, least)) for size in sizes]
        reach = [
            self._grid(place) * (1.0 if self._code.single else power_of_two(values.size**-0.5)) / share
            for place, (values, share) in enumerate(zip(self._point, shares, strict=True))
        ]
        first = power_of_two(min(reach)) * 2.0**FIRST_STEP
        enough = 0.1 * ROUNDING[self._code.arithmetic]
        found = []
        for _ in range(DIRECTIONS // 2):
            moves = [
                share * self._rng.choice((-1.0, 1.0), size=values.shape)
                for values, share in zip(self._point, shares, strict=True)
            ]

            def loss(step: float, moves: Point = moves) -> float:
                self._code.move([values + step * move for values, move in zip(self._point, moves, strict=True)])
                return self._code.value()

            slope = derivative(loss, self._centre, first, self.noise, single=self._code.single, enough=enough)
            found.append(Joint(moves, slope))
        return found

    def directions(self, place: int, until: float) -> Measured:
        """Random directions in which all entries of an array move alike far; one at least."""
        claimed = self._claimed[place]
        spread = 1.0 if self._code.single else power_of_two(1 / np.sqrt(claimed.size))
        found: list[tuple[float, Estimate]] = []
        for _ in range(DIRECTIONS):
            if found and time.monotonic() > until:
                break
            direction = self._rng.choice((-1.0, 1.0), size=claimed.shape)
            said = float(np.sum(claimed * direction))
            found.append((said, self._slope(place, direction, spread, said, self._enough(place))))
        return Measured(found)

    def entries(self, place: int, until: float, most: int) -> Measured:
        """Single entries: all, or the largest of the claim and some by chance, until the time is over."""
        claimed = self._claimed[place].reshape(-1)
        chosen = np.arange(claimed.size)
        if claimed.size > most:
            largest = np.argsort(-np.abs(claimed), kind="stable")[: most // 2]
            others = np.setdiff1d(chosen, largest)
            chosen = np.concatenate([largest, self._rng.choice(others, most - len(largest), replace=False)])
        measured: list[Estimate] = []
        enough = self._enough(place) / np.sqrt(claimed.size)
        for entry in map(int, chosen):
            if measured and time.monotonic() > until:
                break
            measured.append(self._slope(place, self._axis(place, entry), 1.0, float(claimed[entry]), enough))
        return Measured((), [int(entry) for entry in chosen[: len(measured)]], measured)

    def _enough(self, place: int) -> float:
        return 0.1 * ROUNDING[self._code.arithmetic] * float(np.linalg.norm(self._claimed[place]))

    def _slope(self, place: int, direction: Array, spread: float, said: float, enough: float) -> Estimate:
        grid, single = self._grid(place), self._code.single
        along = self._along(place, direction)
        found = derivative(
            along, self._centre, grid * 2.0**FIRST_STEP * spread, self.noise, single=single, enough=enough
        )
        if not off(said, found, 10 * enough):
            return found
        # Before anything is called wrong: many kinks may have passed for a smooth curve, and none does at a tiny step.
        tiny = at_a_tiny_step(along, self._centre, abs(said - found.value), self.noise, grid * SMALLEST[single])
        return found if off(said, tiny, 10 * enough) else tiny


def off(claimed: float, measured: Estimate, allowed: float) -> bool:
    """Whether a claimed derivative is further from the measured one than any error allows."""
    return abs(claimed - measured.value) > BARS * measured.error + allowed
