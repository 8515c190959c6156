"""What weights drawn anew gain beside going on from those there are: no line that draws them leads untried."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Draws, Remedy
from mlpdoctor.core.network import Key, Network, Optimizer
from mlpdoctor.core.text import count, recompiled, short
from mlpdoctor.engine.training import Descent, Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import CurrentRate, FreshStart, Training
from mlpdoctor.facts.training.training_options import MOST_PLAIN, MOST_RESCALED
from mlpdoctor.facts.training.trial_updates import ADAM_RATE, Continuation, made
from mlpdoctor.nn.layers.graph import followers, units_of
from mlpdoctor.nn.layers.properties import activation_of, own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.nn.optimizers.traits import follows_gradient, kept_options, normalises_gradient

FEWEST_TIMES, MOST_TIMES = 5, 10
"""Trials are as long as the training was, within bounds, in short ones: a quarter of a second in small networks."""
AS_GOOD = 0.8
"""What changes less is taken where the best leaves four fifths of the loss that it does: a trial tells no finer."""
ENOUGH = 0.5
"""Once half of the loss is gone nothing else is tried."""
FACTORS = (10.0, 30.0)
"""On the rate that training started with: small networks often need far more than Keras's default."""
WIDER = 4
"""Times the units, where nothing gains at the present width."""
WORTH = 0.02
"""Where less than a fiftieth of the loss goes, nothing was gained that a longer trial might not turn round."""


@dataclass(frozen=True)
class Way:
    """One way to go on or to begin again; its text is read before what its updates did."""

    text: str
    code: str | None
    trial: Trial


