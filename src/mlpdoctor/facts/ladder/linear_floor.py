"""The best affine predictor of the features, and the best constant, for the network's own loss."""

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.analysis.floors.least_squares import LinearFit, one_answer
from mlpdoctor.core.check import Absent, fact, of_data
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.nn.heads import Part
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.errors import AbsoluteLoss
from mlpdoctor.statistics.affine_factor import AffineFactor, TargetFactor

if TYPE_CHECKING:
    from mlpdoctor.analysis.floors.convex import Reread

COPY = 1e-6
"""A map this close to one that hands the features on as they are is an autoencoder's task."""


@dataclass(frozen=True)
class LinearFloor:
    """The best affine predictor for each part of the loss.

    Attributes:
        fits: one a part.
        parts: the parts, in the same order.
        model: what such a predictor is called: ``best straight line``.
    """

    fits: tuple[LinearFit, ...]
    parts: tuple[Part, ...]
    model: str

    @property
    def lower(self) -> float:
        """The proved lower end of the interval that holds its loss: what a model below the line is compared with."""
        return sum(part.weight * fit.lower for part, fit in zip(self.parts, self.fits, strict=True))

    @property
    def plain(self) -> str:
        """What fitting it is called: ``logistic regression``; ``linear regression`` for a line without such a name."""
        name = self.model.removeprefix("best ")
        return name if name.endswith("regression") else "linear regression"

    @property
    def copies(self) -> bool:
        """Whether the targets are the features themselves, one each."""
        if not all(fit.coefficients for fit in self.fits):
            return False
        slopes = np.array([fit.slopes for fit in self.fits])
        if slopes.shape[0] != slopes.shape[1]:
            return False
        picks = np.abs(slopes) > COPY
        ones = bool((picks.sum(axis=1) == 1).all() and np.allclose(slopes[picks], 1.0, atol=COPY))
        return ones and all(abs(fit.intercept) <= COPY for fit in self.fits)

    @property
    def logistic(self) -> bool:
        """Whether the linear model is about classes, and sure of rows it has seen far beyond what it is of others.

        Logistic regression without a penalty drives its loss to zero wherever a plane nearly tells the classes apart.
        """
        return any(isinstance(part.loss, ConvexLoss) and part.loss.link == "logit" for part in self.parts)


@dataclass(frozen=True)
class ConstantFloor:
    """The best constant for each part of the loss.

    Attributes:
        fits: one a part; without coefficients where the best constant itself is not worked out.
        answers: the constants, as the network would have to answer them; empty where not worked out.
    """

    fits: tuple[LinearFit, ...]
    answers: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class LinearFits:
    """The best affine predictors, one a part of the loss."""

    fits: tuple[LinearFit, ...]


@fact
def linear_floor(objective: Objective, factor: TargetFactor, found: LinearFits) -> LinearFloor:
    """The fits beside the parts of this network's outputs."""
    return LinearFloor(found.fits, objective.parts, _name(objective, factor.features))


@of_data
@fact
def linear_fits(
    objective: Objective, factor: TargetFactor, constant: ConstantFloor, perfect: Perfection
) -> LinearFits | Absent:
    """Least squares from the one pass; other losses in passes of their own."""
    for part in objective.parts:
        if part.loss.linear is None:
            return Absent(f"{part.loss.label} is not convex in an affine predictor, so the best one cannot be proved")
    fits = []
    for k, part in enumerate(objective.parts):
        found = affine_fit(objective, part, factor, lowest=perfect.per_part[k])
        flat = constant.fits[k]
        # A constant is a line, too: where rounding or a search cut short leaves the line found above it, it is better.
        if flat.value < found.value:
            level = tuple((starts[0], *(0.0,) * factor.features) for starts in flat.coefficients)
            found = LinearFit(flat.value, min(found.lower, flat.value), level, flat.attained)
        fits.append(found)
    return LinearFits(tuple(fits))


