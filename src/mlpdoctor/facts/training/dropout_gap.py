"""What each dropout layer drops, and what that adds to the loss that is minimised, at the saved weights."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mlpdoctor.core import random_state
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.engine.passes import flat
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.nn.layers.graph import adjustable, users
from mlpdoctor.nn.layers.properties import activation_of, dropped, family_of, rate_of
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.losses.registry import build
from mlpdoctor.statistics.rows import RowSample

DRAWS = 4
"""Masks for each row: rows and masks vary alike, and a couple of thousand rows already say it to a few percent."""
BLOCK = 256
FEWEST_ROWS = 256
MOST_PRODUCTS = 1 << 31
"""Multiplications in all passes, a third of a second: of large networks fewer rows are looked at."""
SEED = 20190114
MILD = 0.1
"""Rates up to here are nobody's suspects, and a pass is saved."""


@dataclass(frozen=True)
class DropoutGap:
    """Losses of the saved weights on a sample of the rows, with dropout as in training and without.

    Attributes:
        on: mean loss with dropout.
        off: mean loss without, on the same rows.
        error: standard error of ``on - off``.
        rows: rows in the sample.
    """

    on: float
    off: float
    error: float
    rows: int

    @property
    def gap(self) -> float:
        """What dropout adds to the loss."""
        return self.on - self.off

    def share(self, span: float) -> float | None:
        """What dropout adds, beside what the best constant loses; None where that is nothing."""
        return self.gap / span if math.isfinite(self.gap) and span > 0 else None

    @staticmethod
    def numbers(gap: "DropoutGap | None") -> dict[str, float | None]:
        """The losses, as a report has them; None for what is not known or no number."""
        read = (None, None, None) if gap is None else (gap.on, gap.off, gap.error)
        known = [value if value is not None and math.isfinite(value) else None for value in read]
        return dict(zip(("loss_with_dropout", "loss_without", "standard_error"), known, strict=True))


@fact
def dropout_gap(network: Network, objective: Objective, sample: RowSample) -> DropoutGap | Absent:
    """Run a sample of the rows through the network with new masks for each row."""
    if max(rate_of(layer) for layer in network.layers) <= MILD:
        return Absent("the model has no dropout to speak of", applicable=False)
    unknown = [layer.name for layer in network.layers if family_of(layer) is None]
    if unknown or None in network.input_widths:
        return Absent("the network cannot be run with dropout")
    rng, sample = random_state.random(SEED), sample.few
    network = _in_float64(network)
    size = sum(weight.size for layer in network.layers for weight in layer.weights.values())
    rows = min(len(sample.features), max(MOST_PRODUCTS // ((1 + DRAWS) * max(size, 1)), FEWEST_ROWS))
    on, off = [], []
    for start in range(0, rows, BLOCK):
        part = slice(start, min(start + BLOCK, rows))
        features, targets = sample.features[part], sample.targets[part]
        weights = np.ones(len(features)) if sample.weights is None else sample.weights[part]
        off.append(weights * _losses(network, objective, features, targets, None))
        drawn = [_losses(network, objective, features, targets, rng) for _ in range(DRAWS)]
        on.append(weights * np.mean(drawn, axis=0))
    with_it, without = np.concatenate(on), np.concatenate(off)
    return DropoutGap(
        on=float(with_it.mean()),
        off=float(without.mean()),
        error=float((with_it - without).std() / np.sqrt(len(without))),
        rows=len(without),
    )


def _in_float64(network: Network) -> Network:
    """The same network with its weights converted once, not in each of many passes."""
    return network.with_layers(
        lambda layer: replace(layer, weights={n: np.asarray(w, dtype=np.float64) for n, w in layer.weights.items()})
    )


def _losses(
    network: Network, objective: Objective, features: Array, targets: Array, rng: np.random.Generator | None
) -> Array:
    """The total loss of each row; with dropout where a source of random numbers is given."""
    before: dict[int, Array] = {}
    after = dict(zip(network.inputs, _split(network, features), strict=True))
    with np.errstate(all="ignore"):
        for position, node in enumerate(network.nodes):
            family = family_of(node.layer)
            if family is None or position in network.inputs:
                continue
            inputs = [after[source] for source in node.sources]
            if rng is not None and rate_of(node.layer) > 0:
                inputs = [dropped(node.layer, inputs[0], rng)]
            before[position] = family.forward(node.layer, inputs)
            after[position] = family.activation(node.layer).function(before[position])
        heads = objective.heads
        read = [flat(before[h.node] if h.behind else after[network.outputs[h.output]]) for h in heads.heads]
        values = heads.values(targets, np.concatenate(read, axis=1))
        return np.asarray(values @ np.array([part.weight for part in heads.parts]))


def _split(network: Network, features: Array) -> list[Array]:
    ends = np.cumsum([width or 0 for width in network.input_widths])
    parts = np.split(features, ends[:-1], axis=1)
    shapes = [network.nodes[position].shape or () for position in network.inputs]
    return [part.reshape(len(part), *(side or 0 for side in shape)) for part, shape in zip(parts, shapes, strict=True)]


@dataclass(frozen=True)
class DropoutPlace:
    """One dropout layer, and what it drops.

    Attributes:
        layer: the layer.
        rate: the share of it.
        what: ``inputs``, ``hidden`` units, what enters a ``regression`` output, or the ``answer`` itself.
    """

    layer: Layer
    rate: float
    what: str


@dataclass(frozen=True)
class Dropout:
    """Every dropout layer in order."""

    places: tuple[DropoutPlace, ...]


@fact
def dropout(network: Network) -> Dropout:
    """Look at what comes before and behind each."""
    return Dropout(tuple(_places(network)))


def _places(network: Network) -> Iterator[DropoutPlace]:
    """Every dropout layer with what it drops."""
    following = users(network)
    regressions = _regressions(network)
    behind: list[bool] = []
    for position, node in enumerate(network.nodes):
        learned = any(behind[source] for source in node.sources)
        behind.append(learned or bool(adjustable(node.layer)))
        rate = rate_of(node.layer)
        if rate <= 0:
            continue
        next_ones, ends = _next(network, following, position)
        if ends:
            what = "answer"
        elif next_ones and next_ones <= regressions:
            what = "regression"
        else:
            what = "hidden" if learned else "inputs"
        if what == "answer" and not learned:
            continue
        yield DropoutPlace(node.layer, rate, what)


def _next(network: Network, following: Sequence[Sequence[int]], position: int) -> tuple[set[int], bool]:
    """The nodes with weights that come next, and whether an output comes before any of them."""
    found: set[int] = set()
    todo, ends = [position], False
    while todo:
        here = todo.pop()
        ends |= here in network.outputs
        for user in following[here]:
            if adjustable(network.nodes[user].layer):
                found.add(user)
            else:
                todo.append(user)
    return found, ends


def _regressions(network: Network) -> set[int]:
    """The last layers of the outputs that answer amounts: linear ones whose loss takes any numbers."""
    found = set()
    for output, config in zip(network.outputs, network.losses, strict=True):
        node = network.nodes[output]
        loss = None if config is None else build(config, node.layer.keras)
        activation = activation_of(node.layer)
        if loss is not None and loss.targets is TargetKind.REAL and activation is not None and activation.affine:
            found.add(output)
    return found
