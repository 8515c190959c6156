"""Quick models of other kinds, cross-validated on the targets as they are and shuffled among the rows."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core import random_state
from mlpdoctor.core.check import fact, of_data
from mlpdoctor.core.distinct import distinct, quantile
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.second_opinion import Flags, folds, standardised
from mlpdoctor.facts.ladder.swings import Ids, groups
from mlpdoctor.statistics.rows import CLEAR, RowSample

SHUFFLES, BOOSTED_SHUFFLES = 20, 2
"""Boosting learns each shuffle from scratch; the others take all shuffles at once."""
NEIGHBOURS = (5, 25)
"""Few for targets that change fast, many for faint ones."""
BOOSTED_COLUMNS = 2
"""Boosting learns column by column; of many targets or classes the two most varied will do."""
TAILS = (0.01, 0.99)
"""Targets are cut off at these quantiles, so that no handful of rows decides."""
RARE = 3.09
"""Standard deviations beyond which one of a thousand normal numbers lies: how rarely chance saves what counts."""
EACH = 3
"""Fewer rows an id do not tell one id from another."""
SEED = 20190114


@dataclass(frozen=True)
class Gain:
    """What a kind of model saves on unseen rows, as a share of the constant's squared error.

    Attributes:
        saved: against the constant.
        error: its standard error.
        chance: the most it saves on shuffled targets.
        beyond: what it saves against the line.
        beyond_error: its standard error.
    """

    saved: float
    error: float
    chance: float
    beyond: float
    beyond_error: float

    @property
    def found(self) -> bool:
        """Whether there is something to learn, beyond doubt by chance."""
        return self.saved > CLEAR * self.error and self.saved > self.chance

    @property
    def curved(self) -> bool:
        """Whether there is more to learn than a line, beyond doubt by chance."""
        return self.found and self.beyond > CLEAR * self.beyond_error


def gains(
    features: Array,
    grouped: Array | None,
    targets: Array,
    orders: list[Any],
    boosted: Any,  # noqa: ANN401  indices
    grow: Callable[[], Any],
    neighbours: Callable[..., Any],
) -> Mapping[str, Gain]:
    """Cross-validate every kind on the true targets and on all shuffles."""
    rows, width = targets.shape
    told = np.stack([targets[order] for order in orders])
    wide = np.moveaxis(told, 0, 1).reshape(rows, -1)
    ordered = features.shape[1] > 0
    flat, line, near = np.empty_like(wide), np.empty_like(wide), {k: np.empty_like(wide) for k in NEIGHBOURS}
    means = np.empty_like(wide)
    trees = np.full((1 + BOOSTED_SHUFFLES, rows, len(boosted)), np.nan)
    for seen, held in folds(rows):
        flat[held] = wide[seen].mean(axis=0)
        if grouped is not None:
            _by_ridge(grouped, wide, width, seen, held, means)
        if not ordered:
            continue
        _by_ridge(features, wide, width, seen, held, line)
        finder = neighbours(n_neighbors=max(NEIGHBOURS)).fit(features[seen])
        index = finder.kneighbors(features[held], return_distance=False)
        for few in NEIGHBOURS:
            near[few][held] = wide[seen][index[:, :few]].mean(axis=1)
        for shuffle in range(1 + BOOSTED_SHUFFLES):
            for place, column in enumerate(boosted):
                model = grow().fit(features[seen], told[shuffle][seen, column])
                trees[shuffle, held, place] = model.predict(features[held])
    many = len(orders)
    missed = {"flat": _squares(wide, flat, many), "line": _squares(wide, line if ordered else flat, many)}
    found = {} if grouped is None else {"groups": _gain(missed, _squares(wide, means, many))}
    if not ordered:
        return found
    found["line"] = _gain(missed, missed["line"])
    found |= {f"{few} neighbours": _gain(missed, _squares(wide, near[few], many)) for few in NEIGHBOURS}
    own = [told[shuffle][:, boosted] for shuffle in range(1 + BOOSTED_SHUFFLES)]
    grown = np.stack([np.square(truth - said).mean(axis=1) for truth, said in zip(own, trees, strict=True)])
    beside = {
        name: _squares(_of(wide, boosted, width), _of(said, boosted, width), many)[: 1 + BOOSTED_SHUFFLES]
        for name, said in (("flat", flat), ("line", line))
    }
    return {**found, "trees": _gain(beside, grown)}


def _by_ridge(design: Array, wide: Array, width: int, seen: Flags, held: Flags, said: Array) -> None:
    """Fit the true targets and the shuffled ones, each with a penalty of their own."""
    said[held, :width] = Ridge.fit(design[seen], wide[seen, :width]).predict(design[held])
    said[held, width:] = Ridge.fit(design[seen], wide[seen, width:]).predict(design[held])


def _of(wide: Array, columns: Any, width: int) -> Array:  # noqa: ANN401  indices
    """Some of the columns of each shuffle."""
    return wide.reshape(len(wide), -1, width)[:, :, columns].reshape(len(wide), -1)


def _squares(truth: Array, said: Array, shuffles: int) -> Array:
    """Squared errors of each row, mean over columns; shape (shuffles, rows)."""
    means: Array = np.square(truth - said).reshape(len(truth), shuffles, -1).mean(axis=2)
    return means.T


def _gain(missed: Mapping[str, Array], own: Array) -> Gain:
    saved, beyond = missed["flat"] - own, missed["line"][0] - own[0]
    means, root = saved.mean(axis=1), np.sqrt(own.shape[1])
    return Gain(
        saved=float(means[0]),
        error=float(saved[0].std() / root),
        chance=float(means[1:].max()),
        beyond=float(beyond.mean()),
        beyond_error=float(beyond.std() / root),
    )


@dataclass(eq=False)
class QuickModels:
    """The quick models, fitted once somebody asks for what they gain.

    Attributes:
        features: of the sampled rows.
        targets: all of them side by side.
        ids: the features that are names.
    """

    features: Array
    targets: Array
    ids: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many were sampled."""
        return len(self.features)

    @property
    def varied(self) -> bool:
        """Whether any target varies."""
        return bool(self.targets.std(axis=0).any())

    @property
    def few_of_each(self) -> bool:
        """Whether the rows of each id are too few to tell one from another."""
        return any(len(distinct(self.features[:, k])) * EACH > self.rows for k in self.ids)

    @cached_property
    def found(self) -> tuple[Mapping[str, Gain], bool]:
        """What each kind of model gains, and whether rows near in one column agree; needs scikit-learn."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.neighbors import NearestNeighbors
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        features = np.clip(standardised(np.delete(self.features, self.ids, axis=1)), -5.0, 5.0)
        grouped = groups(self.features, self.ids)
        targets = self.targets[:, self.targets.std(axis=0) > 0]
        boosted = np.argsort(-targets.std(axis=0), kind="stable")[:BOOSTED_COLUMNS]
        targets = standardised(targets)
        rng = random_state.random(SEED)
        orders = [np.arange(len(targets)), *(rng.permutation(len(targets)) for _ in range(SHUFFLES))]
        with threadpool_limits(limits=1):
            grow = lambda: HistGradientBoostingRegressor(  # noqa: E731
                max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=random_state.number(SEED)
            )
            gained = gains(features, grouped, targets, orders, boosted, grow, NearestNeighbors)
        return gained, _along(features, targets, rng)


@of_data
@fact
def quick_models(objective: Objective, sample: RowSample, ids: Ids) -> QuickModels:
    """Nothing is fitted yet."""
    few = sample.few
    return QuickModels(few.features, _targets(objective, few), ids.columns)


def _targets(objective: Objective, sample: RowSample) -> Array:
    """All targets side by side, without their tails."""
    columns = np.concatenate([head.targets(sample.targets) for head in objective.heads.heads], axis=1)
    low, high = (np.array([quantile(column, share) for column in columns.T]) for share in TAILS)
    cut = np.clip(columns, low, high)
    return np.where(cut.std(axis=0) > 0, cut, columns)


def _along(features: Array, targets: Array, rng: np.random.Generator) -> bool:
    """Whether what a line leaves is alike in rows that are next to each other along some column.

    That sees steps, remainders and fast waves of a single column, which neighbours in all columns together do not. Of
    rows in no order the mean square of the steps from one to the next is twice the variance, with a relative standard
    error of one over the root of their number (von Neumann, Distribution of the ratio of the mean square successive
    difference to the variance, 1941).
    """
    rows, width = features.shape
    design = np.column_stack([np.ones(rows), features])
    left = targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    shuffled = rng.permutation(rows)  # equal values are in no order then, whatever that of the file
    variances, tests = left.var(axis=0), width * targets.shape[1]
    if not tests or not variances.all():
        return False
    limit = np.sqrt(RARE**2 + 2 * np.log(tests))
    for column in features[shuffled].T:
        ordered = left[shuffled][np.argsort(column, kind="stable")]
        ratios = np.square(np.diff(ordered, axis=0)).mean(axis=0) / (2 * variances)
        if ((1 - ratios) * np.sqrt(rows) > limit).any():
            return True
    return False
