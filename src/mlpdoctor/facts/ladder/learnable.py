"""Whether quick models of three other kinds find anything to learn; needs scikit-learn, which is an extra.

Ridge regression, the means of nearest neighbours and gradient-boosted trees predict each fifth of a sample of the rows
from the rest. The same is done with the targets shuffled among the rows, where nothing can be learned: what is gained
there is chance (Ojala and Garriga, Permutation tests for studying classifier performance, 2010). Classes are numbers
here, one column of 0 and 1 a class, and every column is measured by its own spread.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core import random_state
from mlpdoctor.core.fact import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.data_floors import NoiseEstimate
from mlpdoctor.facts.ladder.loss_position import GOOD, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion, standardised
from mlpdoctor.statistics.row_sample import RowSample

LEAST_ROWS = 100
"""Twenty rows a fold; with fewer no answer would be more than a guess."""
FOLDS = 5
CLEAR = 3.0
"""Standard errors that make a gain one: four kinds of model cry wolf on one data set in two hundred."""
SHUFFLES, BOOSTED_SHUFFLES = 20, 2
"""Boosting learns each shuffle anew; the others take all shuffles at once."""
NEIGHBOURS = (5, 25)
"""Few for targets that change fast, many for faint ones."""
BOOSTED_COLUMNS = 2
"""Boosting learns column by column; of many targets or classes the two most varied will do."""
TAILS = (0.01, 0.99)
"""Targets are cut off at these quantiles, so that no handful of rows decides."""
BEATEN = 0.9
"""A model below nine tenths of what is known to be reachable has learned what these quick models would look for."""
NO_LINE = 0.9
"""A line below nine tenths of the constant's loss is something to learn, if it is not fitted to chance."""
SEED = 20190114
INSTALL = 'scikit-learn is not installed: pip install "mlpdoctor[opinion]"'


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


@dataclass(frozen=True)
class Learnable:
    """What each kind of model gains: ``line``, ``neighbours``, ``trees``."""

    gains: Mapping[str, Gain]
    rows: int

    @property
    def nothing(self) -> bool:
        """Whether no kind of model found anything."""
        return not any(gain.found for gain in self.gains.values())

    @property
    def linear(self) -> bool:
        """Whether the line found something and nothing found more."""
        return self.gains["line"].found and not any(gain.curved for gain in self.gains.values())

    @property
    def unseen(self) -> float:
        """The share of the constant's squared error that a model would have to save to be found."""
        return CLEAR * min(gain.error for gain in self.gains.values())


@dear_fact("growing trees to see what is learnable")
def learnable(
    objective: Objective,
    sample: RowSample,
    position: LossPosition,
    opinion: SecondOpinion | None,
    noise: NoiseEstimate | None,
) -> Learnable | Absent:
    """Try the three kinds, but only where the ladder leaves a gap that nothing explains."""
    needless = _needless(position, opinion, noise)
    if needless is not None:
        return Absent(needless, applicable=False)
    sample = sample.few
    if len(sample.features) < LEAST_ROWS:
        return Absent(f"{len(sample.features)} rows are too few to tell whether there is anything to learn")
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.neighbors import NearestNeighbors
    except ImportError:
        return Absent(INSTALL)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    features = np.clip(standardised(sample.features), -5.0, 5.0)
    targets = _targets(objective, sample)
    targets = targets[:, targets.std(axis=0) > 0]
    if not targets.shape[1]:
        return Absent("the targets are constant", applicable=False)
    boosted = np.argsort(-targets.std(axis=0), kind="stable")[:BOOSTED_COLUMNS]
    targets = standardised(targets)
    rng = random_state.random(SEED)
    orders = [np.arange(len(targets)), *(rng.permutation(len(targets)) for _ in range(SHUFFLES))]
    with threadpool_limits(limits=1):
        grow = lambda: HistGradientBoostingRegressor(  # noqa: E731
            max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=random_state.number(SEED)
        )
        return Learnable(_gains(features, targets, orders, boosted, grow, NearestNeighbors), len(features))


