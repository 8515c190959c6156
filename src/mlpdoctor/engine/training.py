"""Trains a saved network on for some updates: minibatches, gradients, the optimizer's own steps, constraints."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from mlpdoctor.core import random_state
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.engine.gradient import activity_penalties, loss_cotangents, penalised, readings
from mlpdoctor.engine.passes import MOST_CELLS, Engine, cells
from mlpdoctor.engine.tape import Cotangents
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.penalties import Regularizer, constraint
from mlpdoctor.nn.optimizers.rate import at_rate
from mlpdoctor.nn.optimizers.rule import build
from mlpdoctor.nn.optimizers.traits import Step, next_step
from mlpdoctor.statistics import views

BATCH = 32
"""Keras's default number of rows in a batch; the file does not remember the user's."""
MOST_UPDATES = 100
"""Enough for an ordinary rate to show, few enough for a few hundredths of a second in a small network."""
FEWEST_UPDATES = 10
MOST_PRODUCTS = 1 << 29
"""Multiplications there and back of all updates together, about a tenth of a second."""
LOOKS = 4
"""How often the loss is looked at on the way."""
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
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
        error: standard error of ``after - before`` as an estimate of that of all rows; 0 where these are all of them.
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
        usable: how many there are in the data.
        judged: other rows, on which the loss is looked at; None to look at those trained on.
    """

    engine: Engine
    heads: Heads
    optimizer: Optimizer
    rows: views.Rows
    usable: int
    judged: views.Rows | None = None

    def run(self, rate: float, times: int = 1) -> Trial | str:
        """Train on at one fixed rate; or say why the optimizer makes no step.

        Whatever schedule it had, the rate hardly changes within a hundred updates.

        Args:
            rate: the learning rate.
            times: how many times as many updates as a trial has.
        """
        loop = Updates(self.engine, self.heads, at_rate(self.optimizer, rate))
        updates = times * planned(self.engine)
        # A recorded pass keeps all that the layers make.
        most = min(MOST_SEEN, max(MOST_CELLS // cells(self.engine.network), 2 * BATCH))
        shown = (self.rows if self.judged is None else self.judged).at(slice(most))
        losses = [self._losses(self.engine, shown)]
        looks = {round(updates * look / LOOKS) for look in range(1, LOOKS + 1)}
        clipped: list[float] = []
        done = 0
        with np.errstate(all="ignore"):
            for done, part in zip(range(1, updates + 1), self._minibatches(), strict=False):
                step = loop.update(part)
                if isinstance(step, str):
                    if done == 1:
                        return step
                    losses.append(np.full(len(shown.features), np.nan))  # the gradient has overflown
                    break
                if step.clipped is not None:
                    clipped.append(step.clipped)
                if done in looks:
                    losses.append(self._losses(loop.engine, shown))
                    if not np.isfinite(losses[-1]).all():
                        break
            change = losses[-1] - losses[0]
            return Trial(
                rate=rate,
                path=tuple(float(values.mean()) for values in losses),
                error=float(change.std() * math.sqrt(max(1 / len(change) - 1 / self.usable, 0.0))),
                updates=done,
                batch=min(BATCH, len(self.rows.features)),
                rows=len(shown.features),
                moved=_moved(self.engine.weights, loop.engine.weights),
                clipped=tuple(clipped),
            )

    def unclipped(self) -> "Descent":
        """The same without any clipping of gradients."""
        options = {key: value for key, value in self.optimizer.options.items() if key not in CLIPPING}
        return replace(self, optimizer=replace(self.optimizer, options=options))

    def apart(self, share: float) -> "Descent":
        """The same with so many of the rows left out of the training, to look at the loss on."""
        kept = round(len(self.rows.features) * (1 - share))
        return replace(self, rows=self.rows.at(slice(kept)), judged=self.rows.at(slice(kept, None)))

    def _minibatches(self) -> Iterator[views.Rows]:
        rng = random_state.random(0)
        number = len(self.rows.features)
        while True:
            order = rng.permutation(number)
            # As in Keras the last batch of an epoch is smaller; one row alone would be noise.
            for start in range(0, max(number - BATCH // 2, 1), BATCH):
                yield self.rows.at(order[start : start + BATCH])

    def _losses(self, engine: Engine, rows: views.Rows) -> Array:
        """The loss of each row, all outputs together."""
        tape = engine.record(rows.features)
        seen = np.concatenate(readings(engine, self.heads, tape), axis=1)
        values = self.heads.values(rows.targets, seen) @ np.array([part.weight for part in self.heads.parts])
        total: Array = values if rows.weights is None else values * rows.weights
        return total


def planned(engine: Engine) -> int:
    """How many updates a network of that size can be given in about a tenth of a second."""
    return int(np.clip(MOST_PRODUCTS // (3 * BATCH * max(engine.products, 1)), FEWEST_UPDATES, MOST_UPDATES))


class Updates:
    """Makes one update after another, as ``Model.fit`` does; what no update changes is looked up once.

    Attributes:
        engine: the network after the last update.
        optimizer: with its slots after it.
    """

    def __init__(self, engine: Engine, heads: Heads, optimizer: Optimizer) -> None:
        """From a network as it is, with an optimizer as saved."""
        self.engine, self.optimizer = engine, optimizer
        self._heads, self._own, self._rule = heads, False, build(optimizer)
        self._penalties = [(key, own) for key, own in penalised(engine.network).items() if isinstance(own, Regularizer)]
        bounds = {
            (layer.name, name): constraint(layer, name) for layer in engine.network.layers for name in layer.weights
        }
        self._bounds = {key: bound for key, bound in bounds.items() if bound is not None}

    def update(self, rows: views.Rows, moved: Mapping[Key, Array] | None = None) -> Step | str:
        """One update by the gradient of some rows, in the arrays of the one before; or why the optimizer makes none.

        Args:
            rows: the batch.
            moved: weights that change by other means, such as the moving mean of BatchNormalization.
        """
        after = self.engine.weights
        step = next_step(self.optimizer, after, self._gradient(rows, after), spent=self._own, rule=self._rule)
        if isinstance(step, str):
            return step
        for key, change in step.updates.items():
            after[key] = np.add(after[key], change, out=after[key] if self._own else None)
        for key, bound in self._bounds.items():
            if key in after:
                after[key] = bound(after[key])
        if moved or self._bounds or not self._own:  # else its arrays have been written over, and it is as it should be
            self.engine = self.engine.at(after | dict(moved or {}))
        self._own, self.optimizer = True, step.optimizer
        return step

    def _gradient(self, rows: views.Rows, weights: Mapping[Key, Array]) -> dict[Key, Array]:
        """That of the mean loss of a batch together with the penalties: what the optimizer is handed."""
        tape = self.engine.record(rows.features)
        _, cotangents = loss_cotangents(self.engine, self._heads, rows, tape)
        active, _ = activity_penalties(self.engine.network, tape)
        after = dict(cotangents.after)
        for place, values in active.after.items():
            after[place] = after[place] + values if place in after else values
        found = dict(self.engine.pull(tape, Cotangents(cotangents.before, after)).weights)
        for key, values in found.items():  # a framework may have one array for two weights
            found[key] = np.divide(values, len(rows.features), out=values if values.flags.owndata else None)
        for key, own in self._penalties:
            penalty = own.gradient(weights[key]) if key in found else None
            if penalty is not None:
                found[key] += penalty
        return found


def _moved(before: Mapping[Key, Array], after: Mapping[Key, Array]) -> dict[str, float]:
    squares: dict[str, tuple[float, float]] = {}
    for key, values in before.items():
        moved, size = squares.get(key[0], (0.0, 0.0))
        distance = after[key] - values
        squares[key[0]] = moved + float(np.vdot(distance, distance)), size + float(np.vdot(values, values))
    return {name: math.sqrt(moved / size) if size > 0 else math.inf for name, (moved, size) in squares.items()}
