"""Trains a saved network on for some updates: minibatches, gradients, the optimizer's own steps, constraints."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlpdoctor import views
from mlpdoctor.backward import readings, slope
from mlpdoctor.heads import Heads
from mlpdoctor.layers.constraints import constraint
from mlpdoctor.layers.penalties import Unknown, weight_regularizers
from mlpdoctor.network import Array, Key, Network, Optimizer
from mlpdoctor.passes import Engine

BATCH = 32
"""Keras's default number of rows in a batch; the file does not remember the user's."""
MOST_UPDATES = 100
"""Enough for an ordinary rate to show, few enough for a few hundredths of a second in a small network."""
FEWEST_UPDATES = 10
MOST_PRODUCTS = 1 << 29
"""Multiplications there and back of all updates together, about a tenth of a second."""
LOOKS = 4
"""How often the loss is looked at on the way."""
MOST_SEEN = 1000
"""Rows on which it is looked at."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What some more updates did.

    All losses are means over the same rows of the sample, without penalties, as in training but without dropout:
    BatchNormalization works by the moments of these rows.

    Attributes:
        rate: the learning rate it was made with.
        path: the loss before, at even distances on the way, and after the last update; not finite once it blew up.
        error: standard error of ``after - before``, over the rows.
        updates: how many were made; fewer than planned where the loss blew up.
        batch: rows in each.
        rows: on how many the loss was looked at.
        moved: for each layer by name, the distance its weights went, relative to their size before.
        clipped: for each update the factor by which clipping shortened the gradient; empty without clipping.
    """

    rate: float
    path: tuple[float, ...]
    error: float
    updates: int
    batch: int
    rows: int
    moved: Mapping[str, float]
    clipped: tuple[float, ...]

    @property
    def before(self) -> float:
        """The loss of the saved weights."""
        return self.path[0]

    @property
    def after(self) -> float:
        """The loss after the last update."""
        return self.path[-1]

    @property
    def finite(self) -> bool:
        """Whether the loss stayed a number."""
        return all(map(math.isfinite, self.path))

    @property
    def gain(self) -> float:
        """By how much the loss fell; minus infinity where it blew up."""
        return self.before - self.after if self.finite else -math.inf

    @property
    def least_gain(self) -> float:
        """By how much it fell at least: two standard errors less than it seemed, and measured from what it swung to."""
        settled = max(self.path[-2:])
        return self.before - settled - 2 * self.error if self.finite else -math.inf


@dataclass(frozen=True, eq=False)
class Descent:
    """A network with all that is needed to train it on.

    Attributes:
        engine: works as in training.
        heads: the outputs with their losses.
        optimizer: as saved, with its slots.
        rows: the rows to train on.
    """

    engine: Engine
    heads: Heads
    optimizer: Optimizer
    rows: views.Rows

    def run(self, rate: float) -> Trial | str:
        """Train on at one rate; or say why the optimizer makes no step."""
        from mlpdoctor.optimizers.step import next_step

        engine, optimizer = self.engine, _at_rate(self.optimizer, rate)
        updates = planned(engine)
        shown = _rows(self.rows, np.arange(min(len(self.rows.features), MOST_SEEN)))
        losses = [self._losses(engine, shown)]
        looks = {round(updates * look / LOOKS) for look in range(1, LOOKS + 1)}
        clipped: list[float] = []
        done = 0
        with np.errstate(all="ignore"):
            for done, part in zip(range(1, updates + 1), self._minibatches(), strict=False):
                weights = engine.weights
                found, _, _ = slope(engine, self.heads, part)
                penalty = penalty_slopes(engine.network)
                total = {key: values / found.rows + penalty.get(key, 0.0) for key, values in found.weights.items()}
                step = next_step(optimizer, weights, total)
                if isinstance(step, str):
                    return step
                optimizer = step.optimizer
                if step.clipped is not None:
                    clipped.append(step.clipped)
                engine = engine.at(_constrained(engine.network, weights, step.updates))
                if done in looks:
                    losses.append(self._losses(engine, shown))
                    if not np.isfinite(losses[-1]).all():
                        break
            change = losses[-1] - losses[0]
            return Trial(
                rate=rate,
                path=tuple(float(values.mean()) for values in losses),
                error=float(change.std() / math.sqrt(len(change))),
                updates=done,
                batch=min(BATCH, len(self.rows.features)),
                rows=len(shown.features),
                moved=_moved(self.engine.weights, engine.weights),
                clipped=tuple(clipped),
            )

    def _minibatches(self) -> Iterator[views.Rows]:
        rng = np.random.default_rng(0)
        number = len(self.rows.features)
        while True:
            order = rng.permutation(number)
            # As in Keras the last batch of an epoch is smaller; one row alone would be noise.
            for start in range(0, max(number - BATCH // 2, 1), BATCH):
                yield _rows(self.rows, order[start : start + BATCH])

    def _losses(self, engine: Engine, rows: views.Rows) -> Array:
        """The loss of each row, all outputs together."""
        tape = engine.record(rows.features)
        seen = np.concatenate(readings(engine, self.heads, tape), axis=1)
        values = self.heads.values(rows.targets, seen) @ np.array([part.weight for part in self.heads.parts])
        total: Array = values if rows.weights is None else values * rows.weights
        return total


def planned(engine: Engine) -> int:
    """How many updates a network of that size can be given in about a tenth of a second."""
    size = sum(values.size for values in engine.weights.values())
    return int(np.clip(MOST_PRODUCTS // (3 * BATCH * max(size, 1)), FEWEST_UPDATES, MOST_UPDATES))


def penalty_slopes(network: Network) -> dict[Key, Array]:
    """The gradient of the penalties on single weights."""
    found: dict[Key, Array] = {}
    for layer in network.layers:
        for name, own in weight_regularizers(layer):
            if not isinstance(own, Unknown) and own.separable:
                values = np.asarray(layer.weights[name], np.float64)
                found[layer.name, name] = own.l1 * np.sign(values) + 2 * own.l2 * values
    return found


def _at_rate(optimizer: Optimizer, rate: float) -> Optimizer:
    """The optimizer with a fixed rate, whatever schedule it had: it hardly changes within a hundred updates."""
    options = {key: value for key, value in optimizer.options.items() if key not in ("lr", "decay")}
    return replace(optimizer, learning_rate=rate, options={**options, "learning_rate": rate})


def _constrained(network: Network, weights: Mapping[Key, Array], updates: Mapping[Key, Array]) -> dict[Key, Array]:
    moved = {key: values + updates[key] if key in updates else values for key, values in weights.items()}
    for layer in network.layers:
        for name in layer.weights:
            if (layer.name, name) in moved and (bound := constraint(layer, name)) is not None:
                moved[layer.name, name] = bound(moved[layer.name, name])
    return moved


def _moved(before: Mapping[Key, Array], after: Mapping[Key, Array]) -> dict[str, float]:
    squares: dict[str, tuple[float, float]] = {}
    for key, values in before.items():
        moved, size = squares.get(key[0], (0.0, 0.0))
        distance = after[key] - values
        squares[key[0]] = moved + float(np.vdot(distance, distance)), size + float(np.vdot(values, values))
    return {name: math.sqrt(moved / size) if size > 0 else math.inf for name, (moved, size) in squares.items()}


def _rows(rows: views.Rows, chosen: npt.NDArray[np.intp]) -> views.Rows:
    weights = None if rows.weights is None else rows.weights[chosen]
    return views.Rows(rows.features[chosen], rows.targets[chosen], rows.numbers[chosen], weights)