@dataclass(frozen=True, eq=False)
class FreshOptions:
    """Ways out for who is told to draw weights anew; tried when somebody asks, on the same rows in the same order.

    Attributes:
        times: how many times as many updates as a short trial has; as many as the file says were made, within bounds.
    """

    times: int
    _network: Network
    continuation: Continuation
    _start: FreshStart
    _optimizer: Optimizer
    _rate: float
    _constant: float

    def tried(self, remedy: Remedy, draws: Draws) -> Remedy:
        """A remedy with what it gained in a trial; or another that gains as much and changes less, or far more."""
        if draws.units is not None and not self.widened(draws.layers[0], draws.units):
            return remedy
        on = self._on()
        fresh = Way(remedy.text, remedy.code, self.fresh(draws, draws.rate))
        ways = [on, fresh]
        more = self._others(remedy, draws)
        while (best := max(map(self._gained, ways))) < ENOUGH and (other := next(more, None)) is not None:
            ways.append(other)
        updates, drawn = count(fresh.trial.updates, "update"), _ended(fresh.trial)
        if best < WORTH:
            now = short(self.continuation.saved.before)
            text = f"{remedy.text} (in a trial {updates} from fresh weights led to a loss of {drawn}; now it is {now})"
            return Remedy(text, remedy.code)
        left = min(map(self._left, ways)) / AS_GOOD + WORTH * min(self.continuation.saved.before, self._constant)
        way = next(way for way in ways if self._left(way) <= left and self._gained(way) >= WORTH)
        if way is fresh:
            others = "" if on.trial.updates == fresh.trial.updates else f"{on.trial.updates:,} "
            beside = f"{others}from the present weights to {_ended(on.trial)}"
        else:
            beside = f"from fresh weights{'' if way is on else ' alone'} to {drawn}"
        updates = count(way.trial.updates, "update")
        return Remedy(f"{way.text}: in a trial {updates} led to a loss of {_ended(way.trial)}, {beside}", way.code)

    def _on(self) -> Way:
        """Going on as before; where four short trials' worth gains nothing that is as long as it goes."""
        way = Way("train on", "model.fit(x, y, epochs=10 * epochs)", self.continuation.longer())
        return way if self._gained(way) < WORTH else replace(way, trial=self.continuation.at(1, self.times))

    def _others(self, remedy: Remedy, draws: Draws) -> Iterator[Way]:
        plain = follows_gradient(self._optimizer)
        adam = recompiled("Adam", str(ADAM_RATE))
        if plain:
            yield Way("train on with Adam", adam, self.continuation.adam(self.times))
            yield Way(f"{remedy.text}, with Adam", _both(remedy, adam), self.fresh(draws, 1.0, adam=True))
        most = MOST_RESCALED if normalises_gradient(self._optimizer) else MOST_PLAIN
        for factor in FACTORS:
            rate = float(f"{factor * draws.rate * self._rate:.2g}")
            if 0 < rate <= most:
                text = f"{remedy.text}, at a learning rate of {rate:g}"
                yield Way(text, _both(remedy, self._at(rate)), self.fresh(draws, factor * draws.rate))
        yield from self._wider(draws, most)

    def _wider(self, draws: Draws, most: float) -> Iterator[Way]:
        """Four times the units in the layer that is drawn anew, or in the narrowest one where that is all of them."""
        hidden = [layer for layer in self._network.layers if followers(self._network, layer) is not None]
        named = [layer for layer in hidden if layer.name in draws.layers[:1]] if draws.layers else hidden
        layer = min(named, key=lambda layer: units_of(layer) or 0, default=None)
        if layer is None or draws.units is not None:
            return
        units = WIDER * (units_of(layer) or 0)
        if not self.widened(layer.name, units):
            return
        own = activation_of(layer)
        start = (
            draws.kernel if draws.layers else "he_uniform" if own is not None and own.rectified else "glorot_uniform"
        )
        wide = replace(draws, layers=(layer.name,), kernel=start, units=units)
        line = layer_code(layer, units, *own_activation(layer), f'kernel_initializer="{start}"')
        text = f"give {layer.short_name} {units} units in place of {units // WIDER} and train from fresh weights"
        for factor in (1.0, *FACTORS):
            rate = float(f"{factor * draws.rate * self._rate:.2g}")
            if 0 < rate <= most:
                at = "" if factor == 1 else f", at a learning rate of {rate:g}"
                code = line if factor == 1 else f"{line}; {self._at(rate)}"
                yield Way(f"{text}{at}", code, self.fresh(wide, factor * draws.rate))

    def fresh(self, draws: Draws, factor: float, *, adam: bool = False) -> Trial:
        """The trial from weights drawn anew."""
        named = {"kernel": draws.kernel, "bias": draws.bias}
        specs = {
            (layer, name): (layer in draws.layers and named.get(name)) or spec
            for (layer, name), spec in self._start.specs.items()
        }
        shapes = dict(self._start.shapes)
        if draws.units is not None:
            shapes |= self.widened(draws.layers[0], draws.units)
        there = self.continuation.descent
        descent: Descent = replace(
            there,
            engine=there.engine.at(replace(self._start, specs=specs, shapes=shapes).weights(0)),
            optimizer=Optimizer("Adam") if adam else replace(self._optimizer, iterations=0, slots={}),
        )
        return made(descent, ADAM_RATE if adam else self._rate * factor, self.times)

    def widened(self, name: str, units: int) -> dict[Key, tuple[int, ...]]:
        """The shapes of the weights that change where a layer gets so many units; none where that is not known."""
        layer = next(layer for layer in self._network.layers if layer.name == name)
        after, before = followers(self._network, layer), units_of(layer)
        if after is None or any(place.layer.weights for place in after.alike):
            return {}
        mixing = [place.layer for place in after.mixing]
        if any(np.shape(other.weights["kernel"])[0] != before for other in mixing):
            return {}
        own: dict[Key, tuple[int, ...]] = {
            (name, "kernel"): (np.shape(layer.weights["kernel"])[0], units),
            (name, "bias"): (units,),
        }
        own |= {(other.name, "kernel"): (units, np.shape(other.weights["kernel"])[1]) for other in mixing}
        there = {key for key in own if key[1] in (layer.weights if key[0] == name else {"kernel"})}
        return own if there <= set(self._start.specs) else {}  # frozen ones keep their shape

    def _at(self, rate: float) -> str:
        return recompiled(self._optimizer.name, f"{rate:g}", *kept_options(self._optimizer))

    def _gained(self, way: Way) -> float:
        """The share of the saved loss that is gone."""
        before = self.continuation.saved.before
        return (before - self._left(way)) / before if before > 0 else -math.inf

    def _left(self, way: Way) -> float:
        """The worse of the last two looks at the loss, and its error on top."""
        return max(way.trial.path[-2:]) + 2 * way.trial.error if way.trial.finite else math.inf


def _ended(trial: Trial) -> str:
    return short(trial.after) if trial.finite else "NaN"


def _both(remedy: Remedy, compiled: str) -> str | None:
    if remedy.code is None:
        return None
    line, mark, rest = remedy.code.partition("  #")
    return f"{line}; {compiled}{mark}{rest}"


@fact
def fresh_options(
    network: Network,
    continuation: Continuation,
    start: FreshStart,
    training: Training,
    current: CurrentRate,
    position: LossPosition,
) -> FreshOptions | Absent:
    """Nothing is tried yet."""
    if network.optimizer is None:
        return Absent("there is no optimizer to train with")
    short_one = max(continuation.saved.updates, 1)
    times = min(max(math.ceil((training.updates or 0) / short_one), FEWEST_TIMES), MOST_TIMES)
    return FreshOptions(times, network, continuation, start, network.optimizer, current.compiled, position.constant)
