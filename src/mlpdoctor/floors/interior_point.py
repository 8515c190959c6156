"""The interior point method for least absolute deviations, on the dual linear program.

Portnoy and Koenker, The Gaussian hare and the Laplacian tortoise, 1997, section 4: the dual in the unit box, started at
its centre, with the predictor and corrector steps of Mehrotra, 1992.
"""

import numpy as np

from mlpdoctor.floors.basis import EPSILON
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array

GAP = 1e-10
"""Relative gap between both bounds at which the iteration ends: more digits than a report shows."""
MOST_STEPS = 60
"""The method needs about twenty steps whatever the number of rows; beyond sixty it is held up by rounding."""
STEP_BACK = 0.9995
"""Share of the way to the nearest wall that a step goes, as is usual, so that every point stays inside."""


def error(columns: Array, target: Array, line: Array) -> float:
    """The sum of absolute errors of a line."""
    return float(np.abs(target - columns @ line).sum())


def feasible(columns: Array, dual: Array) -> Array:
    """The nearest d with ``X'd = 0``, shrunk into the box: a lower bound that holds whatever d was."""
    projected = dual - columns @ (columns.T @ dual)
    return projected / max(1.0, float(np.abs(projected).max(initial=0.0)))


def approach(columns: Array, target: Array) -> tuple[Array, Array]:
    """Approach the optimum from inside.

    In the variables ``a = (1 + d) / 2`` the dual is: maximise ``y.a`` with ``X'a`` fixed and ``0 < a < 1``. Its
    multipliers are the line b and, at the two walls, the two sides of the residual: ``y - X b = w - z``.

    Returns:
        The best line found, as coefficients of the basis, and the dual point d it goes with.
    """
    a = np.full(len(target), 0.5)
    s = 1.0 - a
    line = columns.T @ target
    residual = target - columns @ line
    margin = 0.1 * float(np.abs(residual).mean()) + EPSILON
    z, w = np.maximum(-residual, 0.0) + margin, np.maximum(residual, 0.0) + margin
    best, dual, highest, least = line, 2 * a - 1, -np.inf, np.inf
    for _ in range(MOST_STEPS):
        value = error(columns, target, line)
        if value < least:
            best, least = line, value
        bound = float(target @ feasible(columns, 2 * a - 1))
        if bound > highest:
            dual, highest = 2 * a - 1, bound
        if least - highest <= GAP * least:
            break
        system = _System(columns, target - columns @ line + z - w, a, s, z, w)
        step = system.solve(-a * z, -s * w)
        inside, outside = _room((a, step.a), (s, -step.a)), _room((z, step.z), (w, step.w))
        gap = a @ z + s @ w
        after = (a + inside * step.a) @ (z + outside * step.z) + (s - inside * step.a) @ (w + outside * step.w)
        aim = (after / gap) ** 3 * gap / (2 * len(a))
        step = system.solve(aim - a * z - step.a * step.z, aim - s * w + step.a * step.w)
        inside, outside = _room((a, step.a), (s, -step.a)), _room((z, step.z), (w, step.w))
        a, s = a + inside * step.a, s - inside * step.a
        z, w, line = z + outside * step.z, w + outside * step.w, line + outside * step.line
    return best, dual


@dataclass(frozen=True, eq=False)
class _Step:
    line: Array
    a: Array
    z: Array
    w: Array


class _System:
    """The Newton equations at one point, factored once and solved for two right-hand sides."""

    def __init__(self, columns: Array, off: Array, a: Array, s: Array, z: Array, w: Array) -> None:
        self.columns, self.off = columns, off
        self.a, self.s, self.z, self.w = a, s, z, w
        self.weight = 1.0 / (z / a + w / s)
        self.gram = columns.T @ (self.weight[:, None] * columns)

    def solve(self, at_zero: Array, at_one: Array) -> _Step:
        """The step that changes the products ``a z`` and ``s w`` by these amounts, to first order."""
        pull = self.off + at_zero / self.a - at_one / self.s
        line = np.linalg.lstsq(self.gram, self.columns.T @ (self.weight * pull), rcond=None)[0]
        a = self.weight * (pull - self.columns @ line)
        return _Step(np.asarray(line, np.float64), a, (at_zero - self.z * a) / self.a, (at_one + self.w * a) / self.s)


def _room(*pairs: tuple[Array, Array]) -> float:
    """How far all variables can go along their steps and stay positive, at most the whole step."""
    room = 1.0
    for variable, step in pairs:
        shrinking = step < 0
        if shrinking.any():
            room = min(room, STEP_BACK * float((variable[shrinking] / -step[shrinking]).min()))
    return room