@of_data
@fact
def constant_floor(objective: Objective, factor: TargetFactor, perfect: Perfection) -> ConstantFloor | Absent:
    """The mean with its variance, the median with its mean deviation, base rates with their entropy."""
    fits, answers = [], []
    for k, part in enumerate(objective.parts):
        if part.loss.linear is None:
            alone = one_answer(partial(objective.judged, part), part.loss, objective.rows)
            if alone is None:
                return Absent(f"{objective.rows:,} rows are too many to find the best constant for {part.loss.label}")
            fits.append(alone)
            continue
        found = affine_fit(objective, part, factor, features=0, lowest=perfect.per_part[k])
        fits.append(found)
        starts = np.array([[row[0] for row in found.coefficients]])
        answers.append(tuple(float(value) for value in _answer(part, starts)[0]))
    return ConstantFloor(tuple(fits), tuple(answers) if len(answers) == len(fits) else ())


def affine_fit(
    objective: Objective,
    part: Part,
    factor: AffineFactor,
    *,
    lowest: float,
    features: int | None = None,
    intercept: bool = True,
) -> LinearFit:
    """The best affine predictor of the features for one part; for the arguments see `problem_fit`."""
    return problem_fit(
        lambda: objective.judged(part),
        part,
        factor,
        objective.rows,
        lowest=lowest,
        features=features,
        intercept=intercept,
    )


def problem_fit(
    reread: "Reread",
    part: Part,
    factor: AffineFactor,
    rows: int,
    *,
    lowest: float,
    features: int | None = None,
    intercept: bool = True,
) -> LinearFit:
    """The best affine predictor of any columns for one part of the loss.

    Args:
        reread: starts another pass over columns, the part's encoded targets, and weights.
        part: of a loss that has an affine problem.
        factor: of the columns and the targets, whose target columns are those of the data.
        rows: how many there are.
        lowest: mean loss of a perfect answer to every row.
        features: 0 for the best constant, None for all columns.
        intercept: False for predictors that vanish where all columns do.
    """
    loss, width = part.loss, factor.features if features is None else features
    if loss.linear == "squares":
        return _squares(factor, width == 0, intercept)[part.head.column_of(part.unit or 0)]
    if isinstance(loss, AbsoluteLoss):
        from mlpdoctor.analysis.floors.least_absolute_passes import fit_passes

        scaled = lambda: ((x, y[:, 0], w * loss.scale(y)[:, 0]) for x, y, w in reread())  # noqa: E731
        return fit_passes(scaled, rows, width, intercept=intercept)
    if not isinstance(loss, ConvexLoss):
        raise TypeError(f"{loss.label} has no affine problem")
    from mlpdoctor.analysis.floors import convex

    triangle = factor.triangle[:, : 1 + width] if intercept else factor.uncentred[:, 1 : 1 + width]
    origin = factor.origin[:width]
    return convex.fit(
        reread,
        loss,
        rows,
        width,
        triangle=triangle,
        origin=origin,
        lowest=lowest,
        intercept=intercept,
    )


@lru_cache(maxsize=4)
def _squares(
    factor: AffineFactor,
    constant: bool,  # noqa: FBT001
    intercept: bool,  # noqa: FBT001
) -> tuple[LinearFit, ...]:
    """Least squares for all target columns at once."""
    return least_squares.constant(factor) if constant else least_squares.fit(factor, intercept=intercept)


def _answer(part: Part, z: Array) -> Array:
    loss = part.loss
    if not isinstance(loss, ConvexLoss):
        return z
    return loss.answer(np.concatenate([z, np.zeros((1, 1))], axis=1) if loss.reference else z)


def _name(objective: Objective, features: int) -> str:
    names = {part.loss.model if isinstance(part.loss, ConvexLoss) else "" for part in objective.parts}
    if len(names) == 1 and (name := names.pop()):
        return name
    return {1: "best straight line", 2: "best plane"}.get(features, "best linear fit")