def _needless(position: LossPosition, opinion: SecondOpinion | None, noise: NoiseEstimate | None) -> str | None:
    """Why there is nothing to look into, or None."""
    if opinion is not None and opinion.structure:
        return "a quick nonlinear fit shows that there is something to learn"
    if position.constant <= position.data or not np.isfinite(position.model):
        return "there is no loss to explain"
    if position.of_constant(position.model) < BEATEN * position.of_constant(position.reach):
        return "the model has learned more than quick models would find"
    if position.above_the_line and position.affine is not None and position.of_constant(position.affine) < NO_LINE:
        return "the best linear model shows that there is something to learn"
    if position.model - position.data <= GOOD * (position.constant - position.data):
        return "the loss is that of these data"
    if (
        noise is not None
        and position.of_constant(position.model) < NO_LINE
        and position.model <= noise.total + noise.error
    ):
        return "the loss is what is probably noise"
    return None


def _targets(objective: Objective, sample: RowSample) -> Array:
    """All targets side by side, without their tails."""
    columns = np.concatenate([head.targets(sample.targets) for head in objective.heads.heads], axis=1)
    low, high = np.quantile(columns, TAILS, axis=0)
    cut = np.clip(columns, low, high)
    return np.where(cut.std(axis=0) > 0, cut, columns)


def _gains(
    features: Array,
    targets: Array,
    orders: list[Any],
    boosted: Any,  # noqa: ANN401  indices
    grow: Callable[[], Any],
    neighbours: Callable[..., Any],
) -> Mapping[str, Gain]:
    """Cross-validate every kind on the true targets and on all shuffles."""
    rows, width = targets.shape
    fold = np.arange(rows) % FOLDS
    told = np.stack([targets[order] for order in orders])
    wide = np.moveaxis(told, 0, 1).reshape(rows, -1)
    flat, line, near = np.empty_like(wide), np.empty_like(wide), {k: np.empty_like(wide) for k in NEIGHBOURS}
    trees = np.full((1 + BOOSTED_SHUFFLES, rows, len(boosted)), np.nan)
    for k in range(FOLDS):
        seen, held = fold != k, fold == k
        flat[held] = wide[seen].mean(axis=0)
        line[held, :width] = Ridge.fit(features[seen], wide[seen, :width]).predict(features[held])
        line[held, width:] = Ridge.fit(features[seen], wide[seen, width:]).predict(features[held])
        finder = neighbours(n_neighbors=max(NEIGHBOURS)).fit(features[seen])
        index = finder.kneighbors(features[held], return_distance=False)
        for few in NEIGHBOURS:
            near[few][held] = wide[seen][index[:, :few]].mean(axis=1)
        for shuffle in range(1 + BOOSTED_SHUFFLES):
            for place, column in enumerate(boosted):
                model = grow().fit(features[seen], told[shuffle][seen, column])
                trees[shuffle, held, place] = model.predict(features[held])
    missed = {"flat": _squares(wide, flat, len(orders)), "line": _squares(wide, line, len(orders))}
    missed |= {f"{few} neighbours": _squares(wide, near[few], len(orders)) for few in NEIGHBOURS}
    found = {name: _gain(missed, missed[name]) for name in missed if name != "flat"}
    own = [told[shuffle][:, boosted] for shuffle in range(1 + BOOSTED_SHUFFLES)]
    grown = np.stack([np.square(truth - said).mean(axis=1) for truth, said in zip(own, trees, strict=True)])
    beside = {
        name: _squares(_of(wide, boosted, width), _of(said, boosted, width), len(orders))[: 1 + BOOSTED_SHUFFLES]
        for name, said in (("flat", flat), ("line", line))
    }
    return {**found, "trees": _gain(beside, grown)}


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
