"""The least mean absolute error over more rows than fit into memory, between two proved bounds.

Far from the best line the sign of a row's residual does not change any more, so all rows far above it can be added
up to one row, and all far below to another. By the triangle inequality ``|sum r_i| <= sum |r_i|`` the problem with
such sums instead of the rows is a proved lower bound, whether or not the signs were right; the error of any line
over all rows is an upper one. When no sign was wrong both are the optimum (the preprocessing step of Portnoy and
Koenker, 1997).
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from mlpdoctor.analysis.floors.basis import affine_design
from mlpdoctor.analysis.floors.least_absolute import GAP, Solution, as_fit, solve
from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import hash_rows

KEPT_CELLS = 1 << 20
"""Numbers kept at once, 8 MiB: the exact problem of that size is solved in about a second."""
ROOM = 0.9
"""Share of the kept rows that a random sample or a quantile of it aims at, so that chance does not overflow them."""
MOST_PASSES = 4
TIGHT = 1e-9
"""Relative distance of the bounds at which another pass would change no digit shown."""

Scaled: TypeAlias = tuple[Array, Array, Array]
"""Features (rows, features), target (rows,), and the factor of each row's absolute error (rows,)."""
Reread: TypeAlias = Callable[[], Iterator[Scaled]]


def fit_passes(reread: Reread, rows: int, features: int, *, intercept: bool = True) -> LinearFit:
    """The best affine function for one target.

    Args:
        reread: starts another pass over the usable rows.
        rows: how many there are.
        features: how many of the features enter, from the first on; 0 for the best constant.
        intercept: False for functions that vanish where all features are zero.

    Returns:
        The best line found, its error over all rows, and the proved lower bound.
    """
    most = max(KEPT_CELLS // (features + 2), 1)
    share = min(1.0, ROOM * most / rows) if rows > most else 1.0
    design, values, origin = _sample(reread, features, share, intercept=intercept)
    found = solve(design, values)
    if rows <= most:
        return as_fit(found, origin, rows, intercept=intercept)
    line = found.line
    best = Solution(line, np.inf, 0.0)
    for _ in range(MOST_PASSES):
        on_the_line = GAP * float((np.abs(values) + np.abs(design) @ np.abs(line)).max())
        radius = max(float(np.quantile(np.abs(values - design @ line), ROOM * most / rows)), on_the_line)
        upper, table = _one_pass(reread, origin, line, radius, most, intercept=intercept)
        reduced = solve(table[:, :-1], table[:, -1])
        if upper < best.value:
            best = Solution(line, upper, best.lower)
        best = Solution(best.line, best.value, max(best.lower, reduced.lower))
        if best.value - best.lower <= TIGHT * best.value:
            break
        line = reduced.line
    return as_fit(Solution(best.line, best.value, min(best.lower, best.value)), origin, rows, intercept=intercept)


def _sample(reread: Reread, features: int, share: float, *, intercept: bool) -> tuple[Array, Array, Array]:
    """Design, target and origin of a random share of the rows, chosen by a hash of where they stand; scaled."""
    below = np.uint64(min(int(share * 2**64), 2**64 - 1))
    parts, seen = [], 0
    for inputs, target, scale in reread():
        places = np.arange(seen, seen + len(target), dtype=np.float64)
        seen += len(target)
        chosen = hash_rows(places[:, None]) <= below
        parts.append((inputs[chosen, :features], target[chosen], scale[chosen]))
    kept, values, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
    origin = kept[0].copy()
    return factors[:, None] * affine_design(kept, origin, intercept=intercept), factors * values, origin


def _one_pass(
    reread: Reread, origin: Array, line: Array, radius: float, most: int, *, intercept: bool
) -> tuple[float, Array]:
    """The error of a line over all rows, and the design and target in which the rows far from it are added up."""
    upper, kept = 0.0, 0
    near: list[Array] = []
    sums = np.zeros((4, len(line) + 1))
    for inputs, target, scale in reread():
        design = affine_design(inputs[:, : len(origin)], origin, intercept=intercept)
        table = scale[:, None] * np.column_stack([design, target])
        residual = table[:, -1] - table[:, :-1] @ line
        upper += float(np.abs(residual).sum())
        close = np.abs(residual) <= radius
        chosen = np.zeros_like(close)
        chosen[np.flatnonzero(close)[: most - kept]] = True
        kept += int(chosen.sum())
        near.append(table[chosen])
        # Rows on the line itself may be more than are kept; added to the rows far above it they would pull it up.
        for group, members in enumerate((~close, close & ~chosen)):
            sums[2 * group] += table[members & (residual >= 0)].sum(axis=0)
            sums[2 * group + 1] += table[members & (residual < 0)].sum(axis=0)
    return upper, np.concatenate([*near, sums])
