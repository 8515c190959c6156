"""Quick models of other kinds, cross-validated on the targets as they are and shuffled among the rows."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlpdoctor.analysis.floors.ridge import Ridge
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.second_opinion import Flags, folds
from mlpdoctor.statistics.rows import CLEAR

SHUFFLES, BOOSTED_SHUFFLES = 20, 2
"""Boosting learns each shuffle from scratch; the others take all shuffles at once."""
NEIGHBOURS = (5, 25)
"""Few for targets that change fast, many for faint ones."""


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
